/* SPDX-License-Identifier: MIT */
/*
 * output_dir_begin.c - a folder of -o before its run: what a former run left there goes.
 *
 * Only where run.json says that there was one, only in folders that look like a scenario's, and
 * there only what natdlab writes: files of the user's stay, and so do the folders they are in.
 */
#include "lab/run/output_dir_begin.h"

#include "lab/run/output_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 12 /* of scenario ids: one for each axis */

/* Where nothing else is said, in a scenario's own folder. */
static const struct {
	const char *folder, *glob;
} ours[] = {
	{".", "events.jsonl"},
	{".", "log.txt"},
	{".", "capture.pcapng"},
	{".", "plan.sh"},
	{".", "rules.nft"},
	{".", "conntrack.txt"},
	{".", "daemon-*.log"},
	{"links", "*.pcapng"},
	{"wireshark", "preferences"},
	{"wireshark", "ikev1_decryption_table"},
	{"wireshark", "esp_sa"},
};

static DIR *open_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

static void remove_matching(int at, const char *folder, const char *glob)
{
	DIR *d = open_folder(at, folder);

	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));)
		if (!fnmatch(glob, e->d_name, FNM_PERIOD))
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

static bool is_scenario(int at)
{
	return !faccessat(at, "plan.sh", F_OK, 0) &&
	       !faccessat(at, "wireshark/preferences", F_OK, 0) &&
	       !faccessat(at, "links", F_OK, 0);
}

/* Empties @name below @at of scenarios; true if there was one in it, so that it may go. */
static bool clear(int at, const char *name, unsigned depth)
{
	DIR *d = open_folder(at, name);
	bool any = false;

	if (!d)
		return false;
	if (is_scenario(dirfd(d))) {
		any = true;
		for (size_t i = 0; i < ARRAY_LEN(ours); i++)
			remove_matching(dirfd(d), ours[i].folder, ours[i].glob);
		unlinkat(dirfd(d), "links", AT_REMOVEDIR);
		unlinkat(dirfd(d), "wireshark", AT_REMOVEDIR);
	} else if (depth) {
		for (struct dirent *e; (e = readdir(d));)
			if (e->d_name[0] != '.' && clear(dirfd(d), e->d_name, depth - 1)) {
				any = true;
				/* Not empty: something of the user's is in it. */
				unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
			}
	}
	closedir(d);
	return any;
}

int output_dir_begin(const char *dir, struct err *e)
{
	static const char unfinished[] = "{\"schema\": 1, \"unfinished\": true}\n";
	int at, fd, status = 0;

	if (output_dir_make_dir(dir, e))
		return -1;
	at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return err_sys(e, "cannot read the folder %s", dir);
	if (!faccessat(at, "run.json", F_OK, 0))
		clear(at, ".", DEPTH_MAX);
	fd = openat(at, "run.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, unfinished, strlen(unfinished)) < 0)
		status = err_sys(e, "cannot write %s/run.json", dir);
	if (fd >= 0)
		close(fd);
	close(at);
	return status;
}
