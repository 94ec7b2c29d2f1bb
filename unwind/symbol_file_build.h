/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Building symbol files. Runs in a short-lived child of the resolver, which has a limit on memory
 * and time: nothing here is fast enough, or safe enough, for anywhere else.
 */

#include <stddef.h>
#include <stdint.h>

#include "unwind/symbol_build_report.h"

struct buffer;
struct debug_files;

enum symbol_depth {
	SYMBOL_FUNCTIONS, /* names from .symtab and .dynsym, and all of Go: milliseconds */
	SYMBOL_LINES,     /* also lines and inlined functions from DWARF: as long as it takes */
};

/*
 * Append the symbol file of what @files are of to @ret_bytes.
 *
 * Returns 0 and sets *@ret_report, or
 * -ENODATA  there is not one name in it (for SYMBOL_LINES: no DWARF at all),
 * -ENOMEM   out of memory,
 * -EFBIG    the result has more than the limit of @ret_bytes, or 4 GB.
 *
 * What of a file is damaged is passed over.
 */
int symbol_file_build(const struct debug_files *files, enum symbol_depth depth,
		      struct buffer *ret_bytes, struct symbol_build_report *ret_report);

#define KERNEL_RANGE_NAME "[kernel.kallsyms]" /* of all that is in no module */
#define BPF_RANGE_NAME    "[bpf]"             /* of programs that were loaded into it */

/* A module of the kernel, or the kernel itself: a range of addresses with a name. */
struct kernel_range {
	uint64_t start_addr;
	uint64_t end_addr;
	char name[64];  /* KERNEL_RANGE_NAME, "[module]", "[bpf]" */
	uint64_t slide; /* from the addresses in its file; */
	uint32_t file;  /* the number of that, 0 if there is none, or if nobody has sought it */
	uint32_t unused;
};

#define KERNEL_MAX_RANGES 8192 /* which the server is told of */

/*
 * Append the symbol file of the running kernel to @ret_bytes, from @text in the format of
 * /proc/kallsyms, and its ranges, sorted, to *@ret_ranges (owned by the caller: free()).
 *
 * Returns 0, -ENODATA if all addresses are hidden (kptr_restrict), -EBADMSG, -ENOMEM, or -EFBIG as
 * above.
 */
int symbol_file_build_kernel(const char *text, size_t text_bytes, struct buffer *ret_bytes,
			     struct kernel_range **ret_ranges, size_t *ret_n_ranges);
