/* SPDX-License-Identifier: MIT */
#include "lab/os/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_AARCH64
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(NATDLAB_NO_SANDBOX)
#undef AUDIT_ARCH_HERE
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#undef AUDIT_ARCH_HERE
#endif
#endif

#ifdef AUDIT_ARCH_HERE

/*
 * Allowed with any arguments. No fstat() of an open descriptor, with which fclose() and fseek()
 * begin: glibc 2.33 and later makes it newfstatat() with an empty path, and a filter cannot see
 * that the path is empty. The C library does without: where it is refused, it goes on as with
 * a file of unknown size.
 */
static const uint32_t allowed[] = {
	SYS_read, SYS_readv, SYS_pread64, SYS_write, SYS_writev, SYS_lseek, SYS_close,
	SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise,
	SYS_futex, SYS_sched_yield, SYS_getrandom,
	SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_rt_sigreturn, SYS_restart_syscall,
	SYS_clock_gettime, SYS_gettimeofday, /* where the vDSO has no clock */
	SYS_getpid, SYS_gettid, SYS_tgkill, /* abort() after a failed assert() */
	SYS_exit, SYS_exit_group,
};
/* Allowed when the third argument asks for no execution. */
static const uint32_t memory[] = {SYS_mmap, SYS_mprotect};
/* Allowed when the second argument is TCGETS: is this a terminal? */
#define TERMINAL SYS_ioctl

#define FILTER_MAX 80
struct filter {
	struct sock_filter v[FILTER_MAX];
	unsigned short n;
};

static void add(struct filter *f, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	assert(f->n < FILTER_MAX);
	f->v[f->n++] = (struct sock_filter){.code = code, .jt = jt, .jf = jf, .k = k};
}

static void load(struct filter *f, size_t offset)
{
	add(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void result(struct filter *f, uint32_t action)
{
	add(f, BPF_RET | BPF_K, action, 0, 0);
}

/* The low half of an argument, where protection bits lie. */
static size_t argument(unsigned i)
{
	return offsetof(struct seccomp_data, args) + i * sizeof(uint64_t);
}

static void build(struct filter *f)
{
	load(f, offsetof(struct seccomp_data, arch));
	add(f, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_HERE, 1, 0);
	result(f, SECCOMP_RET_KILL_PROCESS);
	load(f, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
		add(f, BPF_JMP | BPF_JEQ | BPF_K, allowed[i], 0, 1);
		result(f, SECCOMP_RET_ALLOW);
	}
	for (size_t i = 0; i < ARRAY_LEN(memory); i++) {
		add(f, BPF_JMP | BPF_JEQ | BPF_K, memory[i], 0, 4);
		load(f, argument(2));
		add(f, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0);
		result(f, SECCOMP_RET_ALLOW);
		result(f, SECCOMP_RET_ERRNO | EPERM);
	}
	add(f, BPF_JMP | BPF_JEQ | BPF_K, TERMINAL, 0, 3);
	load(f, argument(1));
	add(f, BPF_JMP | BPF_JEQ | BPF_K, TCGETS, 0, 1);
	result(f, SECCOMP_RET_ALLOW);
	result(f, SECCOMP_RET_ERRNO | EPERM);
}

bool sandbox_enter(void)
{
	static char out[BUFSIZ];
	struct filter f = {.n = 0};
	struct sock_fprog p = {.filter = f.v};

	/* Otherwise the C library would ask for the file's block size at the first word. */
	setvbuf(stdout, out, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, sizeof(out));
	build(&f);
	p.len = f.n;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &p) == 0;
}

#else

bool sandbox_enter(void)
{
	return false;
}

#endif
