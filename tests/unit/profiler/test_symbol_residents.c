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
#include "profiler/base/cleanup.h"
#include "profiler/symbols.h"
#include "tests/unit/profiler/symbol_fixture.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_file.h"

#define N_FILES  500
#define SLACK_KB 1024 /* what the kernel counts late, and what the C library maps */

/* What /proc/self/status says of this process. */
static long status_kb(const char *field)
{
	_cleanup_(fclosep) FILE *status = fopen("/proc/self/status", "re");
	size_t length = strlen(field);
	char line[256];

	assert_non_null(status);
	while (fgets(line, sizeof(line), status))
		if (strncmp(line, field, length) == 0)
			return strtol(line + length, NULL, 10);
	fail_msg("there is no %s", field);
	return 0;
}

static long mapped_kb(void)
{
	return status_kb("RssFile:") + status_kb("RssShmem:");
}

static struct symbols *new_symbols(uint32_t id)
{
	struct elf_description description;
	struct symbols *symbols;
	struct symbol_file *file;

	symbol_fixture_make(true, &description, &file);
	assert_int_equal(symbols_new(file, id, &symbols), 0);
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
	long mapped, one_kb;

	(void)state;
	for (uint32_t i = 0; i < N_FILES; i++)
		symbols[i] = new_symbols(i);
	mapped = mapped_kb();
	one_kb = (long)symbol_file_bytes(symbols[0]->file) / 1024 + 4;
	/* Were all of them resident, they would take 16 pages each at least. */
	assert_true(one_kb * SYMBOL_RESIDENTS_MAX + SLACK_KB < N_FILES * 64L);
	for (uint32_t i = 0; i < N_FILES; i++)
		ask(&residents, symbols[i]);
	assert_true(mapped_kb() - mapped < one_kb * SYMBOL_RESIDENTS_MAX + SLACK_KB);
	for (uint32_t i = 0; i < N_FILES; i++)
		ask(&residents, symbols[i]); /* their pages come back */
	symbol_residents_tick(&residents);
	assert_int_equal(residents.n, SYMBOL_RESIDENTS_MAX);
	symbol_residents_tick(&residents);
	assert_int_equal(residents.n, 0);
	assert_true(mapped_kb() - mapped < SLACK_KB);
	for (uint32_t i = 0; i < N_FILES; i++)
		symbols_unref(symbols[i]);
}

static void those_that_are_asked_stay(void **state)
{
	struct symbols *symbols = new_symbols(1);
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
