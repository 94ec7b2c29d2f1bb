/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/query.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/string_table.h"
#include "profiler/kernel_view.h"
#include "profiler/label.h"
#include "profiler/profile.h"
#include "profiler/selector.h"
#include "profiler/store.h"
#include "tests/unit/profiler/store_fixture.h"
#include "tests/unit/profiler/symbol_fixture.h"
#include "unwind/symbol_file_build.h"

DEFINE_CLEANUP(struct store *, store_free)
DEFINE_CLEANUP(struct profile *, profile_free)
DEFINE_CLEANUP(struct selector *, selector_free)

#define BASE (FIXTURE_FILE * 0x100000000ULL)

static const char *text(const struct profile *profile, uint32_t string)
{
	return string_table_get(profile->strings, string);
}

/* What the strictest reader of pprof demands, beside what profile_add_…() ensures. */
static void assert_strict(const struct profile *profile)
{
	for (size_t i = 0; i < profile->n_locations; i++) {
		const struct profile_location *location = &profile->locations[i];
		const struct profile_mapping *mapping;

		assert_in_range(location->n_lines, 1, UINT32_MAX);
		assert_in_range(location->mapping, 0, profile->n_mappings - 1);
		mapping = &profile->mappings[location->mapping];
		assert_true(location->address >= mapping->start_addr);
		assert_true(location->address < mapping->limit_addr);
	}
	for (size_t i = 0; i < profile->n_mappings; i++) {
		const struct profile_mapping *mapping = &profile->mappings[i];

		assert_true(mapping->has_functions || !mapping->has_filenames);
		assert_true(text(profile, mapping->filename)[0] != '\0');
	}
}

static struct profile *run_selected(struct store *store, const char *selector_text)
{
	_cleanup_(selector_freep) struct selector *selector = NULL;
	struct query query = { FIXTURE_START_NS, FIXTURE_START_NS + 10 * NS_PER_SECOND, NULL };
	struct profile *profile;
	char error[256];

	assert_int_equal(selector_parse(selector_text, &selector, error, sizeof(error)), 0);
	query.selector = selector;
	assert_int_equal(query_run(store, &query, &profile), 0);
	assert_strict(profile);
	return profile;
}

static struct profile *run(struct store *store)
{
	return run_selected(store, "{}");
}

/* The location of the frame at @frame_i, leaf first, of sample 0. */
static const struct profile_location *location_of(const struct profile *profile, uint32_t frame_i)
{
	const struct profile_stack *stack = &profile->stacks[profile->samples[0].stack];

	assert_in_range(frame_i, 0, stack->n_frames - 1);
	return &profile->locations[profile->frames[stack->first_frame + frame_i]];
}

static const struct profile_mapping *mapping_of(const struct profile *profile, uint32_t frame_i)
{
	return &profile->mappings[location_of(profile, frame_i)->mapping];
}

static const struct profile_function *function_of(const struct profile *profile, uint32_t frame_i,
						  uint32_t line_i)
{
	const struct profile_location *location = location_of(profile, frame_i);

	assert_in_range(line_i, 0, location->n_lines - 1);
	return &profile->functions[profile->lines[location->first_line + line_i].function];
}

static const char *name_of(const struct profile *profile, uint32_t frame_i)
{
	return text(profile, function_of(profile, frame_i, 0)->name);
}

/* "name=value,…" of sample @sample_i. */
static void labels_of(const struct profile *profile, size_t sample_i, char *ret_text, size_t size)
{
	const struct profile_label_set *set =
		&profile->label_sets[profile->samples[sample_i].label_set];
	size_t length = 0;

	ret_text[0] = '\0';
	for (uint32_t i = 0; i < set->n_labels; i++) {
		const struct profile_label *label = &profile->labels[set->first_label + i];

		length += (size_t)snprintf(ret_text + length, size - length, "%s=%s,",
					   text(profile, label->name), text(profile, label->value));
	}
}

static uint64_t total_count(const struct profile *profile)
{
	uint64_t total = 0;

	for (size_t i = 0; i < profile->n_samples; i++)
		total += profile->samples[i].count;
	return total;
}

