/* SPDX-License-Identifier: MIT */
/*
 * namespaces.c - fresh namespaces for a lab, which vanish with it, or the reason why there are
 * none.
 *
 * How nothing is left behind. The child is PID 1 of its PID namespace: when it dies, the kernel
 * kills every process in there, and when the last one is gone the namespaces go, with all links,
 * rules and mounts, because nothing has a name. The child dies when its parent does (child.h). The
 * moment between clone() and prctl(PR_SET_PDEATHSIG), in which a dying parent would be missed, is
 * closed so: the child says that it is armed and does nothing until the parent has answered. An
 * answer proves that the parent lived when the child was armed; a parent that is gone has closed
 * its end of the socket.
 *
 *	child                                    parent
 *	"armed"                         ->
 *	                                <-       identity mapped ("mapped"), or "map yourself"
 *	mounts, capabilities
 *	struct err: none, or what failed ->
 *	                                <-       "go"
 *	fn(arg)
 *
 * Root gets a user namespace as well, with every ID that it has mapped to itself, so that daemons
 * may still change user. It costs root larger receive buffers than net.core.rmem_max and nothing
 * else, and buys that no program in a lab can touch the host's network, whatever it does. Where
 * user namespaces are refused, a caller with CAP_SYS_ADMIN gets the other three without.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lab/os/child.h"
#include "lab/os/namespaces.h"
#include "lab/os/os_priv.h"

#define STATUS_LOST 127 /* exit status of a child that did not get as far as @fn */
#define SPACE_FLAGS (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET)

/* How long a child may take from one word to the next, on a machine that is busy with labs. */
#define TALK_LIMIT_S 60

enum word { WORD_ARMED = 'a', WORD_MAPPED = 'm', WORD_MAP_YOURSELF = 'y', WORD_GO = 'g' };

static int say(int sock, enum word word)
{
	char c = (char)word;

	return send(sock, &c, 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* ---- why not ---- */

static long sysctl_of(const char *path)
{
	char buf[32];

	return procfs_read(path, buf, sizeof(buf)) > 0 ? strtol(buf, NULL, 10) : -1;
}

static bool under_seccomp(void)
{
	char buf[4096];
	const char *line;

	if (procfs_read("/proc/self/status", buf, sizeof(buf)) < 0)
		return false;
	line = strstr(buf, "\nSeccomp:");
	return line && strtol(line + strlen("\nSeccomp:"), NULL, 10) == 2;
}

static const char *const limits[] = {"user", "mnt", "pid", "net"};

/* The namespace limit that is in the way: the lowest is. */
static const char *lowest_limit(long *value)
{
	const char *lowest = limits[0];
	char path[64];

	*value = -1;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		long v;

		snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", limits[i]);
		v = sysctl_of(path);
		if (v >= 0 && (*value < 0 || v < *value)) {
			*value = v;
			lowest = limits[i];
		}
	}
	return lowest;
}

/* "REASON; to enable them: COMMAND" in one line, which `backend:` prints. */
#define ENABLE "; to enable them: "
#define OR_SUDO ", or run natdlab with sudo"

#define UNSHARE_SYSCTL "kernel.unprivileged_userns_clone"
#define APPARMOR_SYSCTL "kernel.apparmor_restrict_unprivileged_userns"

static int refuse_limit(struct err *e, const char *what)
{
	long value;
	const char *which = lowest_limit(&value);

	return err_set(e, ERR_MACHINE,
		       "%s: the limit on namespaces is reached (user.max_%s_namespaces = %ld)"
		       ENABLE "sudo sysctl -w user.max_%s_namespaces=65536%s",
		       what, which, value, which,
		       geteuid() == 0 ? "" : OR_SUDO);
}

/* Finds out why the kernel refused @what with @error. Always -1. */
static int refuse(struct err *e, const char *what, int error)
{
	bool denied = error == EPERM || error == EACCES;
	bool root = geteuid() == 0;

	if (error == ENOSPC || error == EUSERS)
		return refuse_limit(e, what);
	if (denied && !root && sysctl_of("/proc/sys/kernel/unprivileged_userns_clone") == 0)
		return err_set(e, ERR_MACHINE,
			       "%s: ordinary users may not make user namespaces here "
			       "(" UNSHARE_SYSCTL " = 0)"
			       ENABLE "sudo sysctl -w " UNSHARE_SYSCTL "=1" OR_SUDO,
			       what);
	if (denied && !root &&
	    sysctl_of("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") > 0)
		return err_set(e, ERR_MACHINE,
			       "%s: AppArmor takes the capabilities of user namespaces away "
			       "(" APPARMOR_SYSCTL " = 1)"
			       ENABLE "sudo sysctl -w " APPARMOR_SYSCTL "=0" OR_SUDO,
			       what);
	if ((denied || error == ENOSYS) && under_seccomp())
		return err_set(e, ERR_MACHINE,
			       "%s: a seccomp filter refuses it (%s), as containers have"
			       ENABLE "docker run --security-opt seccomp=unconfined "
			       "--security-opt apparmor=unconfined ...",
			       what, strerror(error));
	if (error == EINVAL)
		return err_set(e, ERR_MACHINE,
			       "%s: this kernel has no user, PID or network namespaces"
			       ENABLE "a kernel with CONFIG_USER_NS, CONFIG_PID_NS, CONFIG_NET_NS",
			       what);
	if (denied && root)
		return err_set(e, ERR_MACHINE,
			       "%s: %s, although this is root (in a container, or a chroot?)"
			       ENABLE "docker run --privileged ..., or a shell outside the chroot",
			       what, strerror(error));
	return err_set(e, ERR_MACHINE, "%s: %s" ENABLE "run natdlab with sudo", what,
		       strerror(error));
}

/* ---- in the child ---- */

/* One ID, the caller's own, mapped to itself: which needs no right. */
static int map_own(uid_t uid, gid_t gid)
{
	char text[64];

	/* Without this a group map is refused, since a group may also be there to deny. */
	if (procfs_write("/proc/self/setgroups", "deny") < 0 && errno != ENOENT)
		return -1;
	snprintf(text, sizeof(text), "%u %u 1", (unsigned)uid, (unsigned)uid);
	if (procfs_write("/proc/self/uid_map", text) < 0)
		return -1;
	snprintf(text, sizeof(text), "%u %u 1", (unsigned)gid, (unsigned)gid);
	return procfs_write("/proc/self/gid_map", text);
}

int namespaces_keep_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &head, caps) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		caps[i].inheritable = caps[i].permitted;
		caps[i].effective = caps[i].permitted;
	}
	if (syscall(SYS_capset, &head, caps) < 0)
		return -1;
	for (unsigned long cap = 0; cap < 64; cap++)
		if (caps[cap / 32].permitted >> cap % 32 & 1 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -1;
	return 0;
}

