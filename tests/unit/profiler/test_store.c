/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/store.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/label.h"
#include "profiler/query.h"
#include "profiler/profile.h"
#include "profiler/snapshot.h"
#include "tests/unit/profiler/store_fixture.h"

DEFINE_CLEANUP(struct store *, store_free)

static uint64_t count_samples(struct store *store, int64_t start_unix_ns, int64_t end_unix_ns)
{
	struct query query = { start_unix_ns, end_unix_ns, NULL };
	struct profile *profile;
	uint64_t count = 0;

	assert_int_equal(query_run(store, &query, &profile), 0);
	for (size_t i = 0; i < profile->n_samples; i++)
		count += profile->samples[i].count;
	profile_free(profile);
	return count;
}

static void refuses_what_no_dictionary_describes(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new_empty(1 << 20);
	struct frame frame = { FRAME_NATIVE, 99, 0 };
	struct store_status status;

	(void)state;
	assert_int_equal(store_add_file(store, 1, "/bin/true"), -EINVAL);
	assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS), 0);
	store_fixture_describe(store, 1);
	assert_int_equal(store_add_thread(store, 1, 99, 1, "stray"), -EINVAL);
	assert_int_equal(store_add_stack(store, 1, &frame, 1), -EINVAL);
	assert_int_equal(store_describe_file(store, 99, &(struct elf_description){ 0 }), -EINVAL);
	assert_int_equal(store_name_file(store, 99, NAMES_FAILED, NULL), -EINVAL);
	assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS), 1);
	assert_int_equal(store_begin_dictionary(store, 1), -EINVAL);
	assert_int_equal(store_begin_dictionary(store, 2), 0);
	assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS), 0);
	store_get_status(store, &status);
	assert_int_equal(status.stored, 1);
	assert_int_equal(status.dropped_full, 2);
}

static void leaves_out_what_rules_leave_out_and_counts_it(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	struct store_process left_out = { .process = FIXTURE_PROCESS, .is_left_out = true };
	struct store_status status;

	(void)state;
	assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS), 1);
	assert_int_equal(store_add_process(store, &left_out), 0);
	assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS), 0);
	assert_int_equal(store_left_out_count(store), 1);
	store_get_status(store, &status);
	assert_int_equal(status.stored, 1);
	assert_int_equal(status.dropped_by_rule, 1);
	assert_int_equal(status.dropped_full, 0);
}

static void counts_what_services_use(void **state)
{
	static const struct label labels[] = { { "service_name", "api" } };
	const struct store_process api = { FIXTURE_PROCESS, 1, labels, ARRAY_SIZE(labels), false };
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	struct store_status status;

	(void)state;
	store_resume_service(store, "api", 5);
	assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS), 1); /* has no service */
	assert_int_equal(store_add_process(store, &api), 0);
	assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS), 1);
	store_get_status(store, &status);
	assert_int_equal(status.services.n_services, 2);
	assert_int_equal(status.services.services[0].cpu_ns, FIXTURE_TICK_NS);
	assert_string_equal(status.services.services[1].name, "api");
	assert_int_equal(status.services.services[1].cpu_ns, FIXTURE_TICK_NS + 5);
}

static void refuses_numbers_of_files_that_have_no_addresses(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();

	(void)state;
	assert_int_equal(store_add_file(store, 0, "/bin/true"), -EINVAL);
	assert_int_equal(store_add_file(store, STORE_MAX_FILE + 1, "/bin/true"), -EINVAL);
	assert_int_equal(store_add_file(store, STORE_MAX_FILE, "/bin/true"), 0);
}

