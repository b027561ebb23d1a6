/* SPDX-License-Identifier: MIT */
/*
 * topology.h - a topology file as read, and a scenario: the file with every matrix axis fixed.
 *
 * Pure, but for yaml.c, which holds libyaml and reads the file.
 *
 *	topology_load()  file -> struct topology, or all its mistakes at once
 *	scenario_count(), scenario_new()  one immutable scenario, addresses assigned
 *
 * Everything belongs to the arena that is handed in.
 */
#ifndef NATDLAB_TOPOLOGY_TOPOLOGY_H
#define NATDLAB_TOPOLOGY_TOPOLOGY_H

#include "lab/base/err.h"
#include "lab/base/inet.h"
#include "lab/base/mem.h"
#include "nodes/modes/mode.h"

struct topology; /* opaque: YAML tree with places, checked */

/* KIND_VM is a word of files only: such a node is of kind client or server, as its mode is, and
 * node.vm tells. */
enum kind {
	KIND_CLIENT, KIND_SERVER, KIND_ROUTER, KIND_NAPT, KIND_EIP, KIND_HOST, KIND_VM, KINDS,
};
const char *kind_name(enum kind k);

/* Interfaces of a scenario are numbered through; so are nodes and links. */
struct iface {
	const char *name;        /* "eth0" */
	const char *full;        /* "client:eth0" */
	unsigned node, link;
	unsigned peer;           /* the interface at the link's other end */
	struct inet_addr addr;
	uint8_t plen;
	uint8_t mac[6];          /* locally administered, from the number */
	uint32_t ifindex;        /* distinct over the whole scenario: kernel-costs, trap 3 */
};

/* What a bad link does to a frame, each with a probability in thousandths (faults.h). */
struct link_faults {
	uint16_t loss, duplicate, reorder;
	usec delay;              /* of every frame */
};

static inline bool link_is_faulty(const struct link_faults *f)
{
	return f->loss || f->duplicate || f->reorder || f->delay;
}

struct link {
	const char *name;        /* "client-home": the place of wire events; unique */
	struct link_faults faults;
	unsigned iface[2];
	struct inet_net subnet;
};

/* Elastic IP: one public address, one private. */
struct eip_map {
	struct inet_addr outside, inside;
	unsigned node;           /* whose address `inside` is */
};

/* One line of a stateful security group. */
struct allow {
	uint8_t proto;           /* 17 udp, 6 tcp, 1 icmp, 50 esp */
	uint16_t port_lo, port_hi; /* udp and tcp */
};

/* RFC 4787's words for what mappings (4.1) and filters (5) of a NAPT look at besides the inside
 * endpoint: nothing, the destination's address, its address and port. */
enum napt_depends { DEPENDS_NOT, DEPENDS_ADDRESS, DEPENDS_ADDRESS_AND_PORT };

/* A port of a NAPT's outside address that always belongs to one machine inside. */
struct forward {
	uint8_t proto;           /* 17 udp, 6 tcp */
	uint16_t port;           /* outside and inside */
	struct inet_addr to;
	unsigned node;           /* whose address that is */
};

enum napt_ports { NAPT_PRESERVE, NAPT_RANDOM, NAPT_RANGE };

/* A route of a node: to a network through a neighbour. */
struct route {
	struct inet_net to;
	struct inet_addr via;    /* len 0: on the link itself */
	unsigned iface;
};

/* What a node runs instead of our own client or server. */
enum product {
	PRODUCT_NONE,
	PRODUCT_STRONGSWAN,
	PRODUCT_LIBRESWAN,
	PRODUCT_SOFTETHER,
	PRODUCT_IKE_SCAN, /* a client that asks for message 2 and says what it makes of it */
	PRODUCT_PROBER,	  /* a client that misbehaves on purpose */
};

#define SOCKET_LEN_MAX 107 /* of node.socket: sun_path of unix(7), without the NUL */

struct node {
	const char *name;
	enum kind kind;
	unsigned *ifaces;        /* indexes into scenario.ifaces */
	size_t n_ifaces;
	unsigned outside;        /* napt, eip: an index into scenario.ifaces */
	bool plain;              /* nat: false made a router of it in this scenario */
	/* client, server */
	const struct client_mode *client;
	const struct server_mode *server;
	const char *mode_name;   /* as the file says; of a product, how it is called */
	enum product run;        /* then client or server is the mode that stands for it */
	bool forced;             /* ... that encapsulates always */
	bool listen_own;         /* ... that listens on its own address only */
	bool vm;                 /* a virtual machine is plugged in here (vm.h); client or server is
				    the mode that stands for it */
	const char *socket;      /* vm: the path at which the lab waits for it; NULL: NAME.sock */
	int registry;            /* -1 absent */
	struct inet_addr dials;  /* client; len 0: dials nobody */
	usec idle;               /* client: stays connected so long before it is asked; 0: no */
	int dials_node;          /* the node that `dials` names; -1: it names an address */
	const char *psk, *user, *password;
	struct inet_net pool;
	/* eip */
	struct eip_map *map;
	size_t n_map;
	/* stateful security group before the node; NULL none: everything passes */
	struct allow *allow;
	size_t n_allow;
	bool has_allow;
	/* napt */
	enum napt_ports ports;
	uint16_t port_lo, port_hi; /* NAPT_RANGE */
	enum napt_depends mapping, filtering;
	bool declared;           /* the file says how it maps, filters or hairpins: probed */
	bool hairpin;            /* machines inside reach each other by outside endpoints */
	usec timeout;            /* of UDP without traffic, whole seconds; 0: udp_timeout() */
	struct forward *forward;
	size_t n_forward;
	const char *nft;         /* extra rules as text, or NULL */
	struct route *routes;    /* computed */
	size_t n_routes;
};

