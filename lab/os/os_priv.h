/* SPDX-License-Identifier: MIT */
/*
 * os_priv.h - what the files of lab/os tell each other, above all how a plan becomes network
 * namespaces.
 *
 *	namespaces.c   fresh namespaces for a lab, or the reason why there are none
 *	netns_build.c  a plan's steps carried out
 *	netns_node.c   a node's namespace entered; sockets in it
 *	rtnetlink.c    libnl-3: links, addresses, routes, neighbours
 *	nft.c          libnftables: rulesets
 *	ctnetlink.c    libmnl: connection tracking, counters of drops
 *	conntrack.c    connection tracking printed, and aged when the clock jumps
 *	taps.c         AF_PACKET taps, a socket for each namespace
 *	relay.c        links with faults, whose frames the lab carries itself
 *	qemu_socket.c  links to a virtual machine, likewise
 *	counters.c     what taps and relays count
 *	in_flight.c    is anything still on its way?
 *
 * The order of use: namespaces_start(), and in the child netns_build(), netns_taps_open(), sockets,
 * netns_free(). A lab process has one network namespace of its own, in which only relays end, and
 * one per node, which exist as descriptors: nothing has a name anywhere, so nothing is left when
 * the process ends. A thread is in one of them at a time. To work in another it enters that, does
 * one thing, and goes back; sockets stay in the namespace in which they were made.
 */
#ifndef NATDLAB_OS_OS_PRIV_H
#define NATDLAB_OS_OS_PRIV_H

#include <netinet/in.h>
#include <sys/types.h>

#include "lab/base/err.h"
#include "lab/net/net.h"
#include "lab/plan/plan.h"
#include "lab/product/product.h"

struct netns;       /* a built plan */
struct taps;        /* taps.c */
struct relay;       /* relay.c: the lab's end of half a link */
struct qemu_socket; /* qemu_socket.c: where a virtual machine is plugged in */
struct rtnl;	    /* rtnetlink.c: a route netlink socket in one namespace */
struct conntrack;   /* ctnetlink.c: netfilter netlink sockets in one namespace */

/* What the taps counted on one interface: frames. */
struct flow {
	uint64_t sent, received;
	uint64_t relayed;    /* frames from here that a relay took off a link with faults ... */
	uint64_t injected;   /* ... and put onto its other half */
};

/* Two counts that come to balance: in_flight.c. */
struct balance {
	int64_t forgiven;    /* the difference that stands for nothing on its way */
	int64_t last;        /* the difference when last asked ... */
	usec since;          /* ... and since when, CLOCK_MONOTONIC */
};

/* How old a node's tracked connections are: conntrack.c. */
struct ct_age {
	usec owed;           /* jumps by which they were not cut yet */
	usec soonest;        /* what the first of them to end had left when they last were */
	uint64_t packets;    /* that had passed the node then */
	size_t n;            /* entries then */
};

struct netns_node {
	int ns;              /* descriptor of the namespace */
	bool forwards;       /* a STEP_FORWARD was applied */
	struct conntrack *ct;   /* of a node to which a STEP_NFT was applied; NULL: no rules */
	const struct nat_rules *rules; /* those of the plan, or what came in their place */
	struct ct_age age;
	uint64_t ip_in, ip_out; /* IPv4 packets that the taps counted */
	struct balance balance;
	int mib[2];          /* /proc/net/snmp and netstat in there, opened when first asked; -1 */
};

/* Interfaces or nodes whose counts have moved since they were last in balance: the few that are
 * looked at. */
struct moved {
	unsigned *v;
	size_t n;
	bool *in;            /* is it in v? */
};

struct netns {
	struct arena *arena;
	const struct scenario *s;
	int lab_ns;
	int low_fd;          /* below FD_SETSIZE, held for libnftables: nft.c */
	int stamps;          /* a socket that keeps the kernel stamping frames */
	struct netns_node *node; /* of s->n_nodes */
	struct taps *taps;   /* NULL until opened */
	struct flow *flow;         /* of s->n_ifaces */
	struct balance *balance;   /* of s->n_ifaces: frames from each */
	struct moved moved_ifaces, moved_nodes;
	size_t lost;               /* frames that taps dropped */
	struct relay *relay;       /* relay.c; of n_relays */
	size_t n_relays;
	struct qemu_socket *port; /* qemu_socket.c; of n_ports */
	size_t n_ports, next_port;
	int ports_epoll;           /* -1: there are none */
};

