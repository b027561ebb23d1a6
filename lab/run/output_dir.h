/* SPDX-License-Identifier: MIT */
/*
 * output_dir.h - what `run -o DIR` keeps of a scenario, in one folder:
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
#ifndef NATDLAB_RUN_OUTPUT_DIR_H
#define NATDLAB_RUN_OUTPUT_DIR_H

#include "lab/net/net.h"
#include "nodes/vpn/vpn.h"

struct output_dir;

/* Makes the folder (and those above it) and the files that can be written at the start. */
struct output_dir *output_dir_new(struct arena *a, const char *dir, const struct plan *plan,
				  usec epoch, struct err *e);
void output_dir_frame(struct output_dir *k, unsigned link, usec t, const uint8_t *data, size_t len);
/* Goes to events.jsonl and log.txt at once, or with the next ones. */
void output_dir_event(struct output_dir *k, const struct event *e);
/* What has been written so far can be read by others now. */
void output_dir_flush(struct output_dir *k);
void output_dir_secrets(struct output_dir *k, const struct vpn *vpn);
/* Writes the rest and closes all. */
int output_dir_finish(struct output_dir *k, const struct net_ops *ops, struct net *net,
		      struct err *e) MUST_CHECK;

/* mkdir -p; what is there already must be a folder that can be written in. 0, or -1. */
int output_dir_make_dir(const char *path, struct err *e) MUST_CHECK;

#endif