static void counts_samples_stacks_and_frames_as_they_come(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	struct store_status status;

	(void)state;
	store_fixture_add_sample(store, FIXTURE_START_NS);
	assert_int_equal(store_name_file(store, FIXTURE_FILE, NAMES_FAILED, NULL), 0);
	store_fixture_add_sample(store, FIXTURE_START_NS + 1);
	store_get_status(store, &status);
	assert_int_equal(status.stored, 2);
	assert_int_equal(status.stacks[STACK_WHOLE], 2);
	assert_int_equal(status.frames[NAMES_PENDING], 2 + 2); /* the kernel's, and the file's */
	assert_int_equal(status.frames[NAMES_FAILED], 2);
	assert_int_equal(status.n_files[NAMES_FAILED], 1);
	assert_int_equal(status.n_windows, 1);
	assert_int_equal(status.n_dictionaries, 1);
	assert_int_equal(status.n_stacks, 1);
	assert_int_equal(status.n_threads, 1);
	assert_int_equal(status.n_processes, 1);
	assert_int_equal(status.oldest_unix_ns, FIXTURE_START_NS);
}

static void finds_samples_by_their_own_time(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	int64_t start = FIXTURE_START_NS;

	(void)state;
	for (int i = 0; i < 30; i++) /* three seconds, the latest first */
		store_fixture_add_sample(store, start + (29 - i) * 100 * NS_PER_MS);
	assert_int_equal(count_samples(store, start, start + 3 * NS_PER_SECOND), 30);
	assert_int_equal(count_samples(store, start + 500 * NS_PER_MS, start + NS_PER_SECOND), 5);
	assert_int_equal(count_samples(store, start + 100 * NS_PER_MS, start + 200 * NS_PER_MS), 1);
	assert_int_equal(count_samples(store, start + 1, start + 1), 0);
	assert_int_equal(count_samples(store, INT64_MIN, INT64_MAX), 30);
}

static void goes_on_when_the_clock_is_put_back(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	int64_t before = FIXTURE_START_NS + 3600 * NS_PER_SECOND, after = FIXTURE_START_NS;
	struct store_status status;

	(void)state;
	store_fixture_add_sample(store, before);
	store_fixture_add_sample(store, after);
	store_fixture_add_sample(store, -1); /* before 1970 */
	assert_int_equal(count_samples(store, after, after + NS_PER_SECOND), 1);
	assert_int_equal(count_samples(store, -NS_PER_SECOND, 0), 1);
	store_expire(store, after);
	store_get_status(store, &status);
	assert_int_equal(status.n_windows, 1);
	assert_int_equal(status.windows_expired, 2);
	assert_int_equal(status.oldest_unix_ns, after);
}

static void lets_windows_go_by_age(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	struct store_status status;

	(void)state;
	for (int i = 0; i < 700; i++)
		store_fixture_add_sample(store, FIXTURE_START_NS + i * NS_PER_SECOND);
	store_expire(store, FIXTURE_START_NS + 700 * NS_PER_SECOND);
	store_get_status(store, &status);
	assert_int_equal(status.n_windows, 600);
	assert_int_equal(status.windows_expired, 100);
	assert_int_equal(status.oldest_unix_ns, FIXTURE_START_NS + 100 * NS_PER_SECOND);
}

static void evicts_the_oldest_windows_to_stay_below_its_bound(void **state)
{
	size_t bound = 256 << 10;
	_cleanup_(store_freep) struct store *store = store_fixture_new_empty(bound);
	struct store_status status;

	(void)state;
	store_fixture_describe(store, 1);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(
			store_fixture_add_sample(store, FIXTURE_START_NS + i * NS_PER_SECOND), 1);
		store_get_status(store, &status);
		assert_in_range(status.memory_bytes, 1, bound);
	}
	assert_int_equal(status.n_windows + status.windows_evicted, 1000);
	assert_in_range(status.n_windows, 100, 300);
	assert_int_equal(count_samples(store, FIXTURE_START_NS, INT64_MAX), status.n_windows);
	assert_int_equal(status.oldest_unix_ns,
			 FIXTURE_START_NS + (1000 - status.n_windows) * NS_PER_SECOND);
}

