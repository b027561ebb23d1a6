/* SPDX-License-Identifier: MIT */
/*
 * product_rootfs.c - the file system as a real product sees it.
 *
 * Theory of operation. A distribution's package knows where its files lie: charon looks for its
 * plugins in /usr/lib/ipsec/plugins, pluto starts /usr/libexec/ipsec/addconn. Nothing may be
 * installed there, and an ordinary user could not even make a folder to mount something on. So
 * the daemon gets a new root, a tmpfs that holds little more than symbolic links:
 *
 *	/host           the root as it was, read-only
 *	/proc /dev /sys bound from there
 *	/usr ...        folders that both the system and the product's packages have (/usr,
 *	                /usr/lib, /usr/lib/x86_64-linux-gnu ...) are made anew, with a link for
 *	                everything in either of them; where both have something of one name the
 *	                product's counts
 *	/etc            the same, but no folder is mixed from both: an administrator's own
 *	                /etc/swanctl is none of ours
 *	/var /run /tmp  empty
 *
 * It takes a few thousand links, which are made in some milliseconds; overlayfs would be shorter
 * and is not to be had by ordinary users everywhere.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lab/os/os_priv.h"

/* Any folder that is there: what lies below it is seen again once the root is changed. */
#define BELOW "/tmp"

/* How deep in /usr folders of both are mixed: /usr/lib/x86_64-linux-gnu, but not what is in it. */
#define USR_DEPTH 2

struct path {
	char s[PATH_MAX];
};

static struct path path_join(const char *a, const char *b)
{
	struct path p;

	/* Longer ones cannot be opened, which is noticed then. */
	if (snprintf(p.s, sizeof(p.s), "%s/%s", a, b) >= (int)sizeof(p.s))
		p.s[0] = '\0';
	return p;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static int make_folder(const char *path, struct err *e)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "cannot make %s", path);
	return 0;
}

/* A link at @at for @to, unless something stands there. */
static int make_link(const char *to, const char *at, struct err *e)
{
	if (symlink(to, at) < 0 && errno != EEXIST)
		return err_sys(e, "cannot link %s", at);
	return 0;
}

static int mix(const char *at, const char *ours, const char *hosts, int depth, struct err *e);

/* What the product has at @ours. */
static int place(const char *at, const char *ours, const char *hosts, int depth, struct err *e)
{
	if (depth > 0 && is_folder(ours) && is_folder(hosts))
		return mix(at, ours, hosts, depth - 1, e);
	return make_link(ours, at, e);
}

/* "." and ".." */
static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* Calls for each entry of @from: a link, or, where @hosts is given, a mixture. */
static int each(const char *at, const char *from, const char *hosts, int depth, struct err *e)
{
	DIR *dir = opendir(from);
	int status = 0;
	struct dirent *entry;

	if (!dir)
		return errno == ENOENT || errno == EACCES ? 0 : err_sys(e, "cannot read %s", from);
	while (!status && (entry = readdir(dir))) {
		struct path there = path_join(at, entry->d_name);
		struct path it = path_join(from, entry->d_name);

		if (is_dots(entry->d_name))
			continue;
		if (hosts)
			status = place(there.s, it.s, path_join(hosts, entry->d_name).s, depth, e);
		else
			status = make_link(it.s, there.s, e);
	}
	closedir(dir);
	return status;
}

/* The folder @at from both; the product's entries come first and so prevail. */
static int mix(const char *at, const char *ours, const char *hosts, int depth, struct err *e)
{
	if (make_folder(at, e) || each(at, ours, hosts, depth, e))
		return -1;
	return each(at, hosts, NULL, 0, e);
}

/* A product's /etc/swanctl becomes a folder, into which files can be put. */
static int open_etc(const char *tree, struct err *e)
{
	DIR *dir = opendir(tree);
	int status = 0;
	struct dirent *entry;

	if (!dir)
		return 0;
	while (!status && (entry = readdir(dir))) {
		struct path at = path_join("/etc", entry->d_name);
		struct path it = path_join(tree, entry->d_name);

		if (entry->d_name[0] == '.' || !is_folder(it.s))
			continue;
		status = make_folder(at.s, e);
		if (!status)
			status = each(at.s, it.s, NULL, 0, e);
	}
	closedir(dir);
	return status;
}

