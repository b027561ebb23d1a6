/* SPDX-License-Identifier: MIT */
/*
 * filter.c - rulesets through libnftables, connection tracking through libmnl (only here).
 *
 * Both speak to the network namespace in which they were opened, so everything here enters a
 * node, opens, asks, closes, and goes back.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
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
	struct nlmsghdr *h;
	struct nfgenmsg *nf;

	h = mnl_nlmsg_put_header(d->buf);
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

/* ---- connection tracking ---- */

struct tuple {
	struct inet_addr src, dst;
	uint8_t proto;
	uint16_t sport, dport;      /* UDP, TCP, ... */
	uint8_t type, code;         /* ICMP */
	uint16_t id;
	uint64_t packets, bytes;
};

struct entry {
	uint32_t id;                /* the kernel's name for it */
	uint32_t left_s;            /* seconds that it has, rounded down */
	uint32_t status;
	uint8_t tcp_state;
	struct tuple dir[2];        /* original, reply */
	uint8_t key[128];           /* CTA_TUPLE_ORIG as it came: names the entry to the kernel */
	uint16_t key_len;
};

/* What was left of an entry when it was last aged: the kernel keeps whole seconds only. */
struct left {
	uint32_t id;
	uint64_t packets;
	usec left;
};

struct conntrack {
	struct door door;
	struct entry *entry;        /* the last dump */
	size_t n, cap;
	bool too_many;              /* out of memory while dumping */
	struct left *left;          /* sorted by id */
	size_t n_left;
};

void filter_count_entries(void)
{
	FILE *f = fopen("/proc/sys/net/netfilter/nf_conntrack_acct", "we");

	if (!f)
		return;
	fputs("1", f);
	fclose(f);
}

/* One network namespace's table, opened when first asked for. */
static struct conntrack *conntrack_of(struct ground *g, unsigned node, struct err *e)
{
	struct conntrack *ct = g->node[node].ct;
	int rc;

	if (ct)
		return ct;
	ct = calloc(1, sizeof(*ct));
	if (!ct) {
		err_set(e, ERR_MACHINE, "out of memory");
		return NULL;
	}
	rc = ground_enter(g, (int)node, e);
	if (rc == 0) {
		rc = door_open(&ct->door, e);
		if (ground_enter(g, -1, rc < 0 ? NULL : e) < 0 && rc == 0) {
			mnl_socket_close(ct->door.nl);
			rc = -1;
		}
	}
	if (rc < 0) {
		free(ct);
		return NULL;
	}
	return g->node[node].ct = ct;
}

void conntrack_free(struct conntrack *ct)
{
	if (!ct)
		return;
	mnl_socket_close(ct->door.nl);
	free(ct->entry);
	free(ct->left);
	free(ct);
}

/* ---- reading a table ---- */

static uint16_t get_be16(const struct nlattr *a)
{
	return be16toh(mnl_attr_get_u16(a));
}

static int tuple_ip(const struct nlattr *a, void *arg)
{
	struct tuple *t = arg;
	size_t len = mnl_attr_get_payload_len(a);

	switch (mnl_attr_get_type(a)) {
	case CTA_IP_V4_SRC:
	case CTA_IP_V6_SRC:
		t->src = inet_from_bytes(mnl_attr_get_payload(a), len);
		break;
	case CTA_IP_V4_DST:
	case CTA_IP_V6_DST:
		t->dst = inet_from_bytes(mnl_attr_get_payload(a), len);
		break;
	}
	return MNL_CB_OK;
}

static int tuple_proto(const struct nlattr *a, void *arg)
{
	struct tuple *t = arg;

	switch (mnl_attr_get_type(a)) {
	case CTA_PROTO_NUM:
		t->proto = mnl_attr_get_u8(a);
		break;
	case CTA_PROTO_SRC_PORT:
		t->sport = get_be16(a);
		break;
	case CTA_PROTO_DST_PORT:
		t->dport = get_be16(a);
		break;
	case CTA_PROTO_ICMP_TYPE:
		t->type = mnl_attr_get_u8(a);
		break;
	case CTA_PROTO_ICMP_CODE:
		t->code = mnl_attr_get_u8(a);
		break;
	case CTA_PROTO_ICMP_ID:
		t->id = get_be16(a);
		break;
	}
	return MNL_CB_OK;
}

static int tuple_attr(const struct nlattr *a, void *arg)
{
	switch (mnl_attr_get_type(a)) {
	case CTA_TUPLE_IP:
		return mnl_attr_parse_nested(a, tuple_ip, arg);
	case CTA_TUPLE_PROTO:
		return mnl_attr_parse_nested(a, tuple_proto, arg);
	}
	return MNL_CB_OK;
}

