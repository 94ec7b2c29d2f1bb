/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Opened files: debug files by their paths, for programs whose arguments they are.
 *
 *     ELF debug=PATH alternate=PATH package=PATH object=PATH ...
 */

#include "unwind/debug_files.h"

#define OPENED_FILES_MAX 64

struct opened_files {
	struct debug_files files;
	struct elf_file *elfs[OPENED_FILES_MAX];
	struct elf_file *objects[OPENED_FILES_MAX];
	int fds[OPENED_FILES_MAX];
	size_t n;
};

/* Open those @n files into the zeroed @opened. Returns 0, -EINVAL for what is no such argument, or
 * what open(2) and elf_file_open() say. */
int opened_files_open(struct opened_files *opened, char **paths, size_t n);

/* Works on a zeroed struct. */
void opened_files_fini(struct opened_files *opened);
