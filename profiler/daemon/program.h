/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Program: the command that `record` runs. It is forked before we give up privileges, and held back
 * until everything is ready to sample it.
 */

#include <stdbool.h>
#include <sys/types.h>

struct program {
	pid_t pid;
	int pid_fd;   /* readable when it has ended */
	int go_fd;    /* a byte lets it run; to close it ends it */
	int error_fd; /* tells why it cannot be run */
};

/* Fork. Nothing is executed yet. Returns 0 or -errno. */
int program_prepare(char *const args[], struct program *ret_program);

/* Let it run. Returns 0, or -errno of execvp(3): -ENOENT if it cannot be found. */
int program_go(struct program *program);

/* Wait for its end. Returns what a shell would: its exit status, or 128 + the signal. */
int program_wait(struct program *program);

/* Works on one that was never prepared: a zeroed struct with pid 0. Ends one that never ran. */
void program_fini(struct program *program);

/* 127 for a program that cannot be found, 126 for one that cannot be run. */
int program_exit_status_of_error(int error);