static int counters_attr(const struct nlattr *a, void *arg)
{
	struct tuple *t = arg;

	if (mnl_attr_get_type(a) == CTA_COUNTERS_PACKETS)
		t->packets = be64toh(mnl_attr_get_u64(a));
	if (mnl_attr_get_type(a) == CTA_COUNTERS_BYTES)
		t->bytes = be64toh(mnl_attr_get_u64(a));
	return MNL_CB_OK;
}

static int tcp_attr(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == CTA_PROTOINFO_TCP_STATE)
		*(uint8_t *)arg = mnl_attr_get_u8(a);
	return MNL_CB_OK;
}

static int protoinfo_attr(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == CTA_PROTOINFO_TCP)
		return mnl_attr_parse_nested(a, tcp_attr, arg);
	return MNL_CB_OK;
}

static int entry_attr(const struct nlattr *a, void *arg)
{
	struct entry *en = arg;
	size_t len = mnl_attr_get_payload_len(a);

	switch (mnl_attr_get_type(a)) {
	case CTA_TUPLE_ORIG:
		if (len <= sizeof(en->key)) {
			memcpy(en->key, mnl_attr_get_payload(a), len);
			en->key_len = (uint16_t)len;
		}
		return mnl_attr_parse_nested(a, tuple_attr, &en->dir[0]);
	case CTA_TUPLE_REPLY:
		return mnl_attr_parse_nested(a, tuple_attr, &en->dir[1]);
	case CTA_COUNTERS_ORIG:
		return mnl_attr_parse_nested(a, counters_attr, &en->dir[0]);
	case CTA_COUNTERS_REPLY:
		return mnl_attr_parse_nested(a, counters_attr, &en->dir[1]);
	case CTA_PROTOINFO:
		return mnl_attr_parse_nested(a, protoinfo_attr, &en->tcp_state);
	case CTA_ID:
		en->id = be32toh(mnl_attr_get_u32(a));
		break;
	case CTA_TIMEOUT:
		en->left_s = be32toh(mnl_attr_get_u32(a));
		break;
	case CTA_STATUS:
		en->status = be32toh(mnl_attr_get_u32(a));
		break;
	}
	return MNL_CB_OK;
}

static int add_entry(const struct nlmsghdr *h, void *arg)
{
	struct conntrack *ct = arg;

	if (ct->n == ct->cap) {
		size_t cap = ct->cap ? 2 * ct->cap : 16;
		struct entry *more = realloc(ct->entry, cap * sizeof(*more));

		if (!more) {
			ct->too_many = true;
			return MNL_CB_OK;
		}
		ct->entry = more;
		ct->cap = cap;
	}
	ct->entry[ct->n] = (struct entry){0};
	if (mnl_attr_parse(h, sizeof(struct nfgenmsg), entry_attr, &ct->entry[ct->n]) < 0)
		return MNL_CB_ERROR;
	ct->n++;
	return MNL_CB_OK;
}

/* Tables are hashed with a number drawn at boot: sorted, two runs print the same. */
static int entry_order(const void *a, const void *b)
{
	const struct tuple *x = &((const struct entry *)a)->dir[0];
	const struct tuple *y = &((const struct entry *)b)->dir[0];
	int rc = x->proto - y->proto;

	if (rc == 0)
		rc = memcmp(&x->src, &y->src, sizeof(x->src));
	if (rc == 0)
		rc = memcmp(&x->dst, &y->dst, sizeof(x->dst));
	if (rc == 0)
		rc = x->sport - y->sport;
	if (rc == 0)
		rc = x->dport - y->dport;
	return rc ? rc : x->id - y->id;
}

static int dump(struct conntrack *ct, struct err *e)
{
	const struct nlmsghdr *h = request(&ct->door, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET,
					   NLM_F_DUMP, AF_INET);

	ct->n = 0;
	ct->too_many = false;
	if (converse(&ct->door, h, add_entry, ct) < 0)
		return err_sys(e, "connection tracking");
	if (ct->too_many)
		return err_set(e, ERR_MACHINE, "connection tracking: out of memory");
	qsort(ct->entry, ct->n, sizeof(*ct->entry), entry_order);
	return 0;
}

/* ---- printing it ---- */

static const char *proto_name(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ESP:
		return "esp";
	default:
		return "unknown";
	}
}

static const char *tcp_state_name(uint8_t state)
{
	static const char *const name[] = {
		"NONE",       "SYN_SENT", "SYN_RECV",  "ESTABLISHED", "FIN_WAIT",
		"CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",       "SYN_SENT2",
	};

	return state < ARRAY_LEN(name) ? name[state] : "UNKNOWN";
}

static void print_tuple(const struct tuple *t, FILE *f)
{
	fprintf(f, "src=%s dst=%s ", INET_ADDR(t->src), INET_ADDR(t->dst));
	switch (t->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		fprintf(f, "sport=%u dport=%u ", t->sport, t->dport);
		break;
	case IPPROTO_ICMP:
		fprintf(f, "type=%u code=%u id=%u ", t->type, t->code, t->id);
		break;
	}
	if (t->packets)
		fprintf(f, "packets=%llu bytes=%llu ", (unsigned long long)t->packets,
			(unsigned long long)t->bytes);
}

