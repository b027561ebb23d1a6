/* SPDX-License-Identifier: MIT */
/*
 * filter.c - rulesets through libnftables, connection tracking through libmnl (only here).
 *
 * Both speak to the network namespace in which they were opened, so everything here enters a
 * node, opens, asks, closes, and goes back.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <libmnl/libmnl.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>

#include "lab/ground_priv.h"

/* ---- rulesets ---- */

static void free_nft(struct nft_ctx **c)
{
	if (*c)
		nft_ctx_free(*c);
}

#define NFT_AUTO CLEANUP(free_nft) struct nft_ctx

/* Runs nft commands; what nft prints is left in the context's buffer. */
static struct nft_ctx *run(const char *commands, struct err *e)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	const char *words;

	if (!nft || nft_ctx_buffer_output(nft) || nft_ctx_buffer_error(nft)) {
		err_set(e, ERR_MACHINE, "libnftables: out of memory");
		free_nft(&nft);
		return NULL;
	}
	if (nft_run_cmd_from_buffer(nft, commands) == 0)
		return nft;
	words = nft_ctx_get_error_buffer(nft);
	err_set(e, ERR_MACHINE, "%.*s", (int)strcspn(words, "\n"), words);
	nft_ctx_free(nft);
	return NULL;
}

int filter_load(const char *ruleset, struct err *e)
{
	NFT_AUTO *nft = run(ruleset, e);

	return nft ? 0 : -1;
}

int ground_ruleset_text(struct ground *g, unsigned node, FILE *f, struct err *e)
{
	NFT_AUTO *nft = NULL;

	if (ground_enter(g, (int)node, e) < 0)
		return -1;
	nft = run("list ruleset", e);
	if (nft)
		fputs(nft_ctx_get_output_buffer(nft), f);
	if (ground_enter(g, -1, nft ? e : NULL) < 0)
		return -1;
	return nft ? 0 : err_prefix(e, "%s: ruleset", g->s->nodes[node].name);
}

/* ---- netfilter's netlink ---- */

struct door {
	struct mnl_socket *nl;
	uint32_t seq;
	char buf[16384]; /* a dump's page; mnl's own advice is 8 KiB */
};

static int door_open(struct door *d, struct err *e)
{
	d->seq = 1;
	d->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!d->nl)
		return err_sys(e, "netfilter netlink");
	if (mnl_socket_bind(d->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		err_sys(e, "netfilter netlink");
		mnl_socket_close(d->nl);
		return -1;
	}
	return 0;
}

static struct nlmsghdr *request(struct door *d, unsigned subsystem, unsigned type, unsigned flags,
				uint8_t family)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(d->buf);
	struct nfgenmsg *nf;

	h->nlmsg_type = (uint16_t)(subsystem << 8 | type);
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = ++d->seq;
	nf = mnl_nlmsg_put_extra_header(h, sizeof(*nf));
	nf->nfgen_family = family;
	nf->version = NFNETLINK_V0;
	return h;
}

/* Sends, and hands every answer to @each; 0 when the kernel has said the last one. */
static int converse(struct door *d, const struct nlmsghdr *h, mnl_cb_t each, void *arg)
{
	unsigned port = mnl_socket_get_portid(d->nl);
	ssize_t n;
	int rc;

	if (mnl_socket_sendto(d->nl, h, h->nlmsg_len) < 0)
		return -1;
	do {
		n = mnl_socket_recvfrom(d->nl, d->buf, sizeof(d->buf));
		if (n < 0)
			return -1;
		rc = mnl_cb_run(d->buf, (size_t)n, d->seq, port, each, arg);
	} while (rc > MNL_CB_STOP);
	return rc < 0 ? -1 : 0;
}

/* ---- counters of drops ---- */

struct counter {
	bool is_dropped;
	uint64_t packets;
};

static int counter_value(const struct nlattr *a, void *arg)
{
	struct counter *c = arg;

	if (mnl_attr_get_type(a) == NFTA_COUNTER_PACKETS)
		c->packets = be64toh(mnl_attr_get_u64(a));
	return MNL_CB_OK;
}

static int counter_attr(const struct nlattr *a, void *arg)
{
	struct counter *c = arg;

	if (mnl_attr_get_type(a) == NFTA_OBJ_NAME)
		c->is_dropped = strcmp(mnl_attr_get_str(a), "dropped") == 0;
	if (mnl_attr_get_type(a) == NFTA_OBJ_DATA)
		return mnl_attr_parse_nested(a, counter_value, c);
	return MNL_CB_OK;
}

static int add_dropped(const struct nlmsghdr *h, void *arg)
{
	struct counter c = {0};
	uint64_t *sum = arg;

	if (mnl_attr_parse(h, sizeof(struct nfgenmsg), counter_attr, &c) < 0)
		return MNL_CB_ERROR;
	if (c.is_dropped)
		*sum += c.packets;
	return MNL_CB_OK;
}

int filter_dropped(uint64_t *packets, struct err *e)
{
	struct door d;
	struct nlmsghdr *h;
	int rc;

	*packets = 0;
	if (door_open(&d, e) < 0)
		return -1;
	h = request(&d, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETOBJ, NLM_F_DUMP, AF_UNSPEC);
	mnl_attr_put_u32(h, NFTA_OBJ_TYPE, htobe32(NFT_OBJECT_COUNTER));
	rc = converse(&d, h, add_dropped, packets);
	if (rc < 0)
		err_sys(e, "counters of drops");
	mnl_socket_close(d.nl);
	return rc;
}