/* ---- sockaddr.c ---- */

struct sockaddr_in sockaddr_of(struct inet_ep ep); /* of an IPv4 address */
struct inet_ep ep_of(const struct sockaddr_in *sa);
/* Asks for a receive buffer of @size bytes: without rights over the network namespace the kernel
 * gives at most net.core.rmem_max. -1 with errno. */
int socket_set_buffer(int fd, int size);

/* ---- procfs.c ---- */

/* The text of a file in /proc, at most @cap - 1 bytes, into @buf, ended by NUL: its length, or -1
 * with errno. */
ssize_t procfs_read(const char *path, char *buf, size_t cap);
/* Writes a text in one write(), as the kernel wants it; -1 with errno. */
int procfs_write(const char *path, const char *text);

/* ---- netns_build.c ---- */

/* Carries a plan out, inside a child of namespaces_start(). NULL and @e on failure. */
struct netns *netns_build(struct arena *a, const struct plan *p, struct err *e) MUST_CHECK;
/* Closes every descriptor; the kernel takes the rest away in its own time. */
void netns_free(struct netns *g);

/* ---- netns_node.c ---- */

/* The interface at the other end of an interface's link. */
unsigned netns_other_end(const struct netns *g, unsigned iface);

/* Makes a socket in a node's namespace; -1 on failure. Non-blocking, close-on-exec. */
int netns_socket(struct netns *g, unsigned node, int family, int type, int protocol, struct err *e);
/* Enters a node's namespace with this thread (0) or goes back to the lab's (-1 as node). */
int netns_enter(struct netns *g, int node, struct err *e);

/* ---- rtnetlink.c: in the present namespace ---- */

struct rtnl *rtnl_open(struct err *e) MUST_CHECK;
void rtnl_close(struct rtnl *d);
int rtnl_fd(const struct rtnl *d);
int rtnl_loopback_up(struct rtnl *d, struct err *e) MUST_CHECK;
/* A veth pair, @a here and @b in @b_ns, both down and quiet on their way to be so: see
 * rtnl_quiet(). */
int rtnl_veth(struct rtnl *d, const struct iface *a, const struct iface *b, int b_ns,
	      struct err *e) MUST_CHECK;
/* No address made up by IPv6, no forwarding inherited from the host, whole checksums. */
int rtnl_quiet(struct rtnl *d, const struct iface *i, struct err *e) MUST_CHECK;
int rtnl_addr(struct rtnl *d, const struct iface *i, struct err *e) MUST_CHECK;
int rtnl_up(struct rtnl *d, const struct iface *i, struct err *e) MUST_CHECK;
int rtnl_forward(struct rtnl *d, const struct iface *i, struct err *e) MUST_CHECK;
/* @to, at the other end of @i, has its MAC address, for ever. */
int rtnl_neigh(struct rtnl *d, const struct iface *i, const struct iface *to,
	       struct err *e) MUST_CHECK;
int rtnl_route(struct rtnl *d, const struct route *r, uint32_t ifindex, struct err *e) MUST_CHECK;
/* Waits until the interface carries packets (operstate UP): a frame sent before is lost. */
int rtnl_wait_up(struct rtnl *d, const struct iface *i, struct err *e) MUST_CHECK;

/* ---- nft.c: in the present namespace, where no node is named ---- */

/* Runs nft commands in one transaction. -1 with nft's first words, ERR_MACHINE, in @e. */
int nft_run(struct netns *g, const char *commands, struct err *e) MUST_CHECK;
/* Takes a descriptor below FD_SETSIZE, which nft_run() needs, before others have taken all. -1:
 * there is none. */
int nft_take_descriptor(struct netns *g, struct err *e) MUST_CHECK;
/* The same for commands of which a part is a stranger's: in a child with a deadline and limited
 * memory. What does not end in time is ERR_FAILED. */
int nft_run_untrusted(const char *commands, struct err *e) MUST_CHECK;
/* nft_run() in a node. */
int netns_run_nft(struct netns *g, unsigned node, const char *commands, struct err *e) MUST_CHECK;
/* The ruleset of a node as the kernel prints it. */
int netns_ruleset_text(struct netns *g, unsigned node, FILE *f, struct err *e) MUST_CHECK;

/* ---- ctnetlink.c ---- */

