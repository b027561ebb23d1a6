/* SPDX-License-Identifier: MIT */
/*
 * A lab's process and its namespaces: what it may do in there, that nothing is left of it however
 * it ends, that the host is not touched, and what is said where namespaces are refused.
 */
#include "tests/lab/lab.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* ---- what it may do ---- */

/* The first line that a program prints. */
static int ask_program(const char *command, char *line, int cap)
{
	FILE *f = popen(command, "r");

	CHECK(f && fgets(line, cap, f));
	CHECK(pclose(f) == 0);
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

static uid_t callers_uid;
static gid_t callers_gid;

static int rights_inside(void *arg)
{
	char line[200], own[32];

	(void)arg;
	CHECK(getpid() == 1);
	CHECK(getuid() == callers_uid && getgid() == callers_gid);
	CHECK(namespaces_keep_capabilities() == 0);
	/* Programs started in here have them as well, although their user is not root. */
	CHECK(ask_program("id -u", line, sizeof(line)) == 0);
	snprintf(own, sizeof(own), "%u", (unsigned)callers_uid);
	CHECK(strcmp(line, own) == 0);
	CHECK(ask_program("grep -c '^Cap[EPA].*000001ffffffffff' /proc/self/status", line,
			  sizeof(line)) == 0);
	CHECK(strcmp(line, "3") == 0); /* effective, permitted, ambient: the kernel's 41 */
	CHECK(ask_program("ip link add dummy type veth peer name other && echo made", line,
			  sizeof(line)) == 0);
	CHECK(strcmp(line, "made") == 0);
	/* Mounts are our own affair. */
	CHECK(mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
	return 0;
}

static void a_lab_is_pid_1_with_the_callers_uid_and_every_capability(void **state)
{
	(void)state;
	callers_uid = geteuid();
	callers_gid = getegid();
	in_lab(rights_inside, NULL);
}

static int other_users_exist(void *arg)
{
	(void)arg;
	CHECK(setgroups(0, NULL) == 0);
	CHECK(setresgid(1234, 1234, 1234) == 0 && setresuid(1234, 1234, 1234) == 0);
	return 0;
}

static void a_lab_of_root_has_all_users(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		printf("# only root can map other users\n");
		skip();
	}
	in_lab(other_users_exist, NULL);
}

static void on_signal(int sig)
{
	(void)sig;
}

static int signals_are_forgotten(void *arg)
{
	struct sigaction sa;
	sigset_t blocked;

	(void)arg;
	CHECK(sigprocmask(SIG_SETMASK, NULL, &blocked) == 0 && sigisemptyset(&blocked));
	CHECK(sigaction(SIGUSR1, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL);
	return 0;
}

static void a_lab_does_not_inherit_signal_handlers(void **state)
{
	sigset_t set, old;

	(void)state;
	signal(SIGUSR1, on_signal);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	in_lab(signals_are_forgotten, NULL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGUSR1, SIG_DFL);
}

/* ---- nothing is left ---- */

/* A lab that lives: the article's network, and a program that has detached itself. */
struct life {
	struct net net;
	int alive[2];           /* a pipe whose writing end every process of it holds */
	volatile pid_t *lab;	/* shared: set once namespaces_start() has returned */
};

static int live(void *arg)
{
	struct life *life = arg;
	struct err e = {0};

	if (fork() == 0) {
		setsid();
		if (fork() == 0)
			for (;;)
				pause();
		_exit(0);
	}
	life->net.g = netns_build(life->net.a, life->net.plan, &e);
	if (life->net.g && netns_taps_open(life->net.g, &e) == 0)
		for (;;)
			pause();
	return 1;
}

static pid_t start_parent(struct life *life)
{
	pid_t parent = fork();

	if (parent == 0) {
		const struct child_fd alive = {life->alive[1], life->alive[1]};
		struct child lab;
		int rc;

		close(life->alive[0]);
		rc = namespaces_start(&lab, &alive, 1, live, life, NULL);
		close(life->alive[1]);
		*life->lab = rc ? -1 : lab.pid;
		for (;;)
			pause();
	}
	close(life->alive[1]);
	return parent;
}

/* All who held the pipe's writing end are gone: within @ms, or not. */
static bool all_gone(int fd, int ms)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, ms) == 1 && p.revents & POLLHUP;
}