static int bind_host(const char *name, struct err *e)
{
	struct path from = path_join("/host", name), to = path_join("", name);

	if (make_folder(to.s, e))
		return -1;
	if (mount(from.s, to.s, NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_sys(e, "cannot bind %s", to.s);
	return 0;
}

/* The system's links at the top (/lib to usr/lib) and what else it has there. */
static int fill_top(struct err *e)
{
	DIR *dir = opendir("/host");
	int status = 0;
	struct dirent *entry;

	if (!dir)
		return err_sys(e, "cannot read the old root");
	while (!status && (entry = readdir(dir))) {
		struct path at = path_join("", entry->d_name), old = path_join("/host",
									       entry->d_name);
		char to[PATH_MAX];
		ssize_t n;

		if (is_dots(entry->d_name) || exists(at.s))
			continue;
		n = readlink(old.s, to, sizeof(to) - 1);
		to[MAX(n, 0)] = '\0';
		status = make_link(n > 0 ? to : old.s, at.s, e);
	}
	closedir(dir);
	return status;
}

static int fill(const char *tree, struct err *e)
{
	static const char *const empty[] = {"/run",	"/tmp",	    "/var",	"/var/lib",
					    "/var/log", "/var/tmp", "/var/cache", "/etc"};
	static const char *const bound[] = {"proc", "dev", "sys"};
	struct path usr = path_join(tree, "usr"), etc = path_join(tree, "etc");

	for (size_t i = 0; i < ARRAY_LEN(bound); i++)
		if (bind_host(bound[i], e))
			return -1;
	for (size_t i = 0; i < ARRAY_LEN(empty); i++)
		if (make_folder(empty[i], e))
			return -1;
	if (make_link("/run", "/var/run", e) || mix("/usr", usr.s, "/host/usr", USR_DEPTH, e) ||
	    open_etc(etc.s, e) || mix("/etc", etc.s, "/host/etc", 0, e))
		return -1;
	return fill_top(e);
}

/* The folders above a file; those that are there may be links into the product's. */
static int make_folders_of(const char *path, struct err *e)
{
	char part[PATH_MAX];

	for (size_t i = 1; i < sizeof(part) && path[i]; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (make_folder(part, e))
			return -1;
	}
	return 0;
}

static int write_file(const struct product_file *f, struct err *e)
{
	size_t len = strlen(f->text);
	ssize_t n;
	int fd;

	if (make_folders_of(f->path, e))
		return -1;
	unlink(f->path); /* the package's own example */
	fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, "cannot write %s", f->path);
	n = write(fd, f->text, len);
	close(fd);
	return n == (ssize_t)len ? 0 : err_sys(e, "cannot write %s", f->path);
}

/* A root has all of the user's files behind it; a daemon has no business with them. Kernels before
 * 5.12 cannot shut a whole tree of mounts, and then only the first is. */
static void shut_host(void)
{
	struct mount_attr ro = {.attr_set = MOUNT_ATTR_RDONLY};

	if (syscall(SYS_mount_setattr, AT_FDCWD, "/host", AT_RECURSIVE, &ro, sizeof(ro)) < 0)
		mount(NULL, "/host", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
}

static int new_root(struct err *e)
{
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "no mount namespace");
	/* Refused in some containers, where they are private already. */
	(void)mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (mount("natdlab", BELOW, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") < 0)
		return err_sys(e, "no tmpfs");
	if (make_folder(BELOW "/host", e))
		return -1;
	if (syscall(SYS_pivot_root, BELOW, BELOW "/host") < 0)
		return err_sys(e, "the root cannot be changed");
	if (chdir("/") < 0)
		return err_sys(e, "cannot enter the new root");
	return 0;
}

/* The system's name servers are not to be had in a lab. */
static const struct product_file no_resolver = {"/etc/resolv.conf", "# none in here\n"};

int product_rootfs_enter(const char *real, const struct product_setup *p, struct err *e)
{
	struct path top, tree;

	umask(022);
	if (new_root(e))
		return -1;
	top = path_join("/host", real);
	tree = path_join(top.s, p->folder);
	if (fill(tree.s, e))
		return -1;
	for (const char *const *made = p->made; *made; made++)
		if (make_folder(*made, e))
			return -1;
	if (write_file(&no_resolver, e))
		return -1;
	for (size_t i = 0; i < p->n_files; i++)
		if (write_file(&p->files[i], e))
			return -1;
	shut_host();
	return 0;
}