static void add_process(struct store *store, uint32_t number, const char *comm, const char *exe)
{
	const struct label labels[] = { { "comm", comm }, { "exe", exe } };
	const struct store_process process = { number, number, labels, ARRAY_SIZE(labels) };

	assert_int_equal(store_add_process(store, &process), 0);
	assert_int_equal(store_add_thread(store, number, number, number, comm), 0);
}

static void add_sample(struct store *store, uint32_t thread, uint32_t stack)
{
	struct sample sample = { FIXTURE_START_NS, FIXTURE_TICK_NS, 1, thread, stack, 0, 0, 0, 0 };

	assert_int_equal(store_add_samples(store, &sample, 1), 1);
}

static void answers_an_empty_range_with_an_empty_profile(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = run(store);

	(void)state;
	assert_int_equal(profile->n_samples, 0);
	assert_int_equal(profile->n_mappings, 0);
	assert_int_equal(profile->start_unix_ns, FIXTURE_START_NS);
	assert_int_equal(profile->duration_ns, 10 * NS_PER_SECOND);
	assert_int_equal(profile->period_ns, FIXTURE_TICK_NS);
}

static void adds_up_samples_of_one_stack_and_label_set(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = NULL;
	char labels[256];

	(void)state;
	for (int i = 0; i < 100; i++)
		store_fixture_add_sample(store, FIXTURE_START_NS + i * FIXTURE_TICK_NS * 3);
	profile = run(store);
	assert_int_equal(profile->n_samples, 1);
	assert_int_equal(profile->samples[0].count, 100);
	assert_int_equal(profile->samples[0].value, 100 * FIXTURE_TICK_NS);
	labels_of(profile, 0, labels, sizeof(labels));
	assert_string_equal(labels, "cgroup=/system.slice/api.service,comm=api,exe=/usr/bin/api,"
				    "pid=4711,thread=worker,tid=4712,");
}

static void adds_up_what_two_dictionaries_describe_alike(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = NULL;

	(void)state;
	store_fixture_add_sample(store, FIXTURE_START_NS);
	store_fixture_describe(store, 2);
	store_fixture_add_sample(store, FIXTURE_START_NS);
	profile = run(store);
	assert_int_equal(profile->n_samples, 1);
	assert_int_equal(profile->samples[0].count, 2);
	assert_int_equal(profile->n_locations, 3);
}

static void keeps_threads_apart_if_labels_are_wanted(void **state)
{
	struct query query = { FIXTURE_START_NS, FIXTURE_START_NS + 10 * NS_PER_SECOND, NULL };
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = NULL, *merged = NULL;
	char labels[256];

	(void)state;
	store_fixture_add_sample(store, FIXTURE_START_NS);
	add_process(store, 2, "kthreadd", "");
	add_sample(store, 2, FIXTURE_STACK);
	profile = run(store);
	assert_int_equal(profile->n_samples, 2);
	assert_int_equal(profile->n_stacks, 1);
	labels_of(profile, 1, labels, sizeof(labels));
	assert_string_equal(labels, "comm=kthreadd,pid=2,thread=kthreadd,tid=2,");
	query.is_unlabeled = true;
	assert_int_equal(query_run(store, &query, &merged), 0);
	assert_int_equal(merged->n_samples, 1);
	assert_int_equal(merged->n_labels, 0);
	assert_int_equal(merged->samples[0].count, total_count(profile));
}

static void gives_a_renamed_process_its_new_name(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = NULL;
	static const struct label names[] = { { "comm", "new" }, { "exe", "/usr/bin/api" } };
	const struct store_process renamed = { FIXTURE_PROCESS, FIXTURE_PID, names,
					       ARRAY_SIZE(names) };
	char labels[256];

	(void)state;
	store_fixture_add_sample(store, FIXTURE_START_NS);
	assert_int_equal(store_add_process(store, &renamed), 0);
	assert_int_equal(store_add_thread(store, FIXTURE_THREAD, FIXTURE_PROCESS, 9, "t"), 0);
	profile = run(store);
	labels_of(profile, 0, labels, sizeof(labels));
	assert_string_equal(labels, "comm=new,exe=/usr/bin/api,pid=4711,thread=t,tid=9,");
}

