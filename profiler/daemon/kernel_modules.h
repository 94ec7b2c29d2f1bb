/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernel modules: the files of those that samples lie in, and where in the kernel these run.
 *
 *     /sys/module/NAME ─► build id ─► its file, with debug information     kernel_file_finder.h
 *                      ─► sections as they were loaded ─┐
 *                                     its file, open ───┴─► resolver ─► places
 *
 * A module may be unloaded at any time, and loaded again elsewhere; so all are looked at again
 * whenever the kernel's names have changed. What has no file, or no places, has the names that
 * kallsyms has.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/buffer.h"
#include "profiler/message.h"

struct binary_describer;
struct kernel_file_finder;
struct kernel_module;
struct kernel_range;
struct role_process;

#define KERNEL_MODULES_LIST "/proc/modules"

struct kernel_modules {
	struct role_process *resolver; /* borrowed, as are the next four */
	struct binary_describer *binaries;
	const struct kernel_file_finder *finder;
	const char *folder;            /* of what the kernel says of its modules */
	const char *list;              /* where it lists them; there is none if it can load none */
	struct buffer listed;          /* of that, as it was read last, "NAME ADDRESS\n" each */
	struct kernel_module *modules; /* as many as there are ranges in the kernel at most */
	size_t n, capacity;
};

/* Works on a zeroed struct. */
void kernel_modules_fini(struct kernel_modules *modules);

/* What has become of modules since this was asked last: nothing, if the list cannot be read. */
enum modules_change {
	MODULES_STAY,
	MODULES_COME,
	MODULES_GO, /* or lie elsewhere; others may have come, too */
};
enum modules_change kernel_modules_change(struct kernel_modules *modules);

/* A sample lies in @range, which is a module's: its file is wanted. Others have none. */
void kernel_modules_want(struct kernel_modules *modules, const struct kernel_range *range);

/* Look for the files that are wanted, and have the resolver say where they run. To be called every
 * second or so. */
void kernel_modules_look(struct kernel_modules *modules);

/* They may have changed, or the resolver has: look at all of them again. */
void kernel_modules_recheck(struct kernel_modules *modules);

/* Take what the resolver says. Returns whether it is news. */
bool kernel_modules_take(struct kernel_modules *modules, const struct message_module *message);

/* Tell the server of their files, unless that was done in this dictionary. Returns 0 or -errno. */
int kernel_modules_describe(struct kernel_modules *modules);

/* Append what @range consists of, struct kernel_range[], to @ranges: with their file where it is
 * known, else itself. */
void kernel_modules_append_ranges(const struct kernel_modules *modules,
				  const struct kernel_range *range, struct buffer *ranges);
