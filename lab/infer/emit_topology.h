/* SPDX-License-Identifier: MIT */
/*
 * emit_topology.h - servers that were met, written down as a topology file that replays them. Pure.
 *
 * The file is complete: the article's network, a mode for each server, Windows and a Mac as
 * clients, and as expectations what the packets said of Windows. `natdlab run` takes it as it is;
 * its `modes:` block may be put into any other file.
 *
 * Nothing of a capture becomes YAML but numbers, words of ours, and vendor IDs in hexadecimal.
 * Names of files and interfaces stand in remarks, as printable ASCII.
 */
#ifndef NATDLAB_INFER_EMIT_TOPOLOGY_H
#define NATDLAB_INFER_EMIT_TOPOLOGY_H

#include <stdio.h>

#include "lab/analysis/natd_judge.h"

/* What a client concludes of the server, by message 4; where the server stands. */
enum emit_client { CLIENT_NO_IDEA, CLIENT_SEES_PUBLIC, CLIENT_SEES_NAT };
enum emit_place { SERVER_WHO_KNOWS, SERVER_PUBLIC, SERVER_BEHIND_NAT };

/* One exchange, as it was seen and judged. */
struct emit_seen {
	const struct exchange *x; /* of a watch that keeps */
	const struct judgement *j;
	bool searched; /* its own hash fits no private address: all were tried */
	enum emit_client client;
	enum emit_place server;
};

struct emit_about {
	const char *how;	   /* "natdlab inspect --emit-mode" */
	const char *word;	   /* the modes' name: "captured" */
	const char *const *places; /* files, or the host that was asked */
	size_t n_places;
	const char *hint;	   /* " A sentence.": how to learn the server's own address */
	usec end;    /* of the capture (watch_end()) */
	bool frames; /* exchanges have frames that somebody else can look at */
};

/* What @client and @server of an exchange are, by its hashes. */
void emit_judge(struct emit_seen *s);

/* The number of servers written; 0, and nothing is written, when no exchange has an answer. */
size_t emit_modes(FILE *f, struct arena *a, const struct emit_about *about,
		  const struct emit_seen *v, size_t n);

#endif