static void makes_hostile_texts_valid(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = NULL;
	char labels[256];

	(void)state;
	add_process(store, 2, "\xff\"\n\xc3\xa4\xc3", "/\xed\xa0\x80");
	add_sample(store, 2, FIXTURE_STACK);
	profile = run(store);
	labels_of(profile, 0, labels, sizeof(labels));
	assert_string_equal(labels,
			    "comm=?\"\n\xc3\xa4?,exe=/???,pid=2,thread=?\"\n\xc3\xa4?,tid=2,");
}

static void numbers_addresses_by_file_and_offset(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = NULL;

	(void)state;
	store_fixture_add_sample(store, FIXTURE_START_NS);
	profile = run(store);
	assert_int_equal(location_of(profile, 0)->kind, FRAME_KERNEL);
	assert_true(location_of(profile, 0)->address == 0xffffffff81000010);
	assert_string_equal(text(profile, mapping_of(profile, 0)->filename), "[kernel.kallsyms]");
	assert_string_equal(name_of(profile, 0), "[kernel.kallsyms]+0xffffffff81000010");
	assert_int_equal(location_of(profile, 1)->address, BASE + 0x1100);
	assert_int_equal(mapping_of(profile, 1)->start_addr, BASE);
	assert_int_equal(mapping_of(profile, 1)->file_off, 0);
	assert_string_equal(name_of(profile, 1), "api+0x1100");
	assert_string_equal(name_of(profile, 2), "api+0x1200");
	assert_false(mapping_of(profile, 2)->has_functions);
}

static void makes_a_mapping_of_each_segment(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct elf_description description = {
		.build_id = { { 0xab, 0x01 }, 2 },
		.n_segments = 2,
		.segments = { { 0x1000, 0x401000, 0x180 }, { 0x1200, 0x601200, 0x100 } },
	};

	(void)state;
	store_fixture_add_sample(store, FIXTURE_START_NS);
	assert_int_equal(store_describe_file(store, FIXTURE_FILE, &description), 0);
	profile = run(store);
	assert_int_equal(location_of(profile, 1)->address, BASE + 0x1100);
	assert_int_equal(mapping_of(profile, 1)->start_addr, BASE + 0x1000);
	assert_int_equal(mapping_of(profile, 1)->limit_addr, BASE + 0x1180);
	assert_int_equal(mapping_of(profile, 1)->file_off, 0x1000);
	assert_string_equal(text(profile, mapping_of(profile, 1)->build_id), "ab01");
	assert_string_equal(name_of(profile, 1), "api+0x401100");
	assert_int_equal(mapping_of(profile, 2)->start_addr, BASE + 0x1200);
	assert_string_equal(name_of(profile, 2), "api+0x601200");
}

static void marks_the_root_of_a_stack_that_is_cut(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct frame frames[] = {
		{ FRAME_JIT, 0, 0x7f0000001000 },
		{ FRAME_CUT, 0, STACK_TRUNCATED_JIT },
	};

	(void)state;
	assert_int_equal(store_add_stack(store, 1, frames, ARRAY_SIZE(frames)), 0);
	add_sample(store, FIXTURE_THREAD, 1);
	profile = run(store);
	assert_string_equal(name_of(profile, 1), "[truncated: JIT without frame pointers]");
	assert_true(mapping_of(profile, 1)->has_functions); /* nobody need look for it */
	assert_string_equal(text(profile, mapping_of(profile, 1)->filename), "[truncated]");
}

static void shows_pcs_that_are_in_no_file(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct frame frames[] = {
		{ FRAME_JIT, 0, 0x7f0000001000 },
		{ FRAME_UNMAPPED, 0, 0x7f0000001000 },
		{ FRAME_NATIVE, FIXTURE_FILE, 0x123456789a },
	};

	(void)state;
	assert_int_equal(store_add_stack(store, 1, frames, ARRAY_SIZE(frames)), 0);
	add_sample(store, FIXTURE_THREAD, 1);
	profile = run(store);
	assert_string_equal(name_of(profile, 0), "[anonymous]+0x7f0000001000");
	assert_string_equal(name_of(profile, 1), "[unmapped]+0x7f0000001000");
	assert_string_equal(name_of(profile, 2), "[unmapped]+0x123456789a");
	assert_true(location_of(profile, 0)->mapping != location_of(profile, 1)->mapping);
}

