/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/snapshot.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/dictionary.h"
#include "profiler/file_view.h"
#include "profiler/kernel_view.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "profiler/query_labels.h"
#include "profiler/store.h"
#include "profiler/symbol_cache.h"
#include "profiler/symbols.h"
#include "profiler/window.h"
#include "tests/unit/profiler/store_fixture.h"
#include "tests/unit/profiler/symbol_fixture.h"

DEFINE_CLEANUP(struct store *, store_free)

enum { N_READERS = 2, N_DICTIONARIES = 40, N_SECONDS = 10, N_SAMPLES = 20 };

/* cmocka may not be asked from other threads, so they note what went wrong. */
struct race {
	struct store *store;
	atomic_bool is_over;
	atomic_uint n_failed;
	atomic_uint n_queries;
};

static void holds_what_there_was(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(snapshot_fini) struct snapshot snapshot = { 0 };

	(void)state;
	store_fixture_add_sample(store, FIXTURE_START_NS);
	assert_int_equal(snapshot_init(store, FIXTURE_START_NS, INT64_MAX, &snapshot), 0);
	store_fixture_add_sample(store, FIXTURE_START_NS);
	assert_int_equal(snapshot.n_windows, 1);
	assert_int_equal(snapshot.windows[0].n_samples, 1);
	assert_int_equal(snapshot.windows[0].window->n_samples, 2);
	assert_int_equal(snapshot.n_dictionaries, 1);
	assert_int_equal(snapshot.dictionaries[0].n_frames, 3);
	assert_int_equal(snapshot.period_ns, FIXTURE_TICK_NS);
}

static void holds_only_windows_in_the_range(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(snapshot_fini) struct snapshot snapshot = { 0 };

	(void)state;
	for (int i = 0; i < 10; i++)
		store_fixture_add_sample(store, FIXTURE_START_NS + i * NS_PER_SECOND);
	assert_int_equal(snapshot_init(store, FIXTURE_START_NS + 3 * NS_PER_SECOND,
				       FIXTURE_START_NS + 5 * NS_PER_SECOND + 1, &snapshot),
			 0);
	assert_int_equal(snapshot.n_windows, 3);
}

/* As if veth lay at that address, for what is sampled in dictionary @number; 0: it is not loaded.
 */
static void sample_with_module(struct store *store, uint32_t number, uint64_t module_addr)
{
	const struct kernel_range ranges[] = {
		{ 0x1000, 0x2000, KERNEL_RANGE_NAME, 0, 0, 0 },
		{ module_addr, module_addr + 0x1000, "[veth]", 0, 0, 0 },
	};

	store_fixture_describe(store, number);
	assert_int_equal(store_name_kernel(store, NULL, ranges, module_addr ? 2 : 1), 0);
	store_fixture_add_sample(store, FIXTURE_START_NS + number);
}

static bool has_module(const struct snapshot_dictionary *dictionary, uint64_t addr)
{
	const struct kernel_range *range = kernel_view_find(dictionary->kernel, addr);

	return range && strcmp(range->name, "[veth]") == 0;
}

static void has_the_kernel_as_it_was_when_samples_were_taken(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(snapshot_fini) struct snapshot snapshot = { 0 };

	(void)state;
	sample_with_module(store, 2, 0x5000);
	sample_with_module(store, 3, 0x5000);
	sample_with_module(store, 4, 0x7000);
	sample_with_module(store, 5, 0);
	assert_int_equal(snapshot_init(store, 0, INT64_MAX, &snapshot), 0);
	assert_int_equal(snapshot.n_dictionaries, 4);
	assert_true(has_module(&snapshot.dictionaries[0], 0x5000));
	assert_true(has_module(&snapshot.dictionaries[1], 0x5000));
	assert_false(has_module(&snapshot.dictionaries[2], 0x5000));
	assert_true(has_module(&snapshot.dictionaries[2], 0x7000));
	assert_false(has_module(&snapshot.dictionaries[3], 0x7000));
}

static void forgets_the_oldest_kernels(void **state)
{
	enum { N_KERNELS = 8, N_PAST = 4 };
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(snapshot_fini) struct snapshot snapshot = { 0 };

	(void)state;
	for (uint32_t i = 0; i < N_KERNELS; i++)
		sample_with_module(store, 2 + i, 0x5000 + 0x1000 * i);
	assert_int_equal(snapshot_init(store, 0, INT64_MAX, &snapshot), 0);
	for (size_t i = 0; i < N_KERNELS; i++)
		assert_int_equal(has_module(&snapshot.dictionaries[i], 0x5000 + 0x1000 * i),
				 i + N_PAST + 1 >= N_KERNELS);
}

static void finds_files_as_they_are_now(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(snapshot_fini) struct snapshot snapshot = { 0 };
	_cleanup_(file_view_unrefp) struct file_view *before = NULL, *after = NULL;

	(void)state;
	assert_int_equal(snapshot_init(store, 0, 0, &snapshot), 0);
	before = snapshot_find_file(&snapshot, FIXTURE_FILE);
	assert_int_equal(store_name_file(store, FIXTURE_FILE, NAMES_FAILED, NULL), 0);
	after = snapshot_find_file(&snapshot, FIXTURE_FILE);
	assert_int_equal(before->state, NAMES_PENDING);
	assert_int_equal(after->state, NAMES_FAILED);
	assert_string_equal(after->path, "/usr/bin/api");
	assert_null(snapshot_find_file(&snapshot, FIXTURE_FILE + 1));
}

