/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * File fence: which files a process may open from now on, whatever their permissions say.
 *
 * By Landlock (landlock(7)), in Linux since 5.13, where the host has it enabled. What is open
 * already stays open; nothing is executed any more.
 */

#include <stdbool.h>

struct file_gate {
	const char *path; /* a file, or a folder with all that is below it */
	bool may_write;   /* and make, rename and remove files there, beside reading */
};

/* Returns 0 if there is Landlock here, or -ENOSYS or -EOPNOTSUPP. */
int file_fence_probe(void);

/*
 * Open no files any more, but through @gates, which end with one without a path. Those that are not
 * there are left out; links are followed. The process must have no_new_privs.
 *
 * Returns 0, as above, or -errno: then nothing has changed.
 */
int file_fence_raise(const struct file_gate *gates);