/* Give the fixture's file the names of this program, and thread 20 a stack of @frame_off. */
static void name_fixture(struct store *store, enum names_state state)
{
	struct elf_description description;
	struct symbol_file *symbols;

	symbol_fixture_make(state == NAMES_LINES, &description, &symbols);
	assert_int_equal(store_describe_file(store, FIXTURE_FILE, &description), 0);
	assert_int_equal(store_name_file(store, FIXTURE_FILE, state, symbols), 0);
}

static void add_own_stack(struct store *store)
{
	struct frame frames[] = {
		{ FRAME_NATIVE, FIXTURE_FILE, symbol_fixture_call_off() },
		{ FRAME_NATIVE, FIXTURE_FILE, 1 }, /* the ELF header: no function */
	};

	assert_int_equal(store_add_stack(store, 1, frames, ARRAY_SIZE(frames)), 0);
	add_sample(store, FIXTURE_THREAD, 1);
}

static void names_the_past_with_what_is_known_now(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *before = NULL, *after = NULL;

	(void)state;
	add_own_stack(store);
	before = run(store);
	assert_int_equal(strncmp(name_of(before, 0), "api+0x", 6), 0);
	assert_false(mapping_of(before, 0)->has_functions);

	name_fixture(store, NAMES_FUNCTIONS);
	after = run(store);
	assert_string_equal(name_of(after, 0), "symbol_fixture_outer");
	assert_string_equal(text(after, function_of(after, 0, 0)->system_name),
			    "symbol_fixture_outer");
	assert_true(location_of(after, 0)->address == location_of(before, 0)->address);
	assert_true(mapping_of(after, 0)->has_functions);
	assert_false(mapping_of(after, 0)->has_line_numbers);
}

static void names_inlined_functions_and_lines(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = NULL;
	const struct profile_location *location;
	const char *filename;

	(void)state;
	add_own_stack(store);
	name_fixture(store, NAMES_LINES);
	profile = run(store);
	location = location_of(profile, 0);
	assert_int_equal(location->n_lines, 2);
	assert_string_equal(name_of(profile, 0), "symbol_fixture_inlined");
	assert_string_equal(text(profile, function_of(profile, 0, 1)->name),
			    "symbol_fixture_outer");
	filename = text(profile, function_of(profile, 0, 0)->filename);
	assert_non_null(strstr(filename, "/symbol_fixture.c"));
	assert_true(profile->lines[location->first_line].line > 0);
	assert_true(mapping_of(profile, 0)->has_line_numbers);
	assert_true(mapping_of(profile, 0)->has_inline_frames);
}

static void keeps_what_has_no_name_in_a_mapping_of_its_own(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = NULL;
	uint64_t off = symbol_fixture_call_off();
	struct elf_description description = { .n_segments = 1,
					       .segments = { { 0, 0, UINT32_MAX } } };

	(void)state;
	add_own_stack(store);
	name_fixture(store, NAMES_LINES);
	/* as if one segment held both places */
	description.segments[0].elf_vaddr = symbol_fixture_call_vaddr() - off;
	assert_int_equal(store_describe_file(store, FIXTURE_FILE, &description), 0);
	profile = run(store);
	assert_true(mapping_of(profile, 0)->has_functions);
	assert_false(mapping_of(profile, 1)->has_functions);
	assert_false(mapping_of(profile, 1)->has_line_numbers);
	assert_int_equal(mapping_of(profile, 0)->start_addr, mapping_of(profile, 1)->start_addr);
	assert_int_equal(mapping_of(profile, 0)->filename, mapping_of(profile, 1)->filename);
}

