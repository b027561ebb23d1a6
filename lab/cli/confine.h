/* SPDX-License-Identifier: MIT */
/* confine.h - the verbs that only read and print give up everything else. */
#ifndef NATDLAB_CLI_CONFINE_H
#define NATDLAB_CLI_CONFINE_H

/*
 * To be called when all files are open and all threads run, and before the first byte of a file is
 * looked at; by who hashes or encrypts, after crypto_prepare(). Enters the sandbox
 * (lab/os/sandbox.h). Where the kernel has none, the verb goes on without.
 */
void confine(void);

#endif
