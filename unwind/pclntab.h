/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pclntab: the table by which Go's runtime knows its functions, in every Go program, stripped or
 * not. The formats of Go 1.16 to 1.26 (internal/abi/symtab.go and runtime/symtab.go of Go).
 *
 *     pclntab_find ──► pclntab_function(i) ──► name, range, and a table of values by pc:
 *                                              pclntab_next_value × n
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"
#include "unwind/elf_content.h"

struct elf_file;

enum pclntab_version {
	PCLNTAB_1_16, /* also 1.17 */
	PCLNTAB_1_18, /* also 1.19 */
	PCLNTAB_1_20, /* and all since */
};

struct pclntab {
	enum pclntab_version version;
	struct elf_content content; /* from its header on */
	uint64_t text_vaddr;        /* what entries are relative to, from 1.18 on */
	uint8_t quantum;            /* bytes that all sizes of instructions are multiples of */
	uint32_t n_functions;
	struct byte_cursor names; /* each ends with a NUL */
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
	uint32_t sp_values; /* where its stack depths are in the values; 0 if it has none */
};

/*
 * Find the table of @file: in a section of its own, or, in a Go program without one, by its first
 * bytes. Returns false if there is none, or none that makes sense.
 */
bool pclntab_find(struct elf_file *file, struct pclntab *ret_table);

/* Returns false if function number @i makes no sense. */
bool pclntab_function(const struct pclntab *table, uint32_t i,
		      struct pclntab_function *ret_function);

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
