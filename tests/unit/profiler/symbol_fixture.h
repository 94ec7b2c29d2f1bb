/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol fixture: the names of the running test itself, for tests.
 *
 * symbol_fixture_outer() has symbol_fixture_inlined() inlined into it, and its address is known.
 */

#include <stdbool.h>
#include <stdint.h>

struct buffer;
struct elf_description;
struct symbol_file;

/*
 * Read this program, with lines and inlined functions or without. *@ret_symbols is owned by the
 * caller. Fails the test if it cannot.
 */
void symbol_fixture_make(bool with_lines, struct elf_description *ret_description,
			 struct symbol_file **ret_symbols);

/* Map the symbol file @bytes. Owned by the caller. */
struct symbol_file *symbol_fixture_map(const struct buffer *bytes);

/* Where in symbol_fixture_outer() the inlined function is: as an elf_vaddr, and in the file. */
uint64_t symbol_fixture_call_vaddr(void);
uint64_t symbol_fixture_call_off(void);
