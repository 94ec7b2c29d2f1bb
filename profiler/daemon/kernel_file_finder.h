/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernel file finder: where the running kernel's own file lies, with its debug information.
 *
 *     FOLDER/.build-id/xx/yyyy.debug        FOLDER is each --debug-dir, and /usr/lib/debug
 *     FOLDER/lib/modules/RELEASE/vmlinux
 *     FOLDER/boot/vmlinux-RELEASE
 *     /lib/modules/RELEASE/build/vmlinux, where kernels are built
 *
 * It is the one that has the build id which the kernel says is its own; of a file that lies there
 * no more is read here.
 */

#include "unwind/build_id.h"

struct kernel_file_finder {
	const char *const *folders; /* borrowed; ends with NULL, or is NULL */
	const char *release;        /* borrowed: as uname(2) says */
	struct build_id build_id;
};

/* The build id of the kernel that runs. Returns 0, -ENODATA if it does not say, or -errno. */
int kernel_file_finder_read_build_id(struct build_id *ret_id);

/*
 * Returns a descriptor of the file, to be closed, and sets *@ret_path (owned by the caller:
 * free()), -ENOENT if there is none, or -ENOMEM.
 */
int kernel_file_finder_find(const struct kernel_file_finder *finder, char **ret_path);
