/* SPDX-License-Identifier: MIT */
#include "lab/os/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/base/text.h"

static int read_all(struct arena *a, int fd, const char *name, struct source *src, struct err *e)
{
	char *buf = arena_alloc(a, FILE_MAX + 1);
	size_t len = 0;

	while (len <= FILE_MAX) {
		ssize_t n = read(fd, buf + len, FILE_MAX + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, ERR_INPUT, "%s: cannot read it: %s", name,
				       strerror(errno));
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len > FILE_MAX)
		return err_set(e, ERR_INPUT,
			       "%s: more than %zu bytes; a topology file is smaller", name,
			       FILE_MAX);
	src->name = name;
	src->text = buf;
	src->len = len;
	return 0;
}

/* What a file that is no file is called. */
static const char *file_type(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a folder";
	if (S_ISFIFO(mode))
		return "a pipe";
	if (S_ISSOCK(mode))
		return "a socket";
	return "a device";
}

bool is_standard_input(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* Looks before it opens: to open a device may do something to it. */
int source_read(struct arena *a, const char *path, struct source *src, struct err *e)
{
	const char *name = text_shown(a, arena_str(a, path));
	struct stat st;
	int fd, result;

	if (is_standard_input(path))
		return read_all(a, STDIN_FILENO, "stdin", src, e);
	if (stat(path, &st) != 0)
		return err_set(e, ERR_INPUT, "%s: %s", name, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s: is %s, not a topology file%s", name,
			       file_type(st.st_mode),
			       S_ISFIFO(st.st_mode) ? "; \"-\" reads standard input" : "");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_set(e, ERR_INPUT, "%s: %s", name, strerror(errno));
	result = read_all(a, fd, name, src, e);
	close(fd);
	return result;
}
