/* SPDX-License-Identifier: MIT */
/* text_width.h - how many columns of a terminal a character takes. Pure. */
#ifndef NATDLAB_BASE_TEXT_WIDTH_H
#define NATDLAB_BASE_TEXT_WIDTH_H

#include "lab/base/base.h"

/* Columns of code point @c, of which text_is_unsafe() says no: 0 for a mark that combines with the
 * character before it, 2 for wide ones (UAX 11: W and F, such as CJK and most emoji), else 1. */
unsigned text_width(uint32_t c);

#endif
