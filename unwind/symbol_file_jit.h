/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The symbol file of the code that a process makes at run time, from what its runtime tells of it.
 * Runs in a short-lived child of the resolver, as all building of symbol files.
 */

#include <stddef.h>

#define PERF_MAP_MAX_BYTES (64UL << 20) /* read of one: the last ones */

struct buffer;
struct jit_report;

/*
 * Append the symbol file to @ret_bytes, made of the perf maps and jitdumps @fds, which are told
 * apart by how they begin; what the later ones say of an address counts. Adds to *@report.
 *
 * Returns 0, -ENODATA if there is not one name in them, -ENOMEM, -EFBIG, or what pread(2)
 * says.
 */
int symbol_file_build_jit(const int *fds, size_t n_fds, struct buffer *ret_bytes,
			  struct jit_report *report);
