/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/listing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/file_view.h"
#include "profiler/query.h"
#include "profiler/store.h"
#include "profiler/symbol_cache.h"
#include "tests/unit/profiler/store_fixture.h"
#include "tests/unit/profiler/symbol_fixture.h"

#define N_SAMPLES  3
#define OUTER      "symbol_fixture_outer"
#define OTHER_FILE 6

static const struct query everything = { FIXTURE_START_NS, INT64_MAX, NULL };

struct fixture {
	struct store *store;
	struct elf_description description;
};

/* The stack 31 leads twice through symbol_fixture_outer(), which runs on top of it. */
static int set_up(void **state)
{
	static struct fixture fixture;
	struct frame frames[] = {
		{ FRAME_NATIVE, FIXTURE_FILE, symbol_fixture_call_off() },
		{ FRAME_NATIVE, FIXTURE_FILE, 0x40 },
		{ FRAME_NATIVE, FIXTURE_FILE, symbol_fixture_call_off() },
	};
	struct sample sample = { .time_unix_ns = FIXTURE_START_NS,
				 .value = FIXTURE_TICK_NS,
				 .weight = 1,
				 .thread = FIXTURE_THREAD,
				 .stack = 31 };
	struct symbol_file *symbols;

	fixture.store = store_fixture_new();
	symbol_fixture_make(true, &fixture.description, &symbols);
	assert_true(fixture.description.build_id.n_bytes > 0);
	assert_int_equal(store_describe_file(fixture.store, FIXTURE_FILE, &fixture.description), 0);
	assert_int_equal(store_name_file(fixture.store, FIXTURE_FILE, NAMES_LINES, symbols), 0);
	assert_int_equal(store_add_stack(fixture.store, 31, frames, 3), 0);
	for (int i = 0; i < N_SAMPLES; i++)
		assert_int_equal(store_add_samples(fixture.store, &sample, 1), 1);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	store_free(fixture->store);
	return 0;
}

static struct listing_target target_of(const struct fixture *fixture, const char *function)
{
	return (struct listing_target){ .build_id = fixture->description.build_id,
					.function = function };
}

static void finds_a_function_by_name_and_by_address(void **state)
{
	struct fixture *fixture = *state;
	struct listing_target target = target_of(fixture, OUTER);
	struct listing by_name = { 0 }, by_address = { 0 };

	assert_int_equal(listing_find(fixture->store, &target, &by_name), 0);
	assert_in_range(symbol_fixture_call_vaddr(), by_name.range.start_vaddr,
			by_name.range.end_vaddr - 1);
	target = target_of(fixture, NULL);
	target.elf_vaddr = symbol_fixture_call_vaddr();
	assert_int_equal(listing_find(fixture->store, &target, &by_address), 0);
	assert_int_equal(by_address.range.start_vaddr, by_name.range.start_vaddr);
	assert_int_equal(by_address.range.end_vaddr, by_name.range.end_vaddr);
	assert_int_equal(by_address.view->number, FIXTURE_FILE);
	listing_fini(&by_name);
	listing_fini(&by_address);
}

static void says_what_it_does_not_find(void **state)
{
	struct fixture *fixture = *state;
	struct listing_target target = target_of(fixture, "no_such_function");
	struct listing listing = { 0 };

	assert_int_equal(listing_find(fixture->store, &target, &listing), -ESRCH);
	listing_fini(&listing);
	target = target_of(fixture, NULL);
	assert_int_equal(listing_find(fixture->store, &target, &listing), -ESRCH);
	listing_fini(&listing);
	target.build_id.bytes[0] ^= 1;
	assert_int_equal(listing_find(fixture->store, &target, &listing), -ENOENT);
	listing_fini(&listing);
}

static void says_that_names_are_pending_or_missing(void **state)
{
	struct fixture *fixture = *state;
	struct elf_description description = fixture->description;
	struct listing listing = { 0 };

	description.build_id.bytes[0] ^= 2;
	assert_int_equal(store_add_file(fixture->store, OTHER_FILE, "/usr/bin/other"), 0);
	assert_int_equal(store_describe_file(fixture->store, OTHER_FILE, &description), 0);
	assert_int_equal(listing_find_file(fixture->store, &description.build_id, &listing),
			 -EAGAIN);
	listing_fini(&listing);
	assert_int_equal(store_name_file(fixture->store, OTHER_FILE, NAMES_FAILED, NULL), 0);
	assert_int_equal(listing_find_file(fixture->store, &description.build_id, &listing),
			 -ENODATA);
	listing_fini(&listing);
}

static void counts_a_stack_once_however_often_it_leads_there(void **state)
{
	struct fixture *fixture = *state;
	struct listing_target target = target_of(fixture, OUTER);
	struct listing listing = { 0 };
	const struct symbol_place *place;

	assert_int_equal(listing_find(fixture->store, &target, &listing), 0);
	assert_int_equal(listing_count(fixture->store, &everything, &listing), 0);
	assert_int_equal(listing.n_counts, 1);
	assert_int_equal(listing.counts[0].elf_vaddr, symbol_fixture_call_vaddr());
	assert_int_equal(listing.counts[0].self, N_SAMPLES);
	assert_int_equal(listing.counts[0].total, N_SAMPLES);
	assert_int_equal(listing.self, N_SAMPLES);
	assert_int_equal(listing.total, N_SAMPLES);
	assert_int_equal(listing_place(&listing, symbol_fixture_call_vaddr(), &place), 0);
	assert_int_equal(place->n_lines, 2);
	listing_fini(&listing);
}

static void counts_only_the_samples_of_the_query(void **state)
{
	const struct query later = { FIXTURE_START_NS + 1, INT64_MAX, NULL };
	struct fixture *fixture = *state;
	struct listing_target target = target_of(fixture, OUTER);
	struct listing listing = { 0 };

	assert_int_equal(listing_find(fixture->store, &target, &listing), 0);
	assert_int_equal(listing_count(fixture->store, &later, &listing), 0);
	assert_int_equal(listing.n_counts, 0);
	assert_int_equal(listing.total, 0);
	listing_fini(&listing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_function_by_name_and_by_address),
		cmocka_unit_test(says_what_it_does_not_find),
		cmocka_unit_test(says_that_names_are_pending_or_missing),
		cmocka_unit_test(counts_a_stack_once_however_often_it_leads_there),
		cmocka_unit_test(counts_only_the_samples_of_the_query),
	};

	return cmocka_run_group_tests_name("listing", tests, set_up, tear_down);
}
