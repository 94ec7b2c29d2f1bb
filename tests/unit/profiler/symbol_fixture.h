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
 * Read this program, with lines and inlined functions or without: the bytes of its symbol file, to
 * a zeroed buffer, or that file mapped. What is returned is owned by the caller. Fails the test if
 * it cannot.
 */
void symbol_fixture_build(bool with_lines, struct elf_description *ret_description,
			  struct buffer *ret_bytes);
void symbol_fixture_make(bool with_lines, struct elf_description *ret_description,
			 struct symbol_file **ret_symbols);

/* Map the symbol file @bytes. Owned by the caller. */
struct symbol_file *symbol_fixture_map(const struct buffer *bytes);

/* Where in symbol_fixture_outer() the inlined function is: as an elf_vaddr, and in the file. */
uint64_t symbol_fixture_call_vaddr(void);
uint64_t symbol_fixture_call_off(void);

/*
 * Three functions of one name, each at SYMBOL_FIXTURE_NAMESAKE_VADDR(i): 0 and 2 begin in the same
 * line of a.c, 1 in that of b.c. Owned by the caller.
 */
#define SYMBOL_FIXTURE_NAMESAKE_VADDR(i) (0x1000 + 0x100 * (i))
struct symbol_file *symbol_fixture_namesakes(void);

/* One function of that name, at SYMBOL_FIXTURE_NAMESAKE_VADDR(0). Owned by the caller. */
struct symbol_file *symbol_fixture_called(const char *name);
