/* SPDX-License-Identifier: MIT */
/*
 * keep.h - what `run -o DIR` keeps of a scenario, in one folder:
 *
 *	events.jsonl    every event, one JSON object a line
 *	log.txt         the same for people
 *	capture.pcapng  every link, one interface each
 *	links/          the same, a file for each link
 *	plan.sh         the script that builds the same network by hand
 *	rules.nft       the rulesets as the kernel has them
 *	conntrack.txt   the connection tracking tables at the end
 *	wireshark/      a profile that decrypts Main Mode, Quick Mode and ESP
 */
#ifndef NATDLAB_KEEP_H
#define NATDLAB_KEEP_H

#include "lab/net/net.h"
#include "nodes/vpn/vpn.h"

struct keep;

/* Makes the folder (and those above it) and the files that can be written at the start. */
struct keep *keep_new(struct arena *a, const char *dir, const struct plan *plan, usec epoch,
		      struct err *e);
void keep_frame(struct keep *k, unsigned link, usec t, const uint8_t *data, size_t len);
void keep_secrets(struct keep *k, const struct vpn *vpn);
/* Writes the rest and closes all. */
int keep_finish(struct keep *k, const struct net_ops *ops, struct net *net,
		const struct ev_log *log, struct err *e) MUST_CHECK;

/*
 * The folder of a whole run, before it: made if it is not there; what a former run left in it is
 * removed, and nothing else; run.json says that this one is unfinished. 0, or -1.
 */
int keep_begin(const char *dir, struct err *e) MUST_CHECK;

/* mkdir -p; what is there already must be a folder that can be written in. 0, or -1. */
int keep_make_dir(const char *path, struct err *e) MUST_CHECK;

#endif
