/* SPDX-License-Identifier: MIT */
/*
 * ctnetlink.c - netfilter's netlink through libmnl (only here): connection tracking, the elements
 * of a set, counters of drops. A socket speaks to the network namespace in which it was opened.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_compat.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/os/os_priv.h"

struct nfnl {
	struct mnl_socket *nl;
	uint32_t seq;
	char buf[16384]; /* a dump's page; mnl's own advice is 8 KiB */
};

static int nfnl_open(struct nfnl *d, struct err *e)
{
	d->seq = 1;
	d->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!d->nl)
		return err_sys(e, "netfilter netlink");
	if (mnl_socket_bind(d->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		err_sys(e, "netfilter netlink");
		mnl_socket_close(d->nl);
		d->nl = NULL;
		return -1;
	}
	return 0;
}

static struct nlmsghdr *request(struct nfnl *d, unsigned subsystem, unsigned type, unsigned flags,
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
static int converse(struct nfnl *d, const struct nlmsghdr *h, mnl_cb_t each, void *arg)
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

int ctnetlink_dropped(uint64_t *packets, struct err *e)
{
	struct nfnl d;
	struct nlmsghdr *h;
	int rc;

	*packets = 0;
	if (nfnl_open(&d, e) < 0)
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

/*
 * A dump of a table walks through the buckets of all tables of the machine, because the namespaces
 * share one hash: 9 ms, for one entry or for none. So the kernel is asked to tell of new entries,
 * and those told of are asked for one by one: 5 us each.
 */
struct conntrack {
	struct nfnl nfnl;
	struct mnl_socket *news;    /* tells of new entries */
	struct ct_entry *entry;        /* those that live, in order; new ones behind */
	size_t n, cap;
	bool too_many;              /* out of memory */
	struct ct_opening *open, *fresh; /* of the set `open`; those that are being read */
	size_t n_open, n_fresh, cap_fresh;
};

/* Entries of this namespace count their packets from now on, which is how ageing sees that one was
 * used. Machines that do not allow it lose up to a second there, so nothing is reported. */
static void count_packets(void)
{
	procfs_write("/proc/sys/net/netfilter/nf_conntrack_acct", "1");
}

static int listen_for_news(struct conntrack *ct, struct err *e)
{
	ct->news = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!ct->news || mnl_socket_bind(ct->news, NF_NETLINK_CONNTRACK_NEW, MNL_SOCKET_AUTOPID))
		return err_sys(e, "news of connection tracking");
	return 0;
}

struct conntrack *conntrack_open(struct err *e)
{
	struct conntrack *ct = calloc(1, sizeof(*ct));

	if (!ct) {
		err_set(e, ERR_MACHINE, "out of memory");
		return NULL;
	}
	if (nfnl_open(&ct->nfnl, e) < 0 || listen_for_news(ct, e) < 0) {
		conntrack_close(ct);
		return NULL;
	}
	count_packets();
	return ct;
}

void conntrack_close(struct conntrack *ct)
{
	if (!ct)
		return;
	if (ct->nfnl.nl)
		mnl_socket_close(ct->nfnl.nl);
	if (ct->news)
		mnl_socket_close(ct->news);
	free(ct->entry);
	free(ct->open);
	free(ct->fresh);
	free(ct);
}

/* ---- reading a table ---- */

/* What a message tells of an entry. Attributes are nested: a level is what stands within one. */
enum level { NONE, ENTRY, TUPLE, IP, PROTO, COUNTERS, INFO, TCP };

#define OF_ENTRY(member) offsetof(struct ct_entry, member)
#define OF_TUPLE(member) offsetof(struct ct_tuple, member)

static const struct field {
	uint8_t level, type; /* the attribute */
	uint8_t inner;	     /* the level within it; NONE: it is a value */
	uint8_t size;	     /* of a number, in bytes; 0: an address */
	uint16_t offset;     /* of the value, or of what stands within */
} fields[] = {
	{ENTRY, CTA_TUPLE_ORIG, TUPLE, 0, OF_ENTRY(dir[0])},
	{ENTRY, CTA_TUPLE_REPLY, TUPLE, 0, OF_ENTRY(dir[1])},
	{ENTRY, CTA_COUNTERS_ORIG, COUNTERS, 0, OF_ENTRY(dir[0])},
	{ENTRY, CTA_COUNTERS_REPLY, COUNTERS, 0, OF_ENTRY(dir[1])},
	{ENTRY, CTA_PROTOINFO, INFO, 0, OF_ENTRY(tcp_state)},
	{ENTRY, CTA_ID, NONE, 4, OF_ENTRY(id)},
	{ENTRY, CTA_TIMEOUT, NONE, 4, OF_ENTRY(left_s)},
	{ENTRY, CTA_STATUS, NONE, 4, OF_ENTRY(status)},
	{TUPLE, CTA_TUPLE_IP, IP, 0, 0},
	{TUPLE, CTA_TUPLE_PROTO, PROTO, 0, 0},
	{IP, CTA_IP_V4_SRC, NONE, 0, OF_TUPLE(src)},
	{IP, CTA_IP_V6_SRC, NONE, 0, OF_TUPLE(src)},
	{IP, CTA_IP_V4_DST, NONE, 0, OF_TUPLE(dst)},
	{IP, CTA_IP_V6_DST, NONE, 0, OF_TUPLE(dst)},
	{PROTO, CTA_PROTO_NUM, NONE, 1, OF_TUPLE(proto)},
	{PROTO, CTA_PROTO_SRC_PORT, NONE, 2, OF_TUPLE(sport)},
	{PROTO, CTA_PROTO_DST_PORT, NONE, 2, OF_TUPLE(dport)},
	{PROTO, CTA_PROTO_ICMP_TYPE, NONE, 1, OF_TUPLE(type)},
	{PROTO, CTA_PROTO_ICMP_CODE, NONE, 1, OF_TUPLE(code)},
	{PROTO, CTA_PROTO_ICMP_ID, NONE, 2, OF_TUPLE(id)},
	{COUNTERS, CTA_COUNTERS_PACKETS, NONE, 8, OF_TUPLE(packets)},
	{COUNTERS, CTA_COUNTERS_BYTES, NONE, 8, OF_TUPLE(bytes)},
	{INFO, CTA_PROTOINFO_TCP, TCP, 0, 0},
	{TCP, CTA_PROTOINFO_TCP_STATE, NONE, 1, 0},
};

struct place {
	uint8_t level;
	uint8_t *at; /* in a struct ct_entry */
};

static void put_value(uint8_t *at, const struct nlattr *a, size_t size)
{
	const void *value = mnl_attr_get_payload(a);
	size_t len = mnl_attr_get_payload_len(a);
	struct inet_addr addr;

	if (size == 0) {
		addr = inet_from_bytes(value, len);
		memcpy(at, &addr, sizeof(addr));
	} else if (size == len) {
#if __BYTE_ORDER == __LITTLE_ENDIAN
		for (size_t i = 0; i < size; i++)
			at[i] = ((const uint8_t *)value)[size - 1 - i];
#else
		memcpy(at, value, size);
#endif
	}
}

static void keep_key(struct ct_entry *en, const struct nlattr *a)
{
	size_t len = mnl_attr_get_payload_len(a);

	if (len > sizeof(en->key))
		return;
	memcpy(en->key, mnl_attr_get_payload(a), len);
	en->key_len = (uint16_t)len;
}

static int read_attr(const struct nlattr *a, void *arg)
{
	const struct place *p = arg;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const struct field *f = &fields[i];
		struct place within = {f->inner, p->at + f->offset};

		if (f->level != p->level || f->type != mnl_attr_get_type(a))
			continue;
		if (f->level == ENTRY && f->type == CTA_TUPLE_ORIG)
			keep_key((struct ct_entry *)(void *)p->at, a);
		if (f->inner)
			return mnl_attr_parse_nested(a, read_attr, &within);
		put_value(within.at, a, f->size);
	}
	return MNL_CB_OK;
}

