/* SPDX-License-Identifier: MIT */
/*
 * inspect.h - captures in, judged exchanges out. Pure.
 *
 * Several captures are several places of one network: their frames are merged by time. Each file
 * is a place, and each interface of a pcapng file is one. Memory does not grow with a capture's
 * length.
 */
#ifndef NATDLAB_ANALYSIS_INSPECT_H
#define NATDLAB_ANALYSIS_INSPECT_H

#include "lab/analysis/diagnose.h"
#include "lab/capture/pcapng.h"

struct inspect_source {
	struct capture_reader *reader;
	const char *name;  /* of its place, fit for a terminal */
	struct err damage; /* filled in where the file ends before its time */
};

/* Addresses that are known besides those in the packets. */
struct inspect_hints {
	struct inet_ep client, server; /* each one's own; no address: not known */
	size_t n_known;
	const struct known *known;
};

/* One exchange and all that is to say of it. */
struct inspected {
	const struct exchange *x;
	struct judgement j;
	struct diagnosis d;
	bool searched; /* every private address was tried behind its hashes */
};

struct inspection {
	uint64_t frames;  /* read */
	uint64_t packets; /* of these, with an IP packet in them */
	uint64_t cut;	  /* of these, captured without their end */
	uint64_t unread;  /* of a link type that is not understood */
	uint32_t linktype; /* the last such one */
	uint64_t stray_esp; /* ESP packets of exchanges that are not in the capture */
	size_t n, hidden; /* exchanges; of these, superseded ones */
	struct inspected *v;
};

/* Reads all sources to their ends. */
void inspect_read(struct arena *a, struct watch *w, struct inspect_source *v, size_t n,
		  struct inspection *out);
/* Judges what was read; may be done again with other hints. */
void inspect_judge(struct arena *a, const struct watch *w, const struct inspect_hints *hints,
		   struct inspection *out);

/* After all private addresses were tried behind the hashes of one, and what was found is judged. */
void inspect_searched(struct inspected *one);

/* Both ends as near to the client as seen: its own, and what it dialled. */
void inspect_ends(const struct exchange *x, struct inet_ep *initiator, struct inet_ep *responder);

#endif
