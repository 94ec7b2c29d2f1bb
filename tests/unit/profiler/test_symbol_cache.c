/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/symbol_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "profiler/symbols.h"
#include "tests/unit/profiler/demangle_counter.h"
#include "tests/unit/profiler/symbol_fixture.h"
#include "unwind/symbol_file.h"
#include "unwind/elf_file.h"

static struct symbols *new_symbols(uint32_t id)
{
	struct elf_description description;
	struct symbol_file *file;
	struct symbols *symbols;

	symbol_fixture_make(true, &description, &file);
	assert_int_equal(symbols_new(file, id, &symbols), 0);
	return symbols;
}

static void makes_readable_what_a_symbol_file_answers(void **state)
{
	struct symbols *symbols = new_symbols(1);
	const struct symbol_function *function;
	const struct symbol_place *place;
	struct symbol_cache *cache;

	(void)state;
	assert_int_equal(symbol_cache_new(&cache), 0);
	assert_int_equal(symbol_cache_find(cache, symbols, symbol_fixture_call_vaddr(), &place), 0);
	assert_int_equal(place->n_lines, 2);
	function = symbol_cache_function(cache, place->lines[0].function);
	assert_string_equal(function->name, "symbol_fixture_inlined");
	assert_non_null(strstr(function->filename, "/symbol_fixture.c"));
	assert_true(place->lines[0].line > 0);
	symbol_cache_unref(cache);
	symbols_unref(symbols);
}

static void tells_how_far_into_its_function_a_place_is(void **state)
{
	const uint64_t vaddr = symbol_fixture_call_vaddr() + 1;
	struct symbols *symbols = new_symbols(1);
	const struct symbol_place *place;
	struct symbol_cache *cache;
	struct code_range range;

	(void)state;
	assert_int_equal(symbol_cache_new(&cache), 0);
	assert_int_equal(symbol_cache_find(cache, symbols, vaddr, &place), 0);
	assert_true(symbol_file_find_function(symbols->file, vaddr, &range));
	assert_true(place->off > 0);
	assert_int_equal(place->off, vaddr - range.start_vaddr);
	assert_int_equal(symbol_cache_find(cache, symbols, 1, &place), 0);
	assert_int_equal(place->off, 0);
	symbol_cache_unref(cache);
	symbols_unref(symbols);
}

static void answers_the_same_again_without_growing(void **state)
{
	struct symbols *symbols = new_symbols(1), *again = new_symbols(2);
	const struct symbol_place *first, *second, *nameless;
	struct symbol_cache *cache;
	size_t bytes;

	(void)state;
	assert_int_equal(symbol_cache_new(&cache), 0);
	assert_int_equal(symbol_cache_find(cache, symbols, symbol_fixture_call_vaddr(), &first), 0);
	assert_int_equal(symbol_cache_find(cache, symbols, 1, &nameless), 0);
	assert_int_equal(nameless->n_lines, 0);
	bytes = symbol_cache_bytes(cache);
	assert_int_equal(symbol_cache_find(cache, symbols, symbol_fixture_call_vaddr(), &second),
			 0);
	assert_ptr_equal(first, second);
	assert_int_equal(symbol_cache_find(cache, symbols, 1, &second), 0);
	assert_ptr_equal(nameless, second);
	assert_int_equal(symbol_cache_bytes(cache), bytes);

	/* the same functions in another symbol file */
	assert_int_equal(symbol_cache_find(cache, again, symbol_fixture_call_vaddr(), &second), 0);
	assert_ptr_not_equal(first, second);
	assert_int_equal(first->lines[1].function, second->lines[1].function);
	symbol_cache_unref(cache);
	symbols_unref(symbols);
	symbols_unref(again);
}