/*
 * AppArmor may leave a process in its user namespace with every capability in name and none in
 * effect, so one is used: the lab's own namespace gets its loopback up, which taps want anyway.
 */
static int use_capabilities(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return -1;
	rc = ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
	return rc;
}

static int settle(enum word word, bool user, uid_t uid, gid_t gid, struct err *e)
{
	if (word == WORD_MAP_YOURSELF && user && map_own(uid, gid) < 0)
		return refuse(e, "no user may be mapped into a namespace", errno);
	/*
	 * Mounts made in here must not show outside. In a user namespace they cannot (the kernel
	 * has made all of them slaves), and some containers refuse the call.
	 */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 && !user)
		return refuse(e, "mounts cannot be made private", errno);
	/* So that numbers in /proc are this PID namespace's. Not where a container hides parts of
	 * /proc; then process numbers seen there are the outer ones, and nothing else changes. */
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 &&
	    errno != EPERM && errno != EACCES)
		return refuse(e, "no fresh /proc", errno);
	if (use_capabilities() < 0)
		return refuse(e, "a network namespace cannot be used", errno);
	return 0;
}

/* The parent's next word; 0 when it has gone. */
static int hear(int sock)
{
	char word;

	return read(sock, &word, 1) == 1 ? word : 0;
}

/* libnftables takes and gives back 2 MiB for each ruleset; fetching them anew from the kernel each
 * time is a tenth of what a lab costs to set up. */
static void keep_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	mallopt(M_TOP_PAD, 4 << 20);
}

/* What the child's half of the handshake knows. */
struct start {
	int (*fn)(void *arg);
	void *arg;
	int sock[2]; /* the parent's end, the child's */
	bool user;   /* there is a user namespace */
	uid_t uid;
	gid_t gid;
};

