/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol residents: the symbol files that have pages mapped in this process just now.
 *
 *     touch(a) touch(b) …      at most SYMBOL_RESIDENTS_MAX: the one that came first leaves
 *     tick … tick              nobody asked in between: all leave
 *
 * Pages of symbol files belong to the page cache, but count as memory of whoever has looked at
 * them. One that leaves loses nothing: whoever looks again finds its pages there. A zeroed struct
 * has none.
 */

#include <stdbool.h>
#include <stddef.h>

#define SYMBOL_RESIDENTS_MAX 32

struct symbols;

struct symbol_residents {
	struct symbols *symbols[SYMBOL_RESIDENTS_MAX]; /* held */
	size_t n;
	size_t oldest; /* if there is no more room */
	bool were_touched;
};

/* @symbols is about to be asked. */
void symbol_residents_touch(struct symbol_residents *residents, struct symbols *symbols);

/* Call it now and then. */
void symbol_residents_tick(struct symbol_residents *residents);

void symbol_residents_fini(struct symbol_residents *residents);
