/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Name index: the functions of a symbol file by their names, the linker's and the readable ones.
 *
 *     symbol file  --name_index_new-->  all names demangled, once
 *     name         --name_index_find-->  function
 *
 * It takes 8 bytes a name, and reads the file anew when it is asked.
 */

#include <stdbool.h>
#include <stddef.h>

#include "unwind/code_range.h"

/* More names are not found: no program that people wrote has a quarter of them. */
#define NAME_INDEX_MAX_NAMES (1 << 22)

/* CPU time for demangling, enough for a million names that people wrote. What is left then is found
 * by the linker's name only. */
#define NAME_INDEX_MAX_MS 4000

/* Of those whose names have one checksum, so many are looked at: of as many as there may be, other
 * than by intent, hardly three have. Behind them nothing is found. */
#define NAME_INDEX_MAX_NAMESAKES 64

struct name_index;
struct symbol_file;

/* Returns 0 and sets *@ret_index (owned by the caller), or -ENOMEM. Slow: looks at all names. */
int name_index_new(const struct symbol_file *file, struct name_index **ret_index);

/* Accepts NULL. Always returns NULL. */
struct name_index *name_index_free(struct name_index *index);

/*
 * The function called @name by the linker, else the first called so when it is demangled. @file is
 * that of which the index was made. Returns whether there is one.
 */
bool name_index_find(const struct name_index *index, const struct symbol_file *file,
		     const char *name, struct code_range *ret_range);

/* Memory in use. */
size_t name_index_bytes(const struct name_index *index);
