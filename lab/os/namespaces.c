/* SPDX-License-Identifier: MIT */
/*
 * namespaces.c - fresh namespaces for a lab, which vanish with it, or the reason why there are
 * none.
 *
 * How nothing is left behind. The child is PID 1 of its PID namespace: when it dies, the kernel
 * kills everybody in there, and when the last process is gone the namespaces go, with all links,
 * rules and mounts, because nothing has a name. The child dies when its parent does by
 * PR_SET_PDEATHSIG. The moment between clone() and prctl(), in which a dying parent would be
 * missed, is closed so: the child arms itself first, says so, and does nothing until the parent
 * has answered, or is seen to be gone. An answer proves that the parent lived when the child was
 * armed.
 *
 *	child                                    parent
 *	prctl(PR_SET_PDEATHSIG)
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
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/os/os_priv.h"

#define SPACE_FLAGS (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET)

enum word { WORD_ARMED = 'a', WORD_MAPPED = 'm', WORD_MAP_YOURSELF = 'y', WORD_GO = 'g' };

/* What stands in a file of /proc, at most @cap-1 bytes; -1 when it cannot be read. */
static ssize_t slurp(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while (len < cap - 1 && (n = read(fd, buf + len, cap - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	buf[len] = '\0';
	return (ssize_t)len;
}

/* Maps are taken whole by one write() or not at all. */
static int spit(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

static int say(int sock, enum word word)
{
	char c = (char)word;

	return send(sock, &c, 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* ---- why not ---- */

static long sysctl_of(const char *path)
{
	char buf[32];

	return slurp(path, buf, sizeof(buf)) > 0 ? strtol(buf, NULL, 10) : -1;
}

static bool under_seccomp(void)
{
	char buf[4096];
	const char *line;

	if (slurp("/proc/self/status", buf, sizeof(buf)) < 0)
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

/* "REASON; to enable them: COMMAND" in one line, because that is how INTERFACE prints it. */
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

/* One ID, the caller's own, mapped to itself: what everybody may do for himself. */
static int map_own(uid_t uid, gid_t gid)
{
	char text[64];

	/* Without this a group map is refused, since a group may also be there to deny. */
	if (spit("/proc/self/setgroups", "deny") < 0 && errno != ENOENT)
		return -1;
	snprintf(text, sizeof(text), "%u %u 1", (unsigned)uid, (unsigned)uid);
	if (spit("/proc/self/uid_map", text) < 0)
		return -1;
	snprintf(text, sizeof(text), "%u %u 1", (unsigned)gid, (unsigned)gid);
	return spit("/proc/self/gid_map", text);
}

/*
 * Programs that are run inside keep every capability although their user is not root: exec()
 * hands over the ambient set, which may hold what is permitted and inheritable.
 */
static int keep_capabilities(void)
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
	if (keep_capabilities() < 0)
		return refuse(e, "no capabilities inside a namespace", errno);
	if (use_capabilities() < 0)
		return refuse(e, "a network namespace cannot be used", errno);
	return 0;
}

/* The parent's next word; 0 when it has gone. */
static int hear(int sock, int parent)
{
	struct pollfd p[2] = {{.fd = sock, .events = POLLIN}, {.fd = parent, .events = POLLIN}};
	char word;

	while (poll(p, 2, -1) < 0)
		if (errno != EINTR)
			return 0;
	if (p[1].revents)
		return 0;
	return read(sock, &word, 1) == 1 ? word : 0;
}

/* Handlers and blocked signals are the parent's own affair. */
static void forget_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* libnftables takes and gives back 2 MiB for each ruleset; fetching them anew from the kernel each
 * time is a tenth of what a lab costs to set up. */
static void keep_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	mallopt(M_TOP_PAD, 4 << 20);
}

static void __attribute__((noreturn))
child(int (*fn)(void *), void *arg, int sock, int parent, bool user, uid_t uid, gid_t gid)
{
	struct err e = {0};
	int word, status;

	forget_signals();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || say(sock, WORD_ARMED) < 0)
		_exit(127);
	word = hear(sock, parent);
	if (!word)
		_exit(127);
	settle((enum word)word, user, uid, gid, &e);
	if (send(sock, &e, sizeof(e), MSG_NOSIGNAL) != sizeof(e) || e.kind != ERR_NONE ||
	    hear(sock, parent) != WORD_GO)
		_exit(127);
	close(sock);
	close(parent);
	keep_memory();
	status = fn(arg);
	fflush(NULL);
	_exit(status);
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
		if (slurp(path, ours, sizeof(ours)) < 0 ||
		    !map_identity(ours, text, sizeof(text)))
			return false;
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, files[i]);
		if (spit(path, text) < 0)
			return false;
	}
	return true;
}

/* clone() as fork(): the child goes on with a copy of this stack. Unlike unshare() it makes the
 * child itself PID 1, with no process in between that could die on its own. */
static pid_t clone_process(unsigned long flags, int *pidfd)
{
#if defined(__s390__)
	return (pid_t)syscall(SYS_clone, NULL, flags | CLONE_PIDFD | SIGCHLD, pidfd, NULL, 0);
#else
	return (pid_t)syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, pidfd, NULL, 0);
#endif
}

static ssize_t read_all(int fd, void *buf, size_t len)
{
	ssize_t n;

	do
		n = read(fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n;
}

/* The parent's half of the handshake. */
static int talk(int sock, pid_t pid, bool user, struct err *e)
{
	struct err said;
	char word;

	if (read_all(sock, &word, 1) != 1 || word != WORD_ARMED)
		return err_set(e, ERR_MACHINE, "a lab's process died before it began");
	if (say(sock, user && map_all(pid) ? WORD_MAPPED : WORD_MAP_YOURSELF) < 0 ||
	    read_all(sock, &said, sizeof(said)) != sizeof(said))
		return err_set(e, ERR_MACHINE, "a lab's process died while it settled");
	if (said.kind != ERR_NONE) {
		if (e)
			*e = said;
		return -1;
	}
	if (say(sock, WORD_GO) < 0)
		return err_set(e, ERR_MACHINE, "a lab's process died when it was about to begin");
	return 0;
}

int namespaces_start(int (*fn)(void *arg), void *arg, int *pidfd, struct err *e)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	bool user = true;
	int sock[2], self, error;
	pid_t pid;

	self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (self < 0)
		return err_sys(e, "pidfd_open (natdlab wants Linux 5.3 or newer)");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) < 0) {
		close(self);
		return err_sys(e, "socketpair");
	}
	fflush(NULL); /* or the child would print what is still in our buffers once more */
	pid = clone_process(SPACE_FLAGS | CLONE_NEWUSER, pidfd);
	if (pid < 0) {
		error = errno;
		user = false;
		pid = clone_process(SPACE_FLAGS, pidfd);
	}
	if (pid == 0) {
		close(sock[0]);
		child(fn, arg, sock[1], self, user, uid, gid);
	}
	close(sock[1]);
	close(self);
	if (pid < 0) {
		close(sock[0]);
		return refuse(e, "no namespaces can be made", error);
	}
	if (talk(sock[0], pid, user, e) < 0) {
		close(sock[0]);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(*pidfd);
		*pidfd = -1;
		return -1;
	}
	close(sock[0]);
	return pid;
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

int namespaces_start_plain(int (*fn)(void *arg), void *arg, int *pidfd, struct err *e)
{
	pid_t parent = getpid(), pid;
	int status;

	fflush(NULL);
	pid = clone_process(0, pidfd);
	if (pid < 0)
		return err_sys(e, "no process can be made for a lab");
	if (pid > 0)
		return pid;
	forget_signals();
	/* Asked after arming: a parent that died before is seen here, one that dies later is not
	 * survived. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(127);
	status = fn(arg);
	fflush(NULL);
	_exit(status);
}