struct ct_tuple {
	struct inet_addr src, dst;
	uint8_t proto;
	uint16_t sport, dport;      /* UDP, TCP, ... */
	uint8_t type, code;         /* ICMP */
	uint16_t id;
	uint64_t packets, bytes;
};

struct ct_entry {
	uint32_t id;                /* the kernel's name for it */
	uint32_t left_s;            /* seconds that it has, rounded down */
	uint32_t status;            /* the kernel's bits, of which these are two: */
	bool replied, assured;
	uint8_t tcp_state;
	struct ct_tuple dir[2];        /* original, reply */
	uint8_t key[128];           /* CTA_TUPLE_ORIG as it came: names the entry to the kernel */
	uint16_t key_len;
	/* When it was last aged: what was left, to the microsecond, and how far it was used. */
	bool aged;
	usec aged_left;
	uint64_t aged_packets;
};

/* An element of a NAPT's set `open` (nft_ruleset.c), which lets strangers in to a machine that
 * sent. */
#define CT_OPENING_KEY 12 /* its address, its port in four bytes, perhaps the stranger's address */
struct ct_opening {
	uint8_t key[CT_OPENING_KEY];
	size_t key_len;
	uint64_t packets;           /* by which it was made and used */
	/* As with entries: what it had left when it was last aged, and how far it was used. */
	bool aged;
	usec aged_left;
	uint64_t aged_packets;
};

/* Listens to the present namespace's connection tracking from now on. NULL on failure. */
struct conntrack *conntrack_open(struct err *e) MUST_CHECK;
/* NULL is allowed. */
void conntrack_close(struct conntrack *ct);

/* The table as it is now, in order of protocol and addresses: *@n entries in *@v, the table's own
 * until the next call. What conntrack.c notes in an entry stays as long as the entry lives. */
int conntrack_read(struct conntrack *ct, struct ct_entry **v, size_t *n, struct err *e) MUST_CHECK;
/* Gives an entry that many seconds; 0 removes it. One that has just gone is no error. */
int conntrack_keep(struct conntrack *ct, const struct ct_entry *en, uint32_t left_s,
		   struct err *e) MUST_CHECK;
/* The same for the set `open`: its elements as they are now, in no order. */
int conntrack_read_open(struct conntrack *ct, struct ct_opening **v, size_t *n,
			struct err *e) MUST_CHECK;
/* Packets counted by the named counters `dropped` of all tables of the present namespace. */
int ctnetlink_dropped(uint64_t *packets, struct err *e) MUST_CHECK;

/* ---- conntrack.c ---- */

/* The entries of a node's table as text, one a line, like `conntrack -L`. */
int netns_conntrack_text(struct netns *g, unsigned node, FILE *f, struct err *e) MUST_CHECK;
/* The clock is about to jump: cuts every entry's remaining time by @d, in every node that tracks,
 * or notes that it must where nothing has passed, as far as the last netns_taps_read() knows;
 * entries whose time ends are removed. */
int netns_conntrack_age(struct netns *g, usec d, struct err *e) MUST_CHECK;
/* Listens to a node's connection tracking, if that was not done yet. */
int netns_conntrack_begin(struct netns *g, unsigned node, struct err *e) MUST_CHECK;
/* Cuts what a node's table owes now, and if @forget removes its entries. */
int netns_conntrack_settle(struct netns *g, unsigned node, bool forget, struct err *e) MUST_CHECK;

/* ---- netns_rules.c ---- */

/* Loads other rules in place of a node's: net_ops.rules. */
int netns_rules_replace(struct netns *g, unsigned node, const struct nat_rules *rules, bool forget,
			struct err *e) MUST_CHECK;

/* ---- taps.c ---- */

/* One frame as a tap saw it, once per link: the sending end's copy, which exists also when the
 * frame is lost on the way. */
struct tap_frame {
	unsigned link;           /* index in the scenario */
	unsigned from_iface;     /* the sending end */
	uint64_t kernel_ns;      /* CLOCK_REALTIME when the kernel saw it: the order of frames */
	const uint8_t *data;     /* Ethernet; valid until the next call */
	size_t len;              /* of @data: at most 2048 bytes are kept */
	size_t wire_len;         /* as it was on the link */
};

