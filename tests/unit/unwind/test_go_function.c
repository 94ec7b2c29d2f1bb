/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/go_function.h"

#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "fixture.h"
#include "pclntab_builder.h"
#include "profiler/base/array.h"
#include "unwind/debug_files.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_file.h"
#include "unwind/symbol_file_build.h"
#include "unwind/symbol_glance.h"

#define TEXT_VADDR   (BUILT_VADDR + 0x40)
#define HEADER_BYTES 80
#define START_LINE   9

static const char *const files[] = { "/src/one.go", "/src/leaf.go", NULL };

/*
 * Pairs of a change, zigzag, from −1 on, and of how many bytes it holds for.
 *
 *     bytes   0   4    8     12
 *     file    0   0    1     0
 *     line    10  20   30    11
 *     call    −1  0    1     −1
 */
static const uint8_t file_values[] = { 2, 8, 2, 4, 1, 4, 0 };
static const uint8_t line_values[] = { 22, 4, 20, 4, 20, 4, 37, 4, 0 };
static const uint8_t call_values[] = { 0, 4, 2, 4, 2, 4, 3, 4, 0 };

static const uint8_t long_values[] = { 2, 127, 0 };

/* main.one calls main.mid on line 10, and that calls main.leaf on line 20. */
static const struct built_call calls[] = { { "main.mid", 1 }, { "main.leaf", 5 } };

/* Where the module of a version has the pointers to read-only and to functions' data, in words. */
static const size_t module_words[] = { [PCLNTAB_1_18] = 37, [PCLNTAB_1_20] = 39 };
#define MODULE_WORDS_1_27 42

/* A program of Go, and its symbol file. */
struct program {
	enum pclntab_version version;
	const struct built_call *calls;
	size_t n_calls;
	const uint8_t *call_values;
	size_t module_word;  /* 0: there is no module */
	uint32_t code_bytes; /* of the first function, or 0: as above */
	int fd;
	struct symbol_file *symbols;
};

static void build_elf(const struct program *program, struct buffer *elf)
{
	const uint32_t code_bytes = program->code_bytes ? program->code_bytes : 0x20;
	const struct built_function functions[] = {
		{
			.name = "main.one",
			.start_vaddr = TEXT_VADDR,
			.file_values = program->code_bytes ? long_values : file_values,
			.line_values = program->code_bytes ? long_values : line_values,
			.call_values = program->call_values,
			.start_line = START_LINE,
			.calls = program->calls,
			.n_calls = program->n_calls,
		},
		{ .name = "main.two", .start_vaddr = TEXT_VADDR + code_bytes },
	};
	struct built_pclntab pclntab = {
		.version = program->version,
		.text_vaddr = TEXT_VADDR,
		.functions = functions,
		.n_functions = ARRAY_SIZE(functions),
		.end_vaddr = TEXT_VADDR + code_bytes + 16,
		.files = files,
	};
	struct built_section sections[] = { { .name = ".rodata" },
					    { .name = ".gopclntab" },
					    { .name = ".go.module" } };
	struct buffer data = { 0 }, table = { 0 };
	uint64_t module[64] = { 0 };

	pclntab_build_calls(&data, &pclntab);
	sections[0].bytes = data.data;
	sections[0].size = data.size;
	pclntab.calls_vaddr = built_section_vaddr(sections, 0);
	pclntab_build(&table, &pclntab);
	sections[1].bytes = table.data;
	sections[1].size = table.size;
	sections[2].bytes = module;
	sections[2].size = sizeof(module);
	if (program->module_word) {
		module[0] = built_section_vaddr(sections, 1);
		module[1] = module[0] + HEADER_BYTES;
		module[22] = TEXT_VADDR;
		/* What is before is no address, or a larger one. */
		module[program->module_word - 3] = module[0];
		module[program->module_word - 2] = 0x40;
		module[program->module_word] = pclntab.calls_vaddr;
		module[program->module_word + 1] = pclntab.calls_vaddr;
	}
	elf_build(elf, EM_X86_64, sections, ARRAY_SIZE(sections), true);
	buffer_fini(&data);
	buffer_fini(&table);
}

