/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Go module: what Go's runtime keeps of a program beside its table of functions, in a variable
 * called moduledata (runtime/symtab.go of Go). Its first word points to the table; nothing points
 * to it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "unwind/pclntab_version.h"

struct elf_file;

struct go_module {
	uint64_t text_vaddr;     /* where the code starts */
	uint64_t funcdata_vaddr; /* what places of functions' data count from, or 0 */
};

/* The table of functions, by which its module is known. */
struct go_table_place {
	enum pclntab_version version;
	uint64_t elf_vaddr;   /* of its header */
	uint64_t names_vaddr; /* of the names in it */
};

/* Returns false if there is none in @file. */
bool go_module_find(struct elf_file *file, const struct go_table_place *table,
		    struct go_module *ret_module);
