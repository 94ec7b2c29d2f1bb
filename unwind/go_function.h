/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Go function: what Go's own table says of its functions → functions of the symbol file.
 *
 *     pclntab_source ──► go_rows ──► lines
 *                           └──────► go_inlines ──► tree
 *
 * Go's compiler writes the same into DWARF, which may be stripped; this is what Go itself goes by.
 * So it is preferred to the DWARF of Go's units, which then are passed over.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file;
struct symbol_file_writer;

/* Whether there are functions of Go in @file. */
bool go_function_is_in(struct elf_file *file);

/*
 * Add all functions of Go in @file. What is damaged of them is passed over.
 *
 * Returns 0, -ENOMEM, or -EFBIG from the writer.
 */
int go_function_read_all(struct elf_file *file, struct symbol_file_writer *writer);

/* The same for the functions that are at one of @n addresses. */
int go_function_read_some(struct elf_file *file, const uint64_t *elf_vaddrs, size_t n,
			  struct symbol_file_writer *writer);
