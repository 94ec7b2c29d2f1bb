/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pclntab: the table by which Go's runtime knows its functions, in every Go program, stripped or
 * not. The formats of Go 1.16 to 1.27 (internal/abi/symtab.go and runtime/symtab.go of Go).
 *
 *     pclntab_find ──► pclntab_function(i) ──► name, range, and a table of values by pc:
 *                                              pclntab_next_value × n
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"
#include "unwind/elf_content.h"
#include "unwind/pclntab_version.h"

struct elf_file;
struct go_module;

struct pclntab {
	enum pclntab_version version;
	struct elf_content content; /* from its header on */
	uint64_t text_vaddr;        /* what entries are relative to, from 1.18 on */
	uint8_t quantum;            /* bytes that all sizes of instructions are multiples of */
	uint32_t n_functions;
	struct byte_cursor names; /* each ends with a NUL */
	struct byte_cursor units; /* for each of a unit's files, where it is in the files */
	struct byte_cursor files; /* each ends with a NUL */
	struct byte_cursor values;
	struct byte_cursor functions;
};

/* Bits of pclntab_function.flags; 1.16 has none of them, and 1.17 no PCLNTAB_ASSEMBLY. */
enum {
	PCLNTAB_TOP_FRAME = 1, /* the end of a stack, by design */
	PCLNTAB_SP_WRITE = 2,  /* sets the stack pointer to another stack's */
	PCLNTAB_ASSEMBLY = 4,
};

struct pclntab_function {
	uint64_t start_vaddr;
	uint64_t end_vaddr; /* where the next function starts, behind padding */
	const char *name;   /* borrowed from the file */
	uint8_t flags;
	uint32_t sp_values;  /* where its stack depths are in the values; 0 if it has none */
	uint64_t record_off; /* where the rest of it is, from the start of the functions */
};

/*
 * Find the table of @file: in a section of its own, or, in a Go program without one, by its first
 * bytes. Returns false if there is none, or none that makes sense.
 */
bool pclntab_find(struct elf_file *file, struct pclntab *ret_table);

/* The module of @table, which was found in @file. Returns false if there is none. */
bool pclntab_find_module(const struct pclntab *table, struct elf_file *file,
			 struct go_module *ret_module);

/* The name of a function, or of a source file, at @off of their kind. Or NULL. Borrowed from the
 * file. */
const char *pclntab_name(const struct pclntab *table, uint32_t off);
const char *pclntab_file(const struct pclntab *table, uint32_t off);

/* Returns false if function number @i makes no sense. */
bool pclntab_function(const struct pclntab *table, uint32_t i,
		      struct pclntab_function *ret_function);

/* The number of the function that has @elf_vaddr in it. Returns false if there is none. */
bool pclntab_find_function(const struct pclntab *table, uint64_t elf_vaddr, uint32_t *ret_i);

/* A walk through the values of a function. */
struct pclntab_walk {
	struct byte_cursor cursor;
	uint64_t next_vaddr;
	uint64_t end_vaddr;
	int32_t value;
	uint8_t quantum;
	bool has_started;
};

struct pclntab_walk pclntab_walk_from(const struct pclntab *table,
				      const struct pclntab_function *function, uint32_t values);

/* The next range of addresses, and what its value is. Returns false at the end. */
bool pclntab_next_value(struct pclntab_walk *walk, uint64_t *ret_start_vaddr, int32_t *ret_value);
