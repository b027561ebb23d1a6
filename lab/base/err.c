/* SPDX-License-Identifier: MIT */
#include "lab/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lab/base/text.h"

/* Adds ": @tail", which is any text. */
static void add_tail(struct err *e, const char *tail)
{
	size_t len = strlen(e->text);

	if (len + 6 < sizeof(e->text)) {
		memcpy(e->text + len, ": ", 2);
		text_show(e->text + len + 2, sizeof(e->text) - len - 2, tail, strlen(tail));
	}
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	e->kind = kind;
	va_start(ap, fmt);
	text_format(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (!e)
		return -1;
	e->kind = ERR_MACHINE;
	va_start(ap, fmt);
	text_format(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	add_tail(e, strerror(saved));
	errno = saved;
	return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->text)];
	va_list ap;

	if (!e)
		return -1;
	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	text_format(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	add_tail(e, old);
	return -1;
}

int err_exit_status(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE:
		return 0;
	case ERR_INPUT:
		return 2;
	case ERR_MACHINE:
		return 3;
	case ERR_FAILED:
		return 1;
	}
	return 1;
}