static void print_entry(const struct entry *en, FILE *f)
{
	uint8_t proto = en->dir[0].proto;

	fprintf(f, "%-8s %u %u ", proto_name(proto), proto, en->left_s);
	if (proto == IPPROTO_TCP)
		fprintf(f, "%s ", tcp_state_name(en->tcp_state));
	print_tuple(&en->dir[0], f);
	if (!(en->status & IPS_SEEN_REPLY))
		fputs("[UNREPLIED] ", f);
	print_tuple(&en->dir[1], f);
	if (en->status & IPS_ASSURED)
		fputs("[ASSURED] ", f);
	fputs("mark=0\n", f);
}

int ground_conntrack_text(struct ground *g, unsigned node, FILE *f, struct err *e)
{
	struct conntrack *ct = conntrack_of(g, node, e);

	if (!ct || dump(ct, e) < 0)
		return err_prefix(e, "%s", g->s->nodes[node].name);
	for (size_t i = 0; i < ct->n; i++)
		print_entry(&ct->entry[i], f);
	return 0;
}

/* ---- ageing ---- */

static int left_order(const void *a, const void *b)
{
	const struct left *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/*
 * What an entry has left. If it has not been used since it was last aged, our own account is the
 * finer one. If it has, it was given one of the kernel's whole timeouts a moment ago, and "119"
 * says that a tick of the kernel has passed since: the usual timeouts are multiples of 10 seconds.
 */
static usec left_of(const struct conntrack *ct, const struct entry *en, uint64_t packets)
{
	const struct left key = {.id = en->id};
	const struct left *known = NULL;

	if (ct->n_left)
		known = bsearch(&key, ct->left, ct->n_left, sizeof(key), left_order);
	/* A table that does not count packets shows a use by the time it gave. */
	if (known && (packets ? packets == known->packets : en->left_s * SEC <= known->left))
		return MIN(known->left, (usec)(en->left_s + 1) * SEC);
	return (usec)(en->left_s + (en->left_s % 10 == 9)) * SEC;
}

static int tell(struct conntrack *ct, const struct entry *en, unsigned type, uint32_t left_s)
{
	struct nlmsghdr *h =
		request(&ct->door, NFNL_SUBSYS_CTNETLINK, type, NLM_F_ACK, AF_INET);

	mnl_attr_put(h, CTA_TUPLE_ORIG | NLA_F_NESTED, en->key_len, en->key);
	if (type == IPCTNL_MSG_CT_NEW)
		mnl_attr_put_u32(h, CTA_TIMEOUT, htobe32(left_s));
	else
		mnl_attr_put_u32(h, CTA_ID, htobe32(en->id));
	/* Gone already is as good. */
	return converse(&ct->door, h, NULL, NULL) < 0 && errno != ENOENT ? -1 : 0;
}

static int age(struct conntrack *ct, usec d, struct err *e)
{
	struct left *left;
	size_t n = 0;

	if (dump(ct, e) < 0)
		return -1;
	left = calloc(ct->n + 1, sizeof(*left));
	if (!left)
		return err_set(e, ERR_MACHINE, "out of memory");
	for (size_t i = 0; i < ct->n; i++) {
		const struct entry *en = &ct->entry[i];
		uint64_t packets = en->dir[0].packets + en->dir[1].packets;
		usec rest = left_of(ct, en, packets) - d;
		uint32_t rest_s = rest > 0 ? (uint32_t)((rest + SEC - 1) / SEC) : 0;
		int rc = 0;

		if (rest_s == 0)
			rc = tell(ct, en, IPCTNL_MSG_CT_DELETE, 0);
		else if (rest_s != en->left_s)
			rc = tell(ct, en, IPCTNL_MSG_CT_NEW, rest_s);
		if (rc < 0) {
			free(left);
			return err_sys(e, "connection tracking: %s", proto_name(en->dir[0].proto));
		}
		if (rest_s > 0)
			left[n++] = (struct left){en->id, packets, rest};
	}
	qsort(left, n, sizeof(*left), left_order);
	free(ct->left);
	ct->left = left;
	ct->n_left = n;
	return 0;
}

int ground_conntrack_age(struct ground *g, usec d, struct err *e)
{
	assert(d >= 0);
	for (unsigned i = 0; i < g->s->n_nodes; i++) {
		struct conntrack *ct;

		if (!g->node[i].filters)
			continue; /* without rules nothing is tracked */
		ct = conntrack_of(g, i, e);
		if (!ct || age(ct, d, e) < 0)
			return err_prefix(e, "%s", g->s->nodes[i].name);
	}
	return 0;
}
