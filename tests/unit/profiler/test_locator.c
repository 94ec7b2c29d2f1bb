/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/locator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/string_table.h"
#include "profiler/frame.h"
#include "profiler/kernel_view.h"
#include "profiler/profile.h"
#include "profiler/snapshot.h"
#include "profiler/store.h"
#include "tests/unit/profiler/store_fixture.h"
#include "tests/unit/profiler/symbol_fixture.h"

struct fixture {
	struct store *store;
	struct snapshot snapshot;
	struct profile *profile;
	struct locator locator;
};

static int set_up(void **state)
{
	static struct fixture fixture;
	struct elf_description description;
	struct symbol_file *symbols;

	fixture.store = store_fixture_new();
	symbol_fixture_make(true, &description, &symbols);
	assert_int_equal(store_describe_file(fixture.store, FIXTURE_FILE, &description), 0);
	assert_int_equal(store_name_file(fixture.store, FIXTURE_FILE, NAMES_LINES, symbols), 0);
	assert_int_equal(snapshot_init(fixture.store, 0, 0, &fixture.snapshot), 0);
	assert_int_equal(profile_new(&fixture.profile), 0);
	locator_init(&fixture.locator, &fixture.snapshot, fixture.profile);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	locator_fini(&fixture->locator);
	profile_free(fixture->profile);
	snapshot_fini(&fixture->snapshot);
	store_free(fixture->store);
	return 0;
}

static struct frame own_frame(void)
{
	return (struct frame){ FRAME_NATIVE, FIXTURE_FILE, symbol_fixture_call_off() };
}

static void adds_a_place_once_with_all_its_functions(void **state)
{
	struct fixture *fixture = *state;
	struct frame frame = own_frame();
	uint32_t first, second;

	assert_int_equal(locator_add(&fixture->locator, &frame, &first), 0);
	assert_int_equal(locator_add(&fixture->locator, &frame, &second), 0);
	assert_int_equal(first, second);
	assert_int_equal(fixture->profile->n_locations, 1);
	assert_int_equal(fixture->profile->n_functions, 2);
	assert_int_equal(fixture->profile->n_lines, 2);
	assert_int_equal(fixture->profile->n_mappings, 1);
}

static void appends_the_name_of_the_innermost_function(void **state)
{
	struct fixture *fixture = *state;
	struct frame named = own_frame(), kernel = { FRAME_KERNEL, 0, 1 };
	struct buffer name = { 0 };

	assert_int_equal(
		locator_append_name(&fixture->snapshot, fixture->snapshot.kernel, &kernel, &name),
		0);
	assert_int_equal(
		locator_append_name(&fixture->snapshot, fixture->snapshot.kernel, &named, &name),
		0);
	assert_int_equal(name.size, strlen("symbol_fixture_inlined"));
	assert_memory_equal(name.data, "symbol_fixture_inlined", name.size);
	buffer_fini(&name);
}

static void names_code_made_at_run_time_by_its_pc(void **state)
{
	struct fixture *fixture = *state;
	struct frame named = { FRAME_JIT, FIXTURE_FILE, symbol_fixture_call_vaddr() };
	struct frame other = { FRAME_JIT, FIXTURE_FILE, 0x7f0000001000 };
	struct profile *profile = fixture->profile;
	const struct profile_location *location;
	struct buffer name = { 0 };
	uint32_t index;

	assert_int_equal(
		locator_append_name(&fixture->snapshot, fixture->snapshot.kernel, &named, &name),
		0);
	assert_int_equal(name.size, strlen("symbol_fixture_inlined"));
	buffer_fini(&name);
	assert_int_equal(locator_add(&fixture->locator, &named, &index), 0);
	location = &profile->locations[index];
	assert_int_equal(location->kind, FRAME_JIT);
	assert_int_equal(location->address, named.place);
	assert_true(profile->mappings[location->mapping].has_functions);
	assert_true(profile->mappings[location->mapping].has_line_numbers);
	assert_true(profile->mappings[location->mapping].has_inline_frames); /* here is one */
	assert_int_equal(locator_add(&fixture->locator, &other, &index), 0);
	location = &profile->locations[index];
	assert_false(profile->mappings[location->mapping].has_functions);
	assert_string_equal(
		string_table_get(
			profile->strings,
			profile->functions[profile->lines[location->first_line].function].name),
		"api+0x7f0000001000");
}

/* The name of the mapping of a location. */
static const char *mapping_name(const struct profile *profile, uint32_t location)
{
	uint32_t mapping = profile->locations[location].mapping;

	return string_table_get(profile->strings, profile->mappings[mapping].filename);
}

static void one_address_of_the_kernel_may_be_two_places(void **state)
{
	const struct kernel_range first = { 0x5000, 0x6000, "[veth]", 0, 0, 0 };
	const struct kernel_range second = { 0x5000, 0x6000, "[fuse]", 0, 0, 0 };
	struct fixture *fixture = *state;
	struct frame frame = { FRAME_KERNEL, 0, 0x5008 };
	struct kernel_view *before, *after;
	uint32_t places[2];

	assert_int_equal(kernel_view_new(NULL, &first, 1, &before), 0);
	assert_int_equal(kernel_view_new(NULL, &second, 1, &after), 0);
	fixture->locator.kernel = before;
	assert_int_equal(locator_add(&fixture->locator, &frame, &places[0]), 0);
	fixture->locator.kernel = after;
	assert_int_equal(locator_add(&fixture->locator, &frame, &places[1]), 0);
	assert_string_equal(mapping_name(fixture->profile, places[0]), "[veth]");
	assert_string_equal(mapping_name(fixture->profile, places[1]), "[fuse]");
	kernel_view_unref(before);
	kernel_view_unref(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(adds_a_place_once_with_all_its_functions, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(appends_the_name_of_the_innermost_function, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_address_of_the_kernel_may_be_two_places, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(names_code_made_at_run_time_by_its_pc, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("locator", tests, NULL, NULL);
}