/* Lives for @life_us microseconds; then the parent, or the lab itself, is killed. */
static int kill_once(struct life *life, unsigned life_us, bool the_lab)
{
	struct timespec t = {.tv_nsec = life_us * 1000L};
	struct pollfd p;
	pid_t parent;
	bool gone;

	*life->lab = 0;
	CHECK(pipe(life->alive) == 0);
	parent = start_parent(life);
	p = (struct pollfd){.fd = life->alive[0]};
	ppoll(&p, 1, &t, NULL);
	if (the_lab && *life->lab > 0) {
		kill(*life->lab, SIGKILL);
		gone = all_gone(life->alive[0], 5000);
		kill(parent, SIGKILL);
	} else {
		kill(parent, SIGKILL);
		gone = all_gone(life->alive[0], 5000);
	}
	waitpid(parent, NULL, 0);
	close(life->alive[0]);
	CHECK(gone);
	return 0;
}

static int set_limit(const char *what, unsigned value)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", what);
	f = fopen(path, "w");
	CHECK(f);
	fprintf(f, "%u", value);
	CHECK(fclose(f) == 0);
	return 0;
}

static int build_and_leave(void *arg)
{
	struct life *life = arg;
	struct err e = {0};

	life->net.g = netns_build(life->net.a, life->net.plan, &e);
	return !life->net.g;
}

/*
 * Nothing is left in the kernel either: with the limits set to what one lab needs besides the
 * present one, a lab can be made. The kernel takes namespaces away in its own time, those of an
 * attempt that failed too, one after the other for the whole machine: where others build labs, too,
 * that may take long. So it is tried again after longer and longer pauses, for a minute and more.
 */
static int room_for_one_lab(struct life *life)
{
	struct err e = {0};

	CHECK(set_limit("net", 1 + 6) == 0 && set_limit("pid", 2) == 0);
	CHECK(set_limit("mnt", 2) == 0 && set_limit("user", 1) == 0);
	for (int pause_ms = 50; pause_ms < 60000; pause_ms *= 2) {
		struct child c;

		poll(NULL, 0, pause_ms);
		/* We are PID 1, who inherits the dead; unburied they keep their namespaces. */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;

		if (!namespaces_start(&c, NULL, 0, build_and_leave, life, &e) && ended_well(&c))
			return 0;
	}
	fprintf(stderr, "# namespaces are left: %s\n", e.text);
	return 1;
}

#define KILLS 60

static int kill_and_look(void *arg)
{
	struct life *life = arg;

	life->lab = mmap(NULL, sizeof(*life->lab), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(life->lab != MAP_FAILED);
	srand(1);
	/* Namespaces are made, links placed, rules loaded in the first ten milliseconds. */
	for (int i = 0; i < KILLS; i++)
		CHECK(kill_once(life, (unsigned)rand() % 12000, i % 2) == 0);
	return room_for_one_lab(life);
}

static void nothing_is_left_when_anybody_is_killed_at_any_moment(void **state)
{
	struct life life;

	(void)state;
	need_labs();
	life.net = net_plan(ARTICLE);
	in_lab(kill_and_look, &life);
	arena_free(life.net.a);
}

/* ---- the host ---- */

static char *host_state(void)
{
	static const char *const commands =
		"ip -j link; ip -j addr; ip -j route show table all; ip -j rule; ip -j neigh; "
		"nft list ruleset 2>&1; ls /run/netns 2>&1; cat /proc/mounts; "
		"cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/rp_filter "
		"/proc/sys/net/netfilter/nf_conntrack_acct 2>&1";
	FILE *f = popen(commands, "r");
	char *text = NULL;
	size_t len = 0;

	assert_non_null(f);
	assert_true(getdelim(&text, &len, '\0', f) > 0);
	pclose(f);
	return text;
}

static int use_network(struct net *n)
{
	int client = udp(n, "client", 500), server = udp(n, "server", 500);
	struct err e = {0};

	CHECK(udp_send(client, ep("203.0.113.10", 500), 10) && udp_recv(server, NULL) == 10);
	CHECK_OK(netns_conntrack_age(n->g, SEC, &e), &e);
	return 0;
}

static void the_hosts_network_is_not_touched(void **state)
{
	char *before, *after;

	(void)state;
	need_labs();
	before = host_state();
	on_network(ARTICLE, use_network);
	after = host_state();
	assert_string_equal(after, before);
	free(before);
	free(after);
}

/* ---- refusals ---- */

/* No rights of one's own any more. */
static int become_ordinary(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}, {0}};

	if (geteuid() == 0)
		CHECK(setresgid(1000, 1000, 1000) == 0 && setresuid(1000, 1000, 1000) == 0);
	CHECK(syscall(SYS_capset, &head, none) == 0);
	CHECK(prctl(PR_SET_DUMPABLE, 1) == 0); /* /proc/self is ours again, as after exec() */
	return 0;
}

static int install_filter(const struct sock_fprog *prog)
{
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, prog) == 0);
	return 0;
}