static int begin(void *arg)
{
	const struct start *st = arg;
	int sock = st->sock[1], word;
	struct err e = {0};

	word = say(sock, WORD_ARMED) < 0 ? 0 : hear(sock);
	if (!word)
		return STATUS_LOST;
	settle((enum word)word, st->user, st->uid, st->gid, &e);
	if (send(sock, &e, sizeof(e), MSG_NOSIGNAL) != sizeof(e) || e.kind != ERR_NONE ||
	    hear(sock) != WORD_GO)
		return STATUS_LOST;
	close(sock);
	keep_memory();
	return st->fn(st->arg);
}

/* ---- in the parent ---- */

/* Turns lines "inside outside count" of one's own map into "inside inside count". */
static bool map_identity(const char *ours, char *text, size_t cap)
{
	size_t len = 0;
	char *p;

	for (const char *line = ours; *line && len < cap; line = p + (*p == '\n')) {
		unsigned long inside = strtoul(line, &p, 10), count;

		strtoul(p, &p, 10);
		count = strtoul(p, &p, 10);
		len += (size_t)snprintf(text + len, cap - len, "%lu %lu %lu\n", inside, inside,
					count);
		if (*p != '\n' && *p != '\0')
			return false;
	}
	return len > 0 && len < cap;
}

/*
 * Every ID of ours mapped to itself, which takes CAP_SETUID and CAP_SETGID out here. /proc must
 * count processes as we do, or @pid would be somebody else's.
 */
static bool map_all(pid_t pid)
{
	static const char *const files[] = {"uid_map", "gid_map"};
	char self[32], path[64], ours[4096], text[4096];
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);

	if (geteuid() != 0 || n <= 0)
		return false;
	self[n] = '\0';
	if (strtol(self, NULL, 10) != getpid())
		return false;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", files[i]);
		if (procfs_read(path, ours, sizeof(ours)) < 0 ||
		    !map_identity(ours, text, sizeof(text)))
			return false;
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, files[i]);
		if (procfs_write(path, text) < 0)
			return false;
	}
	return true;
}

/* The parent's half of the handshake. */
static int talk(int sock, pid_t pid, bool user, struct err *e)
{
	const struct timeval limit = {.tv_sec = TALK_LIMIT_S};
	struct err said;
	char word;

	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (read(sock, &word, 1) != 1 || word != WORD_ARMED ||
	    say(sock, user && map_all(pid) ? WORD_MAPPED : WORD_MAP_YOURSELF) < 0 ||
	    read(sock, &said, sizeof(said)) != sizeof(said))
		return err_set(e, ERR_MACHINE,
			       "a lab's process died, or hung for %d s, before it began",
			       TALK_LIMIT_S);
	if (said.kind != ERR_NONE) {
		if (e)
			*e = said;
		return -1;
	}
	if (say(sock, WORD_GO) < 0)
		return err_set(e, ERR_MACHINE, "a lab's process died when it was about to begin");
	return 0;
}

int namespaces_start(struct child *c, const struct child_fd *fds, size_t n_fds,
		     int (*fn)(void *arg), void *arg, struct err *e)
{
	struct child_setup how = {.namespaces = SPACE_FLAGS | CLONE_NEWUSER, .n_fds = n_fds + 1};
	struct start st = {.fn = fn, .arg = arg, .user = true, .uid = geteuid(), .gid = getegid()};
	int error, rc;

	assert(n_fds < CHILD_FDS_MAX);
	*c = (struct child)CHILD_NONE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, st.sock) < 0)
		return err_sys(e, "socketpair");
	for (size_t i = 0; i < n_fds; i++)
		how.fds[i] = fds[i];
	how.fds[n_fds] = (struct child_fd){st.sock[1], st.sock[1]};
	rc = child_start(c, &how, begin, &st);
	error = errno;
	if (rc < 0) {
		st.user = false;
		how.namespaces = SPACE_FLAGS;
		rc = child_start(c, &how, begin, &st);
	}
	close(st.sock[1]);
	if (rc < 0)
		rc = refuse(e, "no namespaces can be made", error);
	else if (talk(st.sock[0], c->pid, st.user, e) < 0) {
		child_end(c, 0);
		rc = -1;
	}
	close(st.sock[0]);
	return rc;
}

int namespaces_unshare_net(struct err *e)
{
	if (unshare(CLONE_NEWNET) < 0)
		return refuse(e, "no network namespace", errno);
	return 0;
}

int namespaces_of_socket(int fd, struct err *e)
{
	int ns = ioctl(fd, SIOCGSKNS);

	return ns < 0 ? err_sys(e, "SIOCGSKNS") : ns;
}
