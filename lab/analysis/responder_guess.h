/* SPDX-License-Identifier: MIT */
/* responder_guess.h - whose software an exchange looks like, by its vendor IDs. Pure. */
#ifndef NATDLAB_ANALYSIS_RESPONDER_GUESS_H
#define NATDLAB_ANALYSIS_RESPONDER_GUESS_H

#include "lab/analysis/watch.h"

/* The product's name; @side 0 initiator, 1 responder. NULL: none that is known. */
const char *guess_product(const struct exchange *x, unsigned side);

/* Does the responder's product say nothing on UDP 4500 to a message 5 that it cannot decrypt?
 * strongSwan answers with an Informational, SoftEther repeats message 4 to where message 5 came
 * from (measured-strongswan, measured-libreswan, measured-softether). */
bool guess_is_silent(const struct exchange *x);

#endif
