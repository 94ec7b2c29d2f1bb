/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Store process: what the store is told of a process.
 */

#include <stdint.h>

struct store_process {
	uint32_t process; /* number */
	uint32_t pid;
	const char *comm; /* copied, as are the others; any bytes but NUL */
	const char *exe;  /* "" for a kernel thread */
	const char *cgroup;
};