/* clone() is not permitted, and clone3(), whose flags a filter cannot see, not there: as Docker has
 * it. */
static int forbid_clone(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {.len = ARRAY_LEN(code), .filter = code};

	return install_filter(&prog);
}

/* As if this kernel had a setting: a file system laid over the kernel's own settings. */
static int pretend_setting(const char *name, const char *value)
{
	char path[100];
	FILE *f;

	CHECK(mount("none", "/proc/sys/kernel", "tmpfs", 0, "mode=755") == 0);
	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	f = fopen(path, "w");
	CHECK(f);
	fputs(value, f);
	CHECK(fclose(f) == 0);
	return 0;
}

static int no_user_namespaces(void)
{
	CHECK(set_limit("user", 0) == 0);
	return become_ordinary();
}

static int no_network_namespaces(void)
{
	CHECK(set_limit("net", 0) == 0);
	return become_ordinary();
}

static int no_clone(void)
{
	CHECK(become_ordinary() == 0);
	return forbid_clone();
}

static int on_ubuntu(void)
{
	CHECK(pretend_setting("apparmor_restrict_unprivileged_userns", "1\n") == 0);
	return no_clone();
}

static int on_old_debian(void)
{
	CHECK(pretend_setting("unprivileged_userns_clone", "0\n") == 0);
	return no_clone();
}

/* As on a kernel without netfilter: no such protocol. */
static int no_netfilter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NETLINK_NETFILTER, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {.len = ARRAY_LEN(code), .filter = code};

	return install_filter(&prog);
}

static const struct refusal {
	int (*cause)(void);
	const char *reason, *remedy;
} refusals[] = {
	{no_netfilter, "b: ruleset: netfilter netlink: Protocol not supported",
	 "to enable them: sudo modprobe -a "},
	{no_user_namespaces, "user.max_user_namespaces = 0",
	 "to enable them: sudo sysctl -w user.max_user_namespaces="},
	{no_network_namespaces, "user.max_net_namespaces = 0",
	 "to enable them: sudo sysctl -w user.max_net_namespaces="},
	{no_clone, "seccomp", "to enable them: docker run --security-opt seccomp=unconfined"},
	{on_ubuntu, "AppArmor",
	 "to enable them: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run "
	 "natdlab with sudo"},
	{on_old_debian, "kernel.unprivileged_userns_clone = 0",
	 "to enable them: sudo sysctl -w kernel.unprivileged_userns_clone=1, or run natdlab with "
	 "sudo"},
};

static int refused_with_remedy(void *arg)
{
	const struct refusal *r = arg;
	struct err e = {0};

	CHECK(r->cause() == 0);
	CHECK(namespaces_try(&e) < 0);
	fprintf(stderr, "# %s\n", e.text);
	CHECK(e.kind == ERR_MACHINE);
	CHECK(strstr(e.text, r->reason) && strstr(e.text, r->remedy));
	CHECK(!strchr(e.text, '\n')); /* one line, which `backend:` prints */
	return 0;
}

static void a_refusal_names_its_cause_and_the_remedy(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		in_lab(refused_with_remedy, (void *)(uintptr_t)&refusals[i]);
}

static int without_user_namespace(void *arg)
{
	struct net *n = arg;
	struct child c;
	struct err e = {0};

	CHECK(set_limit("user", 0) == 0);
	CHECK_OK(namespaces_start(&c, NULL, 0, net_run, n, &e), &e);
	CHECK(ended_well(&c));
	return 0;
}

static void who_has_the_rights_does_without_a_user_namespace(void **state)
{
	struct net n;

	(void)state;
	need_labs();
	n = net_plan(ARTICLE);
	n.body = use_network;
	in_lab(without_user_namespace, &n);
	arena_free(n.a);
}

static int no_rights_in_there(void *arg)
{
	struct err e = {0};

	(void)arg;
	CHECK(become_ordinary() == 0);
	CHECK(namespaces_unshare_net(&e) < 0 && e.kind == ERR_MACHINE);
	return 0;
}

static void a_network_namespace_needs_rights(void **state)
{
	(void)state;
	in_lab(no_rights_in_there, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lab_is_pid_1_with_the_callers_uid_and_every_capability),
		cmocka_unit_test(a_lab_of_root_has_all_users),
		cmocka_unit_test(a_lab_does_not_inherit_signal_handlers),
		cmocka_unit_test(nothing_is_left_when_anybody_is_killed_at_any_moment),
		cmocka_unit_test(the_hosts_network_is_not_touched),
		cmocka_unit_test(a_refusal_names_its_cause_and_the_remedy),
		cmocka_unit_test(who_has_the_rights_does_without_a_user_namespace),
		cmocka_unit_test(a_network_namespace_needs_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