/* Opens the taps: call before any packet flows. */
int netns_taps_open(struct netns *g, struct err *e) MUST_CHECK;
/* Reads all that is there, in the order in which it happened, and hands each frame over. */
void netns_taps_read(struct netns *g, void (*frame)(void *ctx, const struct tap_frame *f),
		     void *ctx);
/* A descriptor that polls as readable when a tap has something: what a lab that lives in real time
 * sleeps on. Do not read from it. */
int netns_taps_fd(const struct netns *g);
/* Frames lost by a tap (socket buffer full): 0, or the capture has holes and says so. */
size_t netns_taps_lost(struct netns *g);

/* Frames that were taken from the sockets and not handed over yet. */
size_t taps_kept(const struct netns *g);
/* Closes them, which takes the kernel about 12 ms. */
void taps_free(struct netns *g);

/* ---- counters.c ---- */

/* Room for all counts. */
void counters_prepare(struct netns *g);
/* Counts one more frame that the interface sent or received, that a relay took from it or put onto
 * the other half of its link; one more IPv4 packet that came into the node or left it. */
void counters_sent(struct netns *g, unsigned iface);
void counters_received(struct netns *g, unsigned iface);
void counters_relayed(struct netns *g, unsigned iface);
void counters_injected(struct netns *g, unsigned iface);
void counters_in(struct netns *g, unsigned node);
void counters_out(struct netns *g, unsigned node);

/* ---- in_flight.c ---- */

/* Both count what the last netns_taps_read() has seen. What stays outstanding for 200 ms of real
 * time with nothing new is taken for lost where nothing counts, and forgiven. */
/* Frames that left one end of a link and have not been seen at the other: 0 when nothing is in
 * flight on any link. */
size_t netns_in_flight(struct netns *g);
/* Packets that a forwarding node took in and neither sent on, nor kept, refused or dropped, as far
 * as its counters say. */
size_t netns_unaccounted(struct netns *g);

/* ---- relay.c ---- */

/*
 * A link with faults is two veth pairs that end in the lab's own namespace, where frames wait to be
 * carried over. Reads one frame that a node has sent onto such a link and hands it
 * over, with the interface that sent it; false when there is none.
 */
bool netns_relay_read(struct netns *g,
		      void (*frame)(void *ctx, unsigned iface, const uint8_t *data, size_t len),
		      void *ctx);
/* Gives a frame from @iface to the other end of its link, which may be a virtual machine. */
void netns_relay_send(struct netns *g, unsigned iface, const uint8_t *data, size_t len);
/* Room for the relays of every link with faults. */
void relays_prepare(struct netns *g);
/* Makes both halves of a link with faults, nodes' ends quiet, lab's ends up. @nodes: of
 * every node; @lab: of the lab's namespace. */
int relay_build(struct netns *g, unsigned link, struct rtnl *const *nodes, struct rtnl *lab,
		struct err *e) MUST_CHECK;
/* Opens the relays' sockets when all links are up: in the lab's namespace. */
int relays_open(struct netns *g, struct rtnl *lab, struct err *e) MUST_CHECK;
void relays_close(struct netns *g);

/* ---- qemu_socket.c ---- */

/* One frame that a virtual machine has sent, with the interface that it stands for; false when
 * there is none. Takes in connections that come and go. */
bool netns_qemu_read(struct netns *g,
		     void (*frame)(void *ctx, unsigned iface, const uint8_t *data, size_t len),
		     void *ctx);
/* Gives a frame to the machine that stands for @iface; false when there is no such port. */
bool netns_qemu_send(struct netns *g, unsigned iface, const uint8_t *data, size_t len);
/* A descriptor that polls as readable when a machine has something; -1 without any, or when one has
 * said so much lately that it has to wait. */
int netns_qemu_fd(const struct netns *g);
/* What is plugged in there, one change a call, in their order; the last again when all are told. */
enum vm_plug netns_qemu_plug(struct netns *g, unsigned iface);
/* The sockets for QEMU, one for each virtual machine. */
int qemu_sockets_open(struct netns *g, struct err *e) MUST_CHECK;
/* Closes and removes them. */
void qemu_sockets_close(struct netns *g);

/* ---- product_rootfs.c ---- */

/*
 * Moves this process, which must be about to exec(), into a mount namespace and a root of its own,
 * with @real/@p->folder over the system's programs and @p's files in place.
 */
int product_rootfs_enter(const char *real, const struct product_setup *p, struct err *e) MUST_CHECK;

#endif