static void set_up(struct program *program)
{
	struct buffer elf = { 0 }, bytes = { 0 };
	struct symbol_build_report report;
	struct elf_file *file;
	int elf_fd;

	build_elf(program, &elf);
	elf_fd = fixture_memfd(elf.data, elf.size);
	assert_int_equal(elf_file_open(elf_fd, &file), 0);
	assert_true(go_function_is_in(file));
	assert_int_equal(symbol_file_build(&(struct debug_files){ .binary = file },
					   SYMBOL_FUNCTIONS, &bytes, &report),
			 0);
	assert_int_equal(report.n_functions, 2);
	program->fd = fixture_memfd(bytes.data, bytes.size);
	assert_int_equal(symbol_file_map(program->fd, &program->symbols), 0);
	elf_file_free(file);
	close(elf_fd);
	buffer_fini(&elf);
	buffer_fini(&bytes);
}

static void tear_down(struct program *program)
{
	symbol_file_free(program->symbols);
	close(program->fd);
}

struct expected {
	const char *function;
	const char *filename;
	uint32_t line;
};

static void assert_frames(const struct program *program, uint64_t off,
			  const struct expected *expected, size_t n)
{
	struct symbol_frame frames[SYMBOL_MAX_INLINE];

	assert_int_equal(
		symbol_file_find(program->symbols, TEXT_VADDR + off, frames, ARRAY_SIZE(frames)),
		n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(frames[i].function, expected[i].function);
		assert_string_equal(frames[i].filename, expected[i].filename);
		assert_int_equal(frames[i].line, expected[i].line);
		assert_string_equal(frames[i].directory, "/src");
	}
	assert_int_equal(frames[n - 1].start_line,
			 program->version == PCLNTAB_1_20 ? START_LINE : 10);
}

static const struct expected leaf_in_mid[] = { { "main.leaf", "leaf.go", 30 },
					       { "main.mid", "one.go", 20 },
					       { "main.one", "one.go", 10 } };

static void assert_whole(const struct program *program)
{
	assert_frames(program, 0, &leaf_in_mid[2], 1);
	assert_frames(program, 3, &leaf_in_mid[2], 1);
	assert_frames(program, 4, &leaf_in_mid[1], 2);
	assert_frames(program, 8, leaf_in_mid, 3);
	assert_frames(program, 11, leaf_in_mid, 3);
	assert_frames(program, 12, &(struct expected){ "main.one", "one.go", 11 }, 1);
}

static void has_lines_and_inlined_functions_in_every_version(void **state)
{
	(void)state;
	for (int version = PCLNTAB_1_16; version <= PCLNTAB_1_20; version++) {
		struct program program = {
			.version = (enum pclntab_version)version,
			.calls = calls,
			.n_calls = ARRAY_SIZE(calls),
			.call_values = call_values,
			.module_word = module_words[version],
		};

		set_up(&program);
		assert_whole(&program);
		tear_down(&program);
	}
}

static int on_glance(struct elf_file *file, uint64_t off, struct buffer *ret_bytes)
{
	const struct elf_segment *segment = &elf_file_describe(file)->segments[0];
	const uint64_t file_off = TEXT_VADDR + off - segment->elf_vaddr + segment->file_off;

	return symbol_glance_build(&(struct debug_files){ .binary = file }, &file_off, 1,
				   ret_bytes);
}

static void a_glance_has_all_of_the_function_that_is_there(void **state)
{
	struct program program = {
		.version = PCLNTAB_1_20,
		.calls = calls,
		.n_calls = ARRAY_SIZE(calls),
		.call_values = call_values,
		.module_word = module_words[PCLNTAB_1_20],
	};
	struct buffer elf = { 0 }, bytes = { 0 };
	struct elf_file *file;
	int elf_fd;

	(void)state;
	build_elf(&program, &elf);
	elf_fd = fixture_memfd(elf.data, elf.size);
	assert_int_equal(elf_file_open(elf_fd, &file), 0);
	assert_int_equal(on_glance(file, 0x30, &bytes), -ENODATA); /* behind the last one */
	assert_int_equal(on_glance(file, 8, &bytes), 0);
	program.fd = fixture_memfd(bytes.data, bytes.size);
	assert_int_equal(symbol_file_map(program.fd, &program.symbols), 0);
	assert_int_equal(symbol_file_function_count(program.symbols), 1);
	assert_whole(&program);
	tear_down(&program);
	elf_file_free(file);
	close(elf_fd);
	buffer_fini(&elf);
	buffer_fini(&bytes);
}

