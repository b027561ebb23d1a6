/* SPDX-License-Identifier: MIT */
/*
 * isakmp_names.h - the names of ISAKMP's numbers.
 */
#ifndef NATDLAB_NODES_WIRE_ISAKMP_NAMES_H
#define NATDLAB_NODES_WIRE_ISAKMP_NAMES_H

#include "lab/base/base.h"

const char *isakmp_payload_name(uint8_t type);      /* "NAT-D"; NULL unknown */
const char *isakmp_notify_name(uint16_t type);      /* "NO-PROPOSAL-CHOSEN"; NULL unknown */
const char *isakmp_cipher_name(unsigned enc, unsigned keybits, char buf[24]); /* "aes-256-cbc" */
const char *isakmp_hash_name(unsigned hash);        /* "sha1"; "?" unknown */
const char *isakmp_group_name(unsigned group);      /* "ecp384", "modp2048" */

#endif
