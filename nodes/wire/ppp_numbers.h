/* SPDX-License-Identifier: MIT */
/* ppp_numbers.h - numbers of PPP: protocols, LCP options, CHAP algorithms (RFC 1661). */
#ifndef NATDLAB_NODES_WIRE_PPP_NUMBERS_H
#define NATDLAB_NODES_WIRE_PPP_NUMBERS_H

#include "lab/base/base.h"

#define PPP_LCP 0xc021
#define PPP_PAP 0xc023
#define PPP_CHAP 0xc223
#define PPP_EAP 0xc227
#define CHAP_MSCHAPV2 0x81 /* the algorithm (RFC 2759 2) */

enum lcp_option {
	LCP_MRU = 1,
	LCP_ACCM = 2,
	LCP_AUTH = 3,
	LCP_MAGIC = 5,
	LCP_PFC = 7,
	LCP_ACFC = 8,
	LCP_CALLBACK = 13, /* RFC 1570; Microsoft's value 6 means CBCP */
	LCP_OPTIONS = 32,
};
#define LCP_BIT(option) (UINT32_C(1) << (option))

#endif
