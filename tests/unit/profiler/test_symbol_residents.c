/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/symbol_residents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/symbols.h"
#include "tests/unit/profiler/symbol_fixture.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_file.h"

#define N_FILES 500

/* What this process has resident of the fixture's symbol files, and of nothing else. */
static long resident_kb(void)
{
	_cleanup_(fclosep) FILE *maps = fopen("/proc/self/smaps", "re");
	bool is_symbols = false;
	long total_kb = 0;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (line[strcspn(line, " :")] == ' ') /* a mapping: its fields come after it */
			is_symbols = strstr(line, " /memfd:symbols ");
		else if (is_symbols && strncmp(line, "Rss:", strlen("Rss:")) == 0)
			total_kb += strtol(line + strlen("Rss:"), NULL, 10);
	}
	return total_kb;
}

static struct buffer build_file(void)
{
	struct elf_description description;
	struct buffer bytes = { 0 };

	symbol_fixture_build(true, &description, &bytes);
	return bytes;
}

static struct symbols *new_symbols(const struct buffer *bytes, uint32_t id)
{
	struct symbols *symbols;

	assert_int_equal(symbols_new(symbol_fixture_map(bytes), id, &symbols), 0);
	return symbols;
}

static void ask(struct symbol_residents *residents, struct symbols *symbols)
{
	struct symbol_frame frames[4];

	symbol_residents_touch(residents, symbols);
	assert_int_equal(symbol_file_find(symbols->file, symbol_fixture_call_vaddr(), frames,
					  ARRAY_SIZE(frames)),
			 2);
}

static void five_hundred_files_take_the_memory_of_few(void **state)
{
	static struct symbols *symbols[N_FILES];
	struct symbol_residents residents = { 0 };
	_cleanup_(buffer_fini) struct buffer bytes = build_file();
	long one_kb = (long)bytes.size / 1024 + 4;

	(void)state;
	for (uint32_t i = 0; i < N_FILES; i++)
		symbols[i] = new_symbols(&bytes, i);
	assert_int_equal(resident_kb(), 0);
	for (uint32_t i = 0; i < N_FILES; i++)
		ask(&residents, symbols[i]);
	assert_true(resident_kb() > 0);
	assert_true(resident_kb() <= one_kb * SYMBOL_RESIDENTS_MAX);
	for (uint32_t i = 0; i < N_FILES; i++)
		ask(&residents, symbols[i]); /* their pages come back */
	symbol_residents_tick(&residents);
	assert_int_equal(residents.n, SYMBOL_RESIDENTS_MAX);
	symbol_residents_tick(&residents);
	assert_int_equal(residents.n, 0);
	assert_int_equal(resident_kb(), 0);
	for (uint32_t i = 0; i < N_FILES; i++)
		symbols_unref(symbols[i]);
}

static void those_that_are_asked_stay(void **state)
{
	_cleanup_(buffer_fini) struct buffer bytes = build_file();
	struct symbols *symbols = new_symbols(&bytes, 1);
	struct symbol_residents residents = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		ask(&residents, symbols);
		assert_int_equal(residents.n, 1);
		symbol_residents_tick(&residents);
	}
	assert_int_equal(residents.n, 1);
	assert_int_equal(symbols->refs, 2);
	symbol_residents_fini(&residents);
	assert_int_equal(symbols->refs, 1);
	symbols_unref(symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_hundred_files_take_the_memory_of_few),
		cmocka_unit_test(those_that_are_asked_stay),
	};

	return cmocka_run_group_tests_name("symbol residents", tests, NULL, NULL);
}
