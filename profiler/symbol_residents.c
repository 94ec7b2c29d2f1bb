/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/symbol_residents.h"

#include "profiler/symbols.h"
#include "unwind/symbol_file.h"

static void leave(struct symbols *symbols)
{
	symbol_file_rest(symbols->file);
	symbols_unref(symbols);
}

void symbol_residents_touch(struct symbol_residents *residents, struct symbols *symbols)
{
	struct symbols **slot;

	residents->were_touched = true;
	for (size_t i = 0; i < residents->n; i++) {
		if (residents->symbols[i] == symbols)
			return;
	}
	if (residents->n < SYMBOL_RESIDENTS_MAX) {
		slot = &residents->symbols[residents->n++];
	} else {
		slot = &residents->symbols[residents->oldest];
		residents->oldest = (residents->oldest + 1) % SYMBOL_RESIDENTS_MAX;
		leave(*slot);
	}
	*slot = symbols_ref(symbols);
}

void symbol_residents_fini(struct symbol_residents *residents)
{
	for (size_t i = 0; i < residents->n; i++)
		leave(residents->symbols[i]);
	*residents = (struct symbol_residents){ 0 };
}

void symbol_residents_tick(struct symbol_residents *residents)
{
	if (residents->were_touched)
		residents->were_touched = false;
	else
		symbol_residents_fini(residents);
}