static int read_entry(const struct nlmsghdr *h, void *arg)
{
	struct ct_entry *en = arg;
	struct place all = {ENTRY, (uint8_t *)en};
	int rc = mnl_attr_parse(h, sizeof(struct nfgenmsg), read_attr, &all);

	en->replied = en->status & IPS_SEEN_REPLY;
	en->assured = en->status & IPS_ASSURED;
	return rc;
}

static int add_entry(const struct nlmsghdr *h, void *arg)
{
	struct conntrack *ct = arg;

	if (ct->n == ct->cap) {
		size_t cap = ct->cap ? 2 * ct->cap : 16;
		struct ct_entry *more = realloc(ct->entry, cap * sizeof(*more));

		if (!more) {
			ct->too_many = true;
			return MNL_CB_OK;
		}
		ct->entry = more;
		ct->cap = cap;
	}
	ct->entry[ct->n] = (struct ct_entry){0};
	return read_entry(h, &ct->entry[ct->n++]);
}

static int tuple_order(const struct ct_tuple *x, const struct ct_tuple *y)
{
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

/* Sorted, two runs print the same. Of two records of one connection the aged one comes first. */
static int entry_order(const void *a, const void *b)
{
	const struct ct_entry *x = a, *y = b;
	int rc = tuple_order(&x->dir[0], &y->dir[0]);

	return rc ? rc : y->aged - x->aged;
}

/* More news than the socket held: what is known is not all, so everything is read. */
static int dump(struct conntrack *ct, struct err *e)
{
	const struct nlmsghdr *h = request(&ct->nfnl, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET,
					   NLM_F_DUMP, AF_INET);

	return converse(&ct->nfnl, h, add_entry, ct) < 0 ? err_sys(e, "dump") : 0;
}

static int hear_news(struct conntrack *ct, struct err *e)
{
	bool missed = false;
	ssize_t n;

	for (;;) {
		n = mnl_socket_recvfrom(ct->news, ct->nfnl.buf, sizeof(ct->nfnl.buf));
		if (n < 0 && errno == EAGAIN)
			return missed ? dump(ct, e) : 0;
		if (n < 0 && errno != ENOBUFS && errno != EINTR)
			return err_sys(e, "news");
		missed |= n < 0 && errno == ENOBUFS;
		if (n > 0 && mnl_cb_run(ct->nfnl.buf, (size_t)n, 0, 0, add_entry, ct) < 0)
			return err_sys(e, "news");
	}
}

/* Names an entry to the kernel. */
static struct nlmsghdr *entry_request(struct conntrack *ct, const struct ct_entry *en,
				      unsigned type)
{
	struct nlmsghdr *h = request(&ct->nfnl, NFNL_SUBSYS_CTNETLINK, type, NLM_F_ACK, AF_INET);

	mnl_attr_put(h, CTA_TUPLE_ORIG | NLA_F_NESTED, en->key_len, en->key);
	return h;
}

/* What has become of an entry: 1, or 0 if it is gone. */
static int look_again(struct conntrack *ct, struct ct_entry *en, struct err *e)
{
	struct ct_entry now = {0};

	if (converse(&ct->nfnl, entry_request(ct, en, IPCTNL_MSG_CT_GET), read_entry, &now) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "entry");
	if (now.id == en->id) {
		now.aged = en->aged;
		now.aged_left = en->aged_left;
		now.aged_packets = en->aged_packets;
	}
	*en = now;
	return 1;
}

int conntrack_read(struct conntrack *ct, struct ct_entry **v, size_t *n, struct err *e)
{
	size_t kept = 0;

	ct->too_many = false;
	if (hear_news(ct, e) < 0)
		return -1;
	if (ct->too_many)
		return err_set(e, ERR_MACHINE, "out of memory");
	if (ct->n)
		qsort(ct->entry, ct->n, sizeof(*ct->entry), entry_order);
	for (size_t i = 0; i < ct->n; i++) {
		struct ct_entry en = ct->entry[i];
		int rc;

		if (kept > 0 && tuple_order(&ct->entry[kept - 1].dir[0], &en.dir[0]) == 0)
			continue;
		rc = look_again(ct, &en, e);
		if (rc < 0)
			return -1;
		if (rc > 0)
			ct->entry[kept++] = en;
	}
	ct->n = kept;
	*v = ct->entry;
	*n = ct->n;
	return 0;
}

int conntrack_keep(struct conntrack *ct, const struct ct_entry *en, uint32_t left_s, struct err *e)
{
	struct nlmsghdr *h =
		entry_request(ct, en, left_s ? IPCTNL_MSG_CT_NEW : IPCTNL_MSG_CT_DELETE);

	if (left_s)
		mnl_attr_put_u32(h, CTA_TIMEOUT, htobe32(left_s));
	if (converse(&ct->nfnl, h, NULL, NULL) < 0 && errno != ENOENT)
		return err_sys(e, "entry");
	return 0;
}

/* ---- a set of openings ---- */

static int opening_counter(const struct nlattr *a, void *arg)
{
	struct ct_opening *o = arg;

	if (mnl_attr_get_type(a) == NFTA_COUNTER_PACKETS)
		o->packets = be64toh(mnl_attr_get_u64(a));
	return MNL_CB_OK;
}

static int opening_expr(const struct nlattr *a, void *arg)
{
	return mnl_attr_get_type(a) == NFTA_EXPR_DATA
		       ? mnl_attr_parse_nested(a, opening_counter, arg)
		       : MNL_CB_OK;
}

static int opening_key(const struct nlattr *a, void *arg)
{
	struct ct_opening *o = arg;
	size_t len = mnl_attr_get_payload_len(a);

	if (mnl_attr_get_type(a) == NFTA_DATA_VALUE && len <= sizeof(o->key)) {
		memcpy(o->key, mnl_attr_get_payload(a), len);
		o->key_len = len;
	}
	return MNL_CB_OK;
}

static int opening_attr(const struct nlattr *a, void *arg)
{
	switch (mnl_attr_get_type(a)) {
	case NFTA_SET_ELEM_KEY:
		return mnl_attr_parse_nested(a, opening_key, arg);
	case NFTA_SET_ELEM_EXPR:
		return mnl_attr_parse_nested(a, opening_expr, arg);
	}
	return MNL_CB_OK;
}

static int add_opening(const struct nlattr *a, void *arg)
{
	struct conntrack *ct = arg;

	if (ct->n_fresh == ct->cap_fresh) {
		size_t cap = ct->cap_fresh ? 2 * ct->cap_fresh : 16;
		struct ct_opening *more = realloc(ct->fresh, cap * sizeof(*more));

		if (!more) {
			ct->too_many = true;
			return MNL_CB_OK;
		}
		ct->fresh = more;
		ct->cap_fresh = cap;
	}
	ct->fresh[ct->n_fresh] = (struct ct_opening){0};
	return mnl_attr_parse_nested(a, opening_attr, &ct->fresh[ct->n_fresh++]);
}

static int openings_attr(const struct nlattr *a, void *arg)
{
	return mnl_attr_get_type(a) == NFTA_SET_ELEM_LIST_ELEMENTS
		       ? mnl_attr_parse_nested(a, add_opening, arg)
		       : MNL_CB_OK;
}

static int add_openings(const struct nlmsghdr *h, void *arg)
{
	return mnl_attr_parse(h, sizeof(struct nfgenmsg), openings_attr, arg);
}

static void take_over(struct conntrack *ct, struct ct_opening *o)
{
	for (size_t i = 0; i < ct->n_open; i++) {
		const struct ct_opening *old = &ct->open[i];

		if (old->key_len != o->key_len || memcmp(old->key, o->key, o->key_len) != 0)
			continue;
		o->aged = old->aged;
		o->aged_left = old->aged_left;
		o->aged_packets = old->aged_packets;
	}
}

int conntrack_read_open(struct conntrack *ct, struct ct_opening **v, size_t *n, struct err *e)
{
	struct nlmsghdr *h = request(&ct->nfnl, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETSETELEM,
				     NLM_F_DUMP, AF_INET);
	struct ct_opening *old = ct->open;

	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, "filter");
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, "open");
	ct->n_fresh = 0;
	ct->too_many = false;
	if (converse(&ct->nfnl, h, add_openings, ct) < 0)
		return err_sys(e, "set of openings");
	if (ct->too_many)
		return err_set(e, ERR_MACHINE, "out of memory");
	for (size_t i = 0; i < ct->n_fresh; i++)
		take_over(ct, &ct->fresh[i]);
	ct->open = ct->fresh;
	ct->n_open = ct->n_fresh;
	ct->fresh = NULL;
	ct->cap_fresh = 0;
	free(old);
	*v = ct->open;
	*n = ct->n_open;
	return 0;
}