/* @file and @slide are those of the range called @name; "" for none. */
static void name_kernel(struct store *store, const char *name, uint32_t file, uint64_t slide)
{
	static const char kallsyms[] = "ffffffff81000000 T _stext\n"
				       "ffffffff81000010 T do_syscall_64\n"
				       "ffffffff81000100 T schedule\n"
				       "ffffffff82000000 T _etext\n"
				       "ffffffffc0000000 t veth_xmit\t[veth]\n"
				       "ffffffffc0000100 t veth_poll\t[veth]\n";
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	_cleanup_(freep) struct kernel_range *ranges = NULL;
	size_t n_ranges;

	assert_int_equal(symbol_file_build_kernel(kallsyms, sizeof(kallsyms) - 1, &bytes, &ranges,
						  &n_ranges),
			 0);
	for (size_t i = 0; i < n_ranges; i++) {
		if (strcmp(ranges[i].name, name) == 0) {
			ranges[i].file = file;
			ranges[i].slide = slide;
		}
	}
	assert_int_equal(store_name_kernel(store, symbol_fixture_map(&bytes), ranges, n_ranges), 0);
}

static void names_the_kernel_and_its_modules(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct frame frames[] = { { FRAME_KERNEL, 0, 0xffffffffc0000050 },
				  { FRAME_KERNEL, 0, 0xffffffff81000018 },
				  { FRAME_KERNEL, 0, 0xffffffff00000000 } };

	(void)state;
	assert_int_equal(store_add_stack(store, 1, frames, ARRAY_SIZE(frames)), 0);
	add_sample(store, FIXTURE_THREAD, 1);
	name_kernel(store, "", 0, 0);
	profile = run(store);
	assert_string_equal(name_of(profile, 0), "veth_xmit");
	assert_string_equal(text(profile, mapping_of(profile, 0)->filename), "[veth]");
	assert_true(mapping_of(profile, 0)->has_functions);
	assert_string_equal(name_of(profile, 1), "do_syscall_64");
	assert_string_equal(text(profile, mapping_of(profile, 1)->filename), "[kernel.kallsyms]");
	assert_string_equal(name_of(profile, 2), "[kernel.kallsyms]+0xffffffff00000000");
	assert_false(mapping_of(profile, 2)->has_functions);
}

/* The range called @name is of this program, which lies elsewhere than it runs: at @addr. */
static void named_by_a_file(const char *name, uint64_t addr, uint64_t other_addr,
			    const char *other_name)
{
	enum { KERNEL_FILE = 77 };
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct elf_description description;
	struct symbol_file *symbols;
	struct frame frames[] = { { FRAME_KERNEL, 0, addr }, { FRAME_KERNEL, 0, other_addr } };

	symbol_fixture_make(true, &description, &symbols);
	assert_int_equal(store_add_file(store, KERNEL_FILE, "/usr/lib/debug/file"), 0);
	assert_int_equal(store_describe_file(store, KERNEL_FILE, &description), 0);
	assert_int_equal(store_name_file(store, KERNEL_FILE, NAMES_LINES, symbols), 0);
	assert_int_equal(store_add_stack(store, 1, frames, ARRAY_SIZE(frames)), 0);
	add_sample(store, FIXTURE_THREAD, 1);
	name_kernel(store, name, KERNEL_FILE, addr - symbol_fixture_call_vaddr());
	profile = run(store);
	assert_string_equal(name_of(profile, 0), "symbol_fixture_inlined");
	assert_string_equal(text(profile, mapping_of(profile, 0)->filename), name);
	assert_string_not_equal(text(profile, mapping_of(profile, 0)->build_id), "");
	assert_true(mapping_of(profile, 0)->has_inline_frames);
	assert_string_equal(name_of(profile, 1), other_name);
	assert_string_equal(text(profile, mapping_of(profile, 1)->build_id), "");
}

static void names_the_kernel_and_its_modules_by_their_files(void **state)
{
	(void)state;
	named_by_a_file(KERNEL_RANGE_NAME, 0xffffffff81000018, 0xffffffffc0000050, "veth_xmit");
	named_by_a_file("[veth]", 0xffffffffc0000050, 0xffffffff81000018, "do_syscall_64");
}