/* A name of as many bytes is taken in, which is too deep to be read. */
static void take_name(struct store *store, uint32_t id, size_t n_bytes)
{
	_cleanup_(snapshot_fini) struct snapshot snapshot = { 0 };
	const struct symbol_place *place;
	struct symbols *symbols;
	char *name = malloc(n_bytes + 1);

	assert_non_null(name);
	memset(name, 'P', n_bytes);
	memcpy(name, "_D1f", 4);
	name[n_bytes] = '\0';
	assert_int_equal(snapshot_init(store, FIXTURE_START_NS, INT64_MAX, &snapshot), 0);
	assert_int_equal(symbols_new(symbol_fixture_called(name), id, &symbols), 0);
	assert_int_equal(symbol_cache_find(snapshot.symbol_cache, symbols,
					   SYMBOL_FIXTURE_NAMESAKE_VADDR(0), &place),
			 0);
	symbols_unref(symbols);
	free(name);
}

/* Caches leave when they have grown large. */
static void counts_what_caches_refused_that_have_left(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	enum { N = 40, NAME_BYTES = 1000000 };
	struct store_status status;

	(void)state;
	for (uint32_t id = 0; id < N; id++)
		take_name(store, id, NAME_BYTES + id);
	store_get_status(store, &status);
	assert_int_equal(status.names_refused, N);
}

static bool profile_is_sound(const struct profile *profile)
{
	for (size_t i = 0; i < profile->n_samples; i++) {
		const struct profile_sample *sample = &profile->samples[i];

		if (sample->value != sample->count * FIXTURE_TICK_NS ||
		    profile->stacks[sample->stack].n_frames != 2)
			return false;
	}
	return true;
}

static bool read_once(struct store *store)
{
	struct query query = { FIXTURE_START_NS, INT64_MAX, NULL };
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	struct profile *profile = NULL;
	bool is_sound;

	if (query_run(store, &query, &profile) < 0)
		return false;
	is_sound = profile_is_sound(profile);
	profile_free(profile);
	return is_sound && query_label_values(store, &query, "thread", &text) == 0 &&
	       query_symbol(store, FIXTURE_FILE * FILE_SPAN_BYTES + symbol_fixture_call_off(),
			    &text) == 0;
}

static void *reader_main(void *context)
{
	struct race *race = context;

	do {
		atomic_fetch_add(&race->n_failed, read_once(race->store) ? 0 : 1);
		atomic_fetch_add(&race->n_queries, 1);
	} while (!atomic_load(&race->is_over));
	return NULL;
}

static void feed_stack(struct store *store, uint32_t stack)
{
	struct frame frames[] = { { FRAME_NATIVE, FIXTURE_FILE, symbol_fixture_call_off() },
				  { FRAME_UNMAPPED, 0, stack } };
	struct sample sample = {
		.value = FIXTURE_TICK_NS, .weight = 1, .thread = FIXTURE_THREAD, .stack = stack
	};

	assert_int_equal(store_add_stack(store, stack, frames, 2), 0);
	sample.time_unix_ns = FIXTURE_START_NS + stack % N_SECONDS * NS_PER_SECOND;
	assert_int_equal(store_add_samples(store, &sample, 1), 1);
}

static void feed_dictionary(struct store *store, uint32_t number)
{
	struct elf_description description;
	struct symbol_file *symbols;
	char name[16];

	store_fixture_describe(store, number);
	for (uint32_t i = 0; i < N_SECONDS * N_SAMPLES; i++) {
		snprintf(name, sizeof(name), "worker-%u", i % 7);
		assert_int_equal(store_add_thread(store, FIXTURE_THREAD, FIXTURE_PROCESS, 1, name),
				 0);
		feed_stack(store, 1000 + i);
	}
	symbol_fixture_make(false, &description, &symbols);
	assert_int_equal(store_describe_file(store, FIXTURE_FILE, &description), 0);
	assert_int_equal(store_name_file(store, FIXTURE_FILE, NAMES_FUNCTIONS, symbols), 0);
	if (number % 8 == 0)
		store_expire(store, FIXTURE_START_NS + 605 * NS_PER_SECOND);
}

static void is_read_by_two_threads_while_a_third_one_feeds(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	struct race race = { .store = store };
	pthread_t readers[N_READERS];

	(void)state;
	for (int i = 0; i < N_READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, reader_main, &race), 0);
	for (uint32_t i = 2; i < N_DICTIONARIES; i++)
		feed_dictionary(store, i);
	atomic_store(&race.is_over, true);
	for (int i = 0; i < N_READERS; i++)
		pthread_join(readers[i], NULL);
	assert_int_equal(atomic_load(&race.n_failed), 0);
	assert_true(atomic_load(&race.n_queries) >= N_READERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_what_there_was),
		cmocka_unit_test(holds_only_windows_in_the_range),
		cmocka_unit_test(has_the_kernel_as_it_was_when_samples_were_taken),
		cmocka_unit_test(forgets_the_oldest_kernels),
		cmocka_unit_test(finds_files_as_they_are_now),
		cmocka_unit_test(counts_what_caches_refused_that_have_left),
		cmocka_unit_test(is_read_by_two_threads_while_a_third_one_feeds),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