static void finds_what_1_27_has_put_elsewhere(void **state)
{
	struct program program = {
		.version = PCLNTAB_1_20,
		.calls = calls,
		.n_calls = ARRAY_SIZE(calls),
		.call_values = call_values,
		.module_word = MODULE_WORDS_1_27,
	};

	(void)state;
	set_up(&program);
	assert_whole(&program);
	tear_down(&program);
}

static void has_lines_without_a_module(void **state)
{
	struct program program = {
		.version = PCLNTAB_1_18,
		.calls = calls,
		.n_calls = ARRAY_SIZE(calls),
		.call_values = call_values,
	};

	(void)state;
	set_up(&program);
	assert_frames(&program, 9, &(struct expected){ "main.one", "leaf.go", 30 }, 1);
	tear_down(&program);
}

static void a_function_without_tables_has_a_name(void **state)
{
	struct program program = { .version = PCLNTAB_1_16 };
	struct symbol_frame frame;

	(void)state;
	set_up(&program);
	assert_int_equal(symbol_file_find(program.symbols, TEXT_VADDR + 0x20, &frame, 1), 1);
	assert_string_equal(frame.function, "main.two");
	assert_int_equal(frame.line, 0);
	tear_down(&program);
}

/* Whose caller is itself, or the one that it has called; or who has none at all. */
static void calls_that_lead_in_a_circle_are_the_functions_own(void **state)
{
	static const struct built_call circle[] = { { "main.mid", 9 }, { "main.leaf", 9 } };
	static const struct built_call lost[] = { { "main.mid", 1 }, { "main.leaf", UINT32_MAX } };
	const struct expected from_circle[] = { { "main.leaf", "leaf.go", 30 },
						{ "main.one", "leaf.go", 30 } };
	struct program program = {
		.version = PCLNTAB_1_20,
		.calls = circle,
		.n_calls = ARRAY_SIZE(circle),
		.call_values = call_values,
		.module_word = module_words[PCLNTAB_1_20],
	};

	(void)state;
	set_up(&program);
	assert_frames(&program, 9, from_circle, 2);
	tear_down(&program);
	program.calls = lost;
	set_up(&program);
	assert_frames(&program, 9,
		      (struct expected[]){ leaf_in_mid[0], { "main.one", "one.go", 11 } }, 2);
	tear_down(&program);
}

/* Call n is made in byte n, and has byte n + 1. */
static void what_nests_too_deep_is_its_callers(void **state)
{
	enum { DEEP = SYMBOL_MAX_INLINE + 10 };
	struct symbol_frame frames[DEEP];
	struct built_call chain[DEEP];
	uint8_t values[2 * DEEP + 3] = { 0, 1 };
	struct program program = {
		.version = PCLNTAB_1_20,
		.calls = chain,
		.n_calls = DEEP,
		.call_values = values,
		.module_word = module_words[PCLNTAB_1_20],
		.code_bytes = DEEP + 1,
	};

	(void)state;
	for (uint32_t i = 0; i < DEEP; i++) {
		chain[i] = (struct built_call){ i % 2 ? "main.odd" : "main.even", i };
		values[2 + 2 * i] = 2;
		values[3 + 2 * i] = 1;
	}
	set_up(&program);
	for (uint64_t off = 0; off <= DEEP; off++) {
		size_t n = symbol_file_find(program.symbols, TEXT_VADDR + off, frames,
					    ARRAY_SIZE(frames));

		assert_int_equal(n, off < SYMBOL_MAX_INLINE ? off + 1 : SYMBOL_MAX_INLINE);
		assert_string_equal(frames[n - 1].function, "main.one");
		if (n > 1)
			assert_string_equal(frames[0].function, n % 2 ? "main.odd" : "main.even");
	}
	tear_down(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_lines_and_inlined_functions_in_every_version),
		cmocka_unit_test(a_glance_has_all_of_the_function_that_is_there),
		cmocka_unit_test(finds_what_1_27_has_put_elsewhere),
		cmocka_unit_test(has_lines_without_a_module),
		cmocka_unit_test(a_function_without_tables_has_a_name),
		cmocka_unit_test(calls_that_lead_in_a_circle_are_the_functions_own),
		cmocka_unit_test(what_nests_too_deep_is_its_callers),
	};

	return cmocka_run_group_tests_name("go function", tests, NULL, NULL);
}
