/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_writer.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/history_moments.h"
#include "profiler/history_translator.h"
#include "profiler/history_windows.h"
#include "profiler/snapshot.h"
#include "profiler/window.h"

/* What will be one window. */
struct draft {
	struct history_draft window;
	size_t entry_capacity;
	struct window_moment *moments;
	size_t n_moments;
	size_t moment_capacity;
};

struct drafts {
	struct draft *drafts;
	size_t n_drafts;
	size_t capacity;
};

static void drafts_fini(struct drafts *drafts)
{
	for (size_t i = 0; i < drafts->n_drafts; i++) {
		free(drafts->drafts[i].window.entries);
		free(drafts->drafts[i].moments);
	}
	free(drafts->drafts);
}

/* Samples come nearly in order, so it is nearly always the last one. */
static int drafts_find(struct drafts *drafts, int64_t start_unix_s, uint32_t type,
		       struct draft **ret_draft)
{
	int r;

	for (size_t i = drafts->n_drafts; i-- > 0;) {
		struct draft *draft = &drafts->drafts[i];

		if (draft->window.start_unix_s == start_unix_s && draft->window.type == type) {
			*ret_draft = draft;
			return 0;
		}
	}
	r = array_reserve((void **)&drafts->drafts, &drafts->capacity, drafts->n_drafts + 1,
			  sizeof(*drafts->drafts));
	if (r < 0)
		return r;
	*ret_draft = &drafts->drafts[drafts->n_drafts++];
	**ret_draft = (struct draft){ .window = { .start_unix_s = start_unix_s, .type = type } };
	return 0;
}

static int draft_add(struct draft *draft, const struct window_entry *entry,
		     const struct window_sample *sample)
{
	struct history_draft *window = &draft->window;
	int r = array_reserve((void **)&window->entries, &draft->entry_capacity,
			      window->n_entries + 1, sizeof(*window->entries));

	if (r == 0)
		r = array_reserve((void **)&draft->moments, &draft->moment_capacity,
				  draft->n_moments + 1, sizeof(*draft->moments));
	if (r < 0)
		return r;
	window->entries[window->n_entries++] = *entry;
	if (entry->count)
		draft->moments[draft->n_moments++] = (struct window_moment){
			.thread = entry->thread,
			.stack = entry->stack,
			.second = entry->second,
			.off_ns = sample->time_off_ns,
			.cpu = sample->cpu,
			.count = entry->count,
		};
	return 0;
}

static int64_t floor_of(int64_t value, int64_t step)
{
	return value - ((value % step) + step) % step;
}

/* Add one sample of a window of the store's, which is one second. */
static int drafts_add(struct drafts *drafts, struct history_translator *translator,
		      const struct snapshot_window *held, const struct window_sample *sample)
{
	int64_t unix_s = held->window->start_unix_ns / NS_PER_SECOND;
	struct window_entry entry = { .count = sample->weight, .value = sample->value };
	struct draft *draft = NULL;
	int r;

	r = history_translator_thread(translator, held->dictionary_i, sample->thread,
				      &entry.thread);
	if (r == 0)
		r = history_translator_stack(translator, held->dictionary_i, sample->stack,
					     &entry.stack);
	if (r == 0)
		r = drafts_find(drafts, floor_of(unix_s, HISTORY_FIRST_SPAN_S), sample->kind,
				&draft);
	if (r < 0)
		return r;
	entry.second = (uint32_t)(unix_s - draft->window.start_unix_s);
	return draft_add(draft, &entry, sample);
}

static int drafts_add_window(struct drafts *drafts, struct history_translator *translator,
			     const struct snapshot_window *held)
{
	const struct window_block *block = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < held->n_samples; i++) {
		if (i % WINDOW_BLOCK_SAMPLES == 0)
			block = block ? block->next : held->window->first;
		if (i >= held->first_sample)
			r = drafts_add(drafts, translator, held,
				       &block->samples[i % WINDOW_BLOCK_SAMPLES]);
	}
	return r;
}

static int draft_write(struct draft *draft, struct database *database)
{
	const struct history_draft *window = &draft->window;
	int r = history_windows_add(database, window);

	return r < 0 ? r
		     : history_moments_add(database, window->type, window->start_unix_s,
					   draft->moments, draft->n_moments);
}

int history_writer_add(struct database *database, struct history_translator *translator,
		       const struct snapshot *snapshot, uint64_t *ret_n_samples)
{
	_cleanup_(drafts_fini) struct drafts drafts = { 0 };
	uint64_t n_samples = 0;
	int r = history_translator_begin(translator, snapshot);

	for (size_t i = 0; r == 0 && i < snapshot->n_windows; i++) {
		const struct snapshot_window *held = &snapshot->windows[i];

		r = drafts_add_window(&drafts, translator, held);
		n_samples += held->n_samples - held->first_sample;
	}
	for (size_t i = 0; r == 0 && i < drafts.n_drafts; i++) {
		struct draft *draft = &drafts.drafts[i];

		draft->window.period = (uint64_t)snapshot->period_ns;
		r = draft_write(draft, database);
	}
	if (r == 0)
		*ret_n_samples = n_samples;
	return r;
}