static void selects_by_any_label(void **state)
{
	static const char *const selected[] = {
		"{comm=\"api\"}", "{exe=~\".*/api\"}",       "{pid=\"4711\"}",
		"{tid!=\"2\"}",   "{cgroup=~\"/system.*\"}", "{thread=\"worker\",comm=\"api\"}",
	};
	_cleanup_(store_freep) struct store *store = store_fixture_new();

	(void)state;
	store_fixture_add_sample(store, FIXTURE_START_NS);
	add_process(store, 2, "kthreadd", "");
	add_sample(store, 2, FIXTURE_STACK);
	for (size_t i = 0; i < ARRAY_SIZE(selected); i++) {
		_cleanup_(profile_freep) struct profile *profile = run_selected(store, selected[i]);
		char labels[256];

		assert_int_equal(profile->n_samples, 1);
		labels_of(profile, 0, labels, sizeof(labels));
		assert_non_null(strstr(labels, "comm=api,"));
	}
}

static void finds_everything_once_by_a_selector_and_its_opposite(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(profile_freep) struct profile *all = NULL, *with = NULL, *without = NULL;
	char comm[16];

	(void)state;
	for (uint32_t i = 100; i < 200; i++) {
		snprintf(comm, sizeof(comm), "task%u", i);
		add_process(store, i, comm, "/usr/bin/task");
		for (uint32_t k = i; k < 200; k++)
			add_sample(store, i, FIXTURE_STACK);
	}
	all = run(store);
	with = run_selected(store, "{comm=~\"task1[0-4].*\"}");
	without = run_selected(store, "{comm!~\"task1[0-4].*\"}");
	assert_int_equal(total_count(all), 5050);
	assert_int_equal(with->n_samples, 50);
	assert_int_equal(total_count(with) + total_count(without), total_count(all));
}

static void finds_a_function_by_its_address_alone(void **state)
{
	_cleanup_(store_freep) struct store *store = store_fixture_new();
	_cleanup_(buffer_fini) struct buffer names = { 0 };
	uint64_t address = BASE + symbol_fixture_call_off();

	(void)state;
	assert_int_equal(query_symbol(store, address, &names), 0);
	assert_int_equal(names.size, 0);
	name_fixture(store, NAMES_FUNCTIONS);
	name_kernel(store, "", 0, 0);
	assert_int_equal(query_symbol(store, address, &names), 0);
	assert_int_equal(query_symbol(store, BASE + 1, &names), 0);
	assert_int_equal(query_symbol(store, address + 0x100000000, &names), 0);
	buffer_append_char(&names, ' ');
	assert_int_equal(query_symbol(store, 0xffffffff81000101, &names), 0);
	buffer_append_char(&names, '\0');
	assert_string_equal(names.data, "symbol_fixture_outer schedule");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_an_empty_range_with_an_empty_profile),
		cmocka_unit_test(adds_up_samples_of_one_stack_and_label_set),
		cmocka_unit_test(adds_up_what_two_dictionaries_describe_alike),
		cmocka_unit_test(keeps_threads_apart_if_labels_are_wanted),
		cmocka_unit_test(gives_a_renamed_process_its_new_name),
		cmocka_unit_test(makes_hostile_texts_valid),
		cmocka_unit_test(numbers_addresses_by_file_and_offset),
		cmocka_unit_test(makes_a_mapping_of_each_segment),
		cmocka_unit_test(marks_the_root_of_a_stack_that_is_cut),
		cmocka_unit_test(shows_pcs_that_are_in_no_file),
		cmocka_unit_test(names_the_past_with_what_is_known_now),
		cmocka_unit_test(names_inlined_functions_and_lines),
		cmocka_unit_test(keeps_what_has_no_name_in_a_mapping_of_its_own),
		cmocka_unit_test(names_the_kernel_and_its_modules),
		cmocka_unit_test(names_the_kernel_and_its_modules_by_their_files),
		cmocka_unit_test(selects_by_any_label),
		cmocka_unit_test(finds_everything_once_by_a_selector_and_its_opposite),
		cmocka_unit_test(finds_a_function_by_its_address_alone),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
