/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol section: the .symtab or .dynsym of a file, read where it lies, one symbol after the other.
 *
 *     symbol_sections_open --> section  --symbol_section_next * n-->  struct section_symbol
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/buffer.h"

struct debug_files;
struct elf_file;

struct symbol_section {
	const struct elf_file *binary; /* that knows which addresses are code */
	const struct elf_file *file;   /* that the section is of */
	const uint8_t *symbols;        /* as an ELF file of its class has them */
	size_t n;
	const char *names; /* each ends with a NUL */
	size_t names_bytes;
	bool is_64, is_arm, is_relocatable;
};

/* A function, or a label in code. */
struct section_symbol {
	uint64_t start_vaddr;
	uint64_t size_bytes; /* 0: it has none */
	uint32_t name_off;
	uint16_t section_i; /* that it is in */
	uint8_t info, other;
};

struct symbol_sections {
	struct symbol_section *list;
	size_t n;
	size_t capacity;
	struct elf_file *mini; /* what MiniDebugInfo was read from, or NULL */
	struct buffer mini_bytes;
};

/*
 * Find those of the binary and its debug file, which must outlive the result, for the zeroed
 * @ret_sections; where neither has a .symtab, also that of the binary's MiniDebugInfo. What is
 * damaged is passed over.
 *
 * Returns 0, -EFBIG if a section has more than any program's, or -ENOMEM.
 */
int symbol_sections_open(const struct debug_files *files, struct symbol_sections *ret_sections);

/* Works on a zeroed struct. */
void symbol_sections_fini(struct symbol_sections *sections);

/* Take the next symbol that may be of code, from number *@i on, which becomes that of the one
 * behind it. Returns false if there is none any more. */
bool symbol_section_next(const struct symbol_section *section, size_t *i,
			 struct section_symbol *ret_symbol);

/* The name of @symbol, or NULL if there is none to speak of. Borrowed from the file. */
const char *symbol_section_name(const struct symbol_section *section,
				const struct section_symbol *symbol);

/* Where @symbol ends: at most where its code does, and one without a size with the section that it
 * is in. 0: it starts in no code. */
uint64_t symbol_section_end(const struct symbol_section *section,
			    const struct section_symbol *symbol);
