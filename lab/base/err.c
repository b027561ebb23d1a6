/* SPDX-License-Identifier: MIT */
#include "lab/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lab/base/text.h"

int err_add(struct err *e, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	if (!e)
		return -1;
	len = strlen(e->text);
	va_start(ap, fmt);
	if (len + 4 < sizeof(e->text))
		text_format(e->text + len, sizeof(e->text) - len, fmt, ap);
	va_end(ap);
	return -1;
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	e->kind = kind;
	e->remedy = NULL;
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
	e->remedy = NULL;
	va_start(ap, fmt);
	text_format(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	err_add(e, ": %s", strerror(saved));
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
	return err_add(e, ": %s", old);
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
