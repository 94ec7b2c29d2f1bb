/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol names: the functions by name of the symbol file that was last asked for one.
 *
 * Who reads code asks for one function of a program after the other, by names that were demangled:
 * the index of a file's names is made once for all of them. Any thread may ask.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "unwind/code_range.h"

struct name_index;
struct symbols;

struct symbol_names {
	pthread_mutex_t lock;    /* of what follows */
	struct symbols *symbols; /* held, or NULL */
	struct name_index *index;
	atomic_size_t bytes; /* in use */
};

void symbol_names_init(struct symbol_names *names);
void symbol_names_fini(struct symbol_names *names);

/*
 * The function in @symbols, which may be held for a while, called @name by the linker or when it is
 * demangled. Returns 0, -ESRCH if there is none, or -ENOMEM.
 */
int symbol_names_find(struct symbol_names *names, struct symbols *symbols, const char *name,
		      struct code_range *ret_range);