static void tells_functions_of_one_name_apart(void **state)
{
	const struct symbol_function *functions[3];
	const struct symbol_place *place;
	struct symbol_cache *cache;
	struct symbols *symbols;

	(void)state;
	assert_int_equal(symbols_new(symbol_fixture_namesakes(), 1, &symbols), 0);
	assert_int_equal(symbol_cache_new(&cache), 0);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(
			symbol_cache_find(cache, symbols, SYMBOL_FIXTURE_NAMESAKE_VADDR(i), &place),
			0);
		assert_int_equal(place->n_lines, 1);
		functions[i] = symbol_cache_function(cache, place->lines[0].function);
		assert_string_equal(functions[i]->name, "same");
		assert_ptr_equal(functions[i]->name, functions[i]->system_name);
	}
	assert_string_equal(functions[0]->filename, "/src/a.c");
	assert_string_equal(functions[1]->filename, "/src/b.c");
	assert_ptr_equal(functions[0], functions[2]);
	symbol_cache_unref(cache);
	symbols_unref(symbols);
}

static void demangles_a_name_once_however_often_it_is_met(void **state)
{
	const struct symbol_place *place;
	struct symbol_cache *cache;
	struct symbols *symbols[2];

	(void)state;
	assert_int_equal(symbol_cache_new(&cache), 0);
	demangle_count = 0;
	for (uint32_t id = 0; id < 2; id++) {
		assert_int_equal(symbols_new(symbol_fixture_namesakes(), id, &symbols[id]), 0);
		for (uint64_t offset = 0; offset < 0x300; offset++)
			assert_int_equal(symbol_cache_find(
						 cache, symbols[id],
						 SYMBOL_FIXTURE_NAMESAKE_VADDR(0) + offset, &place),
					 0);
	}
	assert_int_equal(demangle_count, 1);
	symbol_cache_unref(cache);
	symbols_unref(symbols[0]);
	symbols_unref(symbols[1]);
}

/* How many names are refused when one of @symbol is taken in. */
static uint64_t refused_count(const char *symbol)
{
	const struct symbol_place *place;
	struct symbol_cache *cache;
	struct symbols *symbols;
	uint64_t n;

	assert_int_equal(symbol_cache_new(&cache), 0);
	assert_int_equal(symbols_new(symbol_fixture_called(symbol), 1, &symbols), 0);
	for (uint64_t offset = 0; offset < 2; offset++)
		assert_int_equal(symbol_cache_find(cache, symbols,
						   SYMBOL_FIXTURE_NAMESAKE_VADDR(0) + offset,
						   &place),
				 0);
	assert_int_equal(place->n_lines, 1);
	n = symbol_cache_refused(cache);
	symbol_cache_unref(cache);
	symbols_unref(symbols);
	return n;
}

/* A function of a pointer to a pointer to a … */
static const char *deep(char symbol[16384], const char *start, const char *end)
{
	size_t length = strlen(start);

	memset(symbol, 'P', 10000);
	memcpy(symbol, start, length);
	strcpy(symbol + 10000, end);
	return symbol;
}

static void counts_names_that_take_too_much_to_be_read(void **state)
{
	char symbol[16384];

	(void)state;
	assert_int_equal(refused_count("plain"), 0);
	assert_int_equal(refused_count("_Z3fooi"), 0);
	assert_int_equal(refused_count("_Znonsense"), 0);
	assert_int_equal(refused_count("_D3foo3barFiZv"), 0);
	assert_int_equal(refused_count("_Dx"), 0);
	assert_int_equal(refused_count("_Rx"), 0);
	assert_int_equal(refused_count(deep(symbol, "_Z1f", "i")), 1);
	assert_int_equal(refused_count(deep(symbol, "_D1f", "v")), 1);
	assert_int_equal(refused_count("_RINvC1a1bFGzzzzzzzz_EuE"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_readable_what_a_symbol_file_answers),
		cmocka_unit_test(tells_how_far_into_its_function_a_place_is),
		cmocka_unit_test(answers_the_same_again_without_growing),
		cmocka_unit_test(tells_functions_of_one_name_apart),
		cmocka_unit_test(demangles_a_name_once_however_often_it_is_met),
		cmocka_unit_test(counts_names_that_take_too_much_to_be_read),
	};

	return cmocka_run_group_tests_name("symbol_cache", tests, NULL, NULL);
}
