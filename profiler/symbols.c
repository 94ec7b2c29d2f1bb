/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/symbols.h"

#include <errno.h>
#include <stdlib.h>

#include "unwind/symbol_file.h"

int symbols_new(struct symbol_file *file, uint32_t id, struct symbols **ret_symbols)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols) {
		symbol_file_free(file);
		return -ENOMEM;
	}
	atomic_init(&symbols->refs, 1);
	symbols->id = id;
	symbols->file = file;
	*ret_symbols = symbols;
	return 0;
}

struct symbols *symbols_ref(struct symbols *symbols)
{
	if (symbols)
		atomic_fetch_add(&symbols->refs, 1);
	return symbols;
}

struct symbols *symbols_unref(struct symbols *symbols)
{
	if (symbols && atomic_fetch_sub(&symbols->refs, 1) == 1) {
		symbol_file_free(symbols->file);
		free(symbols);
	}
	return NULL;
}
