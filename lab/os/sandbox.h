/* SPDX-License-Identifier: MIT */
/*
 * sandbox.h - what a process gives up before it reads a stranger's bytes.
 *
 * `inspect`, `check`, `plan` and `modes` need nothing of the kernel but to read what is open, to
 * write, and memory. A fault in a parser should give an attacker no more than that: no file, no
 * socket, no program.
 */
#ifndef NATDLAB_OS_SANDBOX_H
#define NATDLAB_OS_SANDBOX_H

#include "lab/base/base.h"

/*
 * From now on, and for ever, all threads of this process can read and write open descriptors, seek
 * in them and close them, get and give back memory that is not executable, wait for each other,
 * handle signals, draw random bytes, look at clocks and end. Every other system call fails with
 * EPERM. What is needed besides (files, running threads) must be there before the call; standard
 * output is given its buffer here.
 *
 * False where nothing was given up: the kernel has no seccomp filters, the processor is one whose
 * system calls are not known here, or the program was built with a sanitizer, whose own calls are
 * many.
 */
bool sandbox_enter(void);

#endif
