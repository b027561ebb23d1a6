/* SPDX-License-Identifier: MIT */
/*
 * coats.h - the headers in which captures have IP packets, for test_packet.c, which undresses
 * single ones, and test_inspect.c, which dresses whole sessions.
 */
#ifndef NATDLAB_UNIT_COATS_H
#define NATDLAB_UNIT_COATS_H

#include <stddef.h>
#include <stdint.h>

struct coat {
	const char *what;
	uint32_t linktype;
	const char *head;
	size_t len;
};

static const struct coat coats[] = {
	{"Ethernet", 1, "ddddddssssss\x08\x00", 14},
	{"raw", 101, "", 0},
	{"VLAN", 1, "ddddddssssss\x81\x00\x00\x05\x08\x00", 18},
	{"QinQ", 1, "ddddddssssss\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00", 22},
	{"PPPoE", 1, "ddddddssssss\x88\x64\x11\x00\x00\x01\x00\x25\x00\x21", 22},
	{"PPPoE in a VLAN", 1,
	 "ddddddssssss\x81\x00\x00\x07\x88\x64\x11\x00\x00\x01\x00\x25\x00\x21", 26},
	{"PPPoE without Ethernet", 51, "\x11\x00\x00\x01\x00\x25\x00\x21", 8},
	{"PPP", 9, "\x00\x21", 2},
	{"PPP with framing", 50, "\xff\x03\x00\x21", 4},
	{"Wi-Fi", 105, "\x08\x01\0\0" "aaaaaabbbbbbcccccc" "ss\xaa\xaa\x03\0\0\0\x08\x00", 32},
	{"Wi-Fi with QoS, four addresses and HT Control", 105,
	 "\x88\x83\0\0" "aaaaaabbbbbbcccccc" "ssdddddd" "qqhhhh" "\xaa\xaa\x03\0\0\0\x08\x00", 44},
	{"Wi-Fi with radiotap", 127,
	 "\0\0\x09\0" "xxxxx" "\x08\x02\0\0" "aaaaaabbbbbbcccccc"
	 "ss\xaa\xaa\x03\0\0\0\x08\x00", 41},
	{"raw of BSD", 12, "", 0},
	{"raw of OpenBSD", 14, "", 0},
	{"IPv4", 228, "", 0},
	{"null, little-endian", 0, "\x02\0\0\0", 4},
	{"null, big-endian", 0, "\0\0\0\x02", 4},
	{"loop", 108, "\0\0\0\x02", 4},
	{"Linux cooked", 113, "\0\0\0\x01\0\x06" "aaaaaa\0\0" "\x08\x00", 16},
	{"Linux cooked, VLAN", 113, "\0\0\0\x01\0\x06" "aaaaaa\0\0" "\x81\x00\x00\x05\x08\x00", 20},
	{"Linux cooked 2", 276, "\x08\x00\0\0\0\0\0\x02\0\x01\0\x06" "aaaaaa\0\0", 20},
};

#define COAT_ETHERNET (&coats[0])
#define COAT_RAW (&coats[1])

#endif
