/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernel file finder: where the running kernel's own file lies, and those of its modules, with
 * their debug information.
 *
 *     FOLDER/.build-id/xx/yyyy.debug        FOLDER is each --debug-dir, and /usr/lib/debug
 *     FOLDER/lib/modules/RELEASE/vmlinux
 *     FOLDER/boot/vmlinux-RELEASE
 *     /lib/modules/RELEASE/build/vmlinux, where kernels are built
 *
 *     FOLDER/.build-id/xx/yyyy.debug
 *     FOLDER/lib/modules/RELEASE/kernel/fs/fuse/fuse.ko.debug, or without .debug
 *     /lib/modules/RELEASE/kernel/fs/fuse/fuse.ko: `modules.dep` there tells the way
 *
 * It is the one that has the build id which the kernel says is its own, or the module's; of a file
 * that lies there no more is read here.
 */

#include "unwind/build_id.h"

struct kernel_file_finder {
	const char *const *folders; /* borrowed; ends with NULL, or is NULL */
	const char *modules;        /* borrowed: the folder with one for each release */
	const char *release;        /* borrowed: as uname(2) says */
	struct build_id build_id;   /* of the kernel */
};

#define KERNEL_MODULES_FOLDER "/lib/modules"

/* The build id of the kernel that runs. Returns 0, -ENODATA if it does not say, or -errno. */
int kernel_file_finder_read_build_id(struct build_id *ret_id);

/* As above, of the module that calls itself @name; @folder is that of what the kernel says of its
 * modules. */
int kernel_file_finder_read_module_build_id(const char *folder, const char *name,
					    struct build_id *ret_id);

#define KERNEL_MODULES_STATE "/sys/module"

/*
 * Returns a descriptor of the file, to be closed, and sets *@ret_path (owned by the caller:
 * free()), -ENOENT if there is none, or -ENOMEM.
 */
int kernel_file_finder_find(const struct kernel_file_finder *finder, char **ret_path);

/* As above, of the module that calls itself @name, and has that build id. */
int kernel_file_finder_find_module(const struct kernel_file_finder *finder, const char *name,
				   const struct build_id *build_id, char **ret_path);
