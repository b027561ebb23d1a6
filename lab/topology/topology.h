/* SPDX-License-Identifier: MIT */
/*
 * topology.h - a topology file as read: its nodes, links and interfaces. Pure.
 *
 * load.h makes one of the bytes of a file; scenario.h fixes every axis of its matrix. Everything
 * belongs to the arena that is handed in.
 */
#ifndef NATDLAB_TOPOLOGY_TOPOLOGY_H
#define NATDLAB_TOPOLOGY_TOPOLOGY_H

#include "lab/base/err.h"
#include "lab/base/inet.h"
#include "lab/base/mem.h"
#include "lab/topology/kinds.h"
#include "lab/topology/tree.h"
#include "nodes/modes/mode.h"

struct mistakes;
struct topology; /* opaque: YAML tree with places, checked */

/* Interfaces of a scenario are numbered through; so are nodes and links. */
struct iface {
	const char *name;        /* "eth0" */
	const char *full;        /* "client:eth0" */
	unsigned node, link;
	struct inet_addr addr;
	uint8_t plen;
	uint8_t mac[6];          /* locally administered, from the number */
	uint32_t ifindex;        /* distinct over the whole scenario: with equal ones a veth pair
				    takes up to a second to come up */
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
	unsigned *ifaces;        /* its ends, two or more: indexes into scenario.ifaces */
	size_t n_ifaces;
	struct inet_net subnet;
	uint32_t realm;          /* the part of the network inside which an address means the
				    same (RFC 2663); numbered by one of its links */
};

/* The interface at the other end of a link that has two. */
static inline unsigned link_other_end(const struct link *l, unsigned iface)
{
	assert(l->n_ifaces == 2);
	return l->ifaces[l->ifaces[0] == iface];
}

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
	struct inet_addr dials;  /* client; len 0: it dials no server */
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

/* --set NODE.KEY=VALUE */
struct setting {
	const char *node, *key, *value;
};

/*
 * A topology from the tree of its file. It may be used only if @m stayed empty; what whole
 * scenarios show is judged by scenarios_check() (lab/load/scenario_check.h). @values: of the
 * settings, parsed; NULL where that failed. Everything must live as long as @a.
 */
struct topology *topology_new(struct arena *a, const struct source *src, const struct tree *root,
			      const struct setting *set, const struct tree *const *values,
			      size_t n_set, struct mistakes *m);

/* These three are harmless text (lab/base/text.h). */
const char *topology_name(const struct topology *t);
const char *topology_title(const struct topology *t);
const char *topology_path(const struct topology *t);
/* Where a node's name, and where the first expectation (NULL: there is none) stands in the file. */
const struct tree *topology_node_at(const struct topology *t, unsigned node);
const struct tree *topology_expect_at(const struct topology *t);
/* Names of the axes, in order. */
size_t topology_axes(const struct topology *t, const char *const **names);

/* Does this axis change clients and nothing else? */
bool topology_axis_of_clients(const struct topology *t, const char *axis);

#endif