static void refuses_what_does_not_fit_at_all(void **state)
{
	size_t bound = 128 << 10;
	_cleanup_(store_freep) struct store *store = store_fixture_new_empty(bound);
	struct frame frames[64] = { 0 };
	struct store_status status;
	int r = 0;

	(void)state;
	store_fixture_describe(store, 1);
	for (uint32_t stack = 100; r == 0 && stack < 100000; stack++) {
		for (uint32_t i = 0; i < ARRAY_SIZE(frames); i++)
			frames[i] = (struct frame){ FRAME_UNMAPPED, 0, stack * 1000 + i };
		r = store_add_stack(store, stack, frames, ARRAY_SIZE(frames));
	}
	assert_int_equal(r, -ENOMEM);
	assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS), 0);
	store_get_status(store, &status);
	assert_int_equal(status.dropped_full, 1);
	assert_int_equal(status.n_windows, 0);

	store_fixture_describe(store, 2); /* the next one starts afresh */
	assert_int_equal(store_fixture_add_sample(store, FIXTURE_START_NS), 1);
	store_get_status(store, &status);
	assert_in_range(status.memory_bytes, 1, bound);
}

static void forgets_dictionaries_and_files_with_their_last_window(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	struct store_status status;

	(void)state;
	assert_int_equal(store_add_file(store, 77, "/usr/lib/libold.so"), 0);
	store_fixture_add_sample(store, FIXTURE_START_NS);
	store_fixture_describe(store, 2);
	store_fixture_add_sample(store, FIXTURE_START_NS + 1);
	store_get_status(store, &status);
	assert_int_equal(status.n_dictionaries, 2);
	assert_int_equal(status.n_windows, 2); /* of one second, but of two dictionaries */
	assert_int_equal(status.n_files[NAMES_PENDING], 2);
	assert_int_equal(count_samples(store, FIXTURE_START_NS, FIXTURE_START_NS + 2), 2);

	store_expire(store, FIXTURE_START_NS + 700 * NS_PER_SECOND);
	store_get_status(store, &status);
	assert_int_equal(status.n_dictionaries, 1);
	assert_int_equal(status.n_windows, 0);
	assert_int_equal(status.n_files[NAMES_PENDING], 1);
	assert_int_equal(store_describe_file(store, 77, &(struct elf_description){ 0 }), -EINVAL);
}

static void begins_a_dictionary_again_and_again_without_growing(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	struct store_status before, after;

	(void)state;
	store_get_status(store, &before);
	for (uint32_t i = 2; i < 100; i++)
		store_fixture_describe(store, i);
	store_get_status(store, &after);
	assert_int_equal(after.memory_bytes, before.memory_bytes);
	assert_int_equal(after.n_dictionaries, 1);
}

static void keeps_what_a_query_holds_while_all_else_goes(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	struct store_status status;
	struct snapshot snapshot;

	(void)state;
	store_fixture_add_sample(store, FIXTURE_START_NS);
	assert_int_equal(snapshot_init(store, FIXTURE_START_NS, INT64_MAX, &snapshot), 0);
	store_begin_dictionary(store, 2);
	store_expire(store, FIXTURE_START_NS + 700 * NS_PER_SECOND);
	store_get_status(store, &status);
	assert_int_equal(status.n_windows, 0);
	assert_int_equal(status.n_dictionaries, 1);
	assert_int_equal(status.n_files[NAMES_PENDING], 1); /* the query can still name it */
	snapshot_fini(&snapshot);
	store_get_status(store, &status);
	assert_int_equal(status.n_files[NAMES_PENDING], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_no_dictionary_describes),
		cmocka_unit_test(refuses_numbers_of_files_that_have_no_addresses),
		cmocka_unit_test(counts_samples_stacks_and_frames_as_they_come),
		cmocka_unit_test(finds_samples_by_their_own_time),
		cmocka_unit_test(goes_on_when_the_clock_is_put_back),
		cmocka_unit_test(lets_windows_go_by_age),
		cmocka_unit_test(evicts_the_oldest_windows_to_stay_below_its_bound),
		cmocka_unit_test(refuses_what_does_not_fit_at_all),
		cmocka_unit_test(forgets_dictionaries_and_files_with_their_last_window),
		cmocka_unit_test(leaves_out_what_rules_leave_out_and_counts_it),
		cmocka_unit_test(counts_what_services_use),
		cmocka_unit_test(begins_a_dictionary_again_and_again_without_growing),
		cmocka_unit_test(keeps_what_a_query_holds_while_all_else_goes),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
