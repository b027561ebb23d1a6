/* SPDX-License-Identifier: MIT */
/*
 * emit_mode.h - members of a server's row, written as values of a topology file's keys. Pure.
 *
 * custom_modes.c reads what is written here.
 */
#ifndef NATDLAB_INFER_EMIT_MODE_H
#define NATDLAB_INFER_EMIT_MODE_H

#include <stdio.h>

#include "lab/infer/infer.h"

/* Of which aspect a key speaks; ASPECTS: it is none that a fit can change. */
enum aspect emit_key_aspect(enum key k);
/* The value that the row has, on one line. */
void emit_key_value(FILE *f, const struct server_mode *row, enum key k);

#endif