/* One axis' value in this scenario. */
struct axis_value {
	const char *axis;        /* "server.mode" or "client" */
	const char *value;       /* "softether-4" or "registry-0" */
};

/* One entry of `expect:` that applies to this scenario. */
struct expectation {
	int line;                /* in the file */
	const char *outcome;     /* each NULL when not claimed */
	const char *reason, *server_hash, *peer_hash, *reached, *encapsulation;
	int error;               /* -1 not claimed */
	int floated;             /* -1 not claimed, 0, 1 */
	int alive;               /* the same */
	const char *client;      /* which client node; NULL: every one */
};

struct scenario {
	const char *id;          /* "softether-4/registry-0"; "-" without a matrix */
	const struct topology *topology;
	const char *topology_name;
	struct axis_value *axes;
	size_t n_axes;
	struct node *nodes;
	size_t n_nodes;
	struct link *links;
	size_t n_links;
	struct iface *ifaces;
	size_t n_ifaces;
	struct expectation *expects;
	size_t n_expects;
};

/* --set NODE.KEY=VALUE */
struct setting {
	const char *node, *key, *value;
};

/*
 * Reads and checks a file, "-" for standard input. On mistakes: NULL, and @out (an array of
 * lines, already in INTERFACE's form with source line and caret) is written to @mistakes, which
 * the caller prints; at most 50 are listed and the rest is counted. @e is filled when the file
 * could not be read at all.
 */
struct topology *topology_load(struct arena *a, const char *path, const struct setting *set,
			       size_t n_set, char **mistakes, struct err *e);

/* The same for bytes in memory, which must live as long as @a. @name: what mistakes call it. */
struct topology *topology_load_buffer(struct arena *a, const char *name, const void *data,
				      size_t len, const struct setting *set, size_t n_set,
				      char **mistakes);

const char *topology_name(const struct topology *t);
const char *topology_title(const struct topology *t);
const char *topology_question(const struct topology *t); /* NULL if none */
const char *topology_path(const struct topology *t);
/* Names of the axes, in order. */
size_t topology_axes(const struct topology *t, const char *const **names);

/* Does this axis change clients and nothing else? */
bool topology_axis_of_clients(const struct topology *t, const char *axis);

size_t scenario_count(const struct topology *t);
/* Number @i, 0 .. count-1, in the order of the axes (the last runs fastest). Cannot fail: all
 * was checked by topology_load(). */
struct scenario *scenario_new(struct arena *a, const struct topology *t, size_t i);
/* The id alone, without building it. */
const char *scenario_id(struct arena *a, const struct topology *t, size_t i);

/* The node of that name, or NULL. */
const struct node *scenario_node(const struct scenario *s, const char *name);
/* Which node owns an address, directly or as an Elastic IP's outside; NULL none. */
const struct node *scenario_owner(const struct scenario *s, struct inet_addr addr);

/* Is the link cut in the middle, for the lab to carry frames over: has it faults, or is one of its
 * ends a virtual machine? */
static inline bool scenario_link_is_cut(const struct scenario *s, unsigned link)
{
	const struct link *l = &s->links[link];

	return link_is_faulty(&l->faults) || s->nodes[s->ifaces[l->iface[0]].node].vm ||
	       s->nodes[s->ifaces[l->iface[1]].node].vm;
}
/* Is any node a virtual machine? */
bool scenario_has_vm(const struct scenario *s);

/* "20ms", "30s", "2m", "1h", up to a day. */
bool topology_duration(const char *text, usec *out);

/* Longest prefix: the interface through which @n sends to @dst, and in *@to to which neighbour; -1
 * when it knows no way. */
int scenario_route(const struct scenario *s, const struct node *n, struct inet_addr dst,
		   struct inet_addr *to);
/* The interface whose address a client or server has for its own: that towards what it dials,
 * else its first. */
unsigned scenario_own(const struct scenario *s, const struct node *n);

#endif
