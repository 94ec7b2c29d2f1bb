/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/jitdump_copy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "profiler/base/buffer.h"
#include "unwind/jit_code.h"
#include "unwind/jit_report.h"
#include "unwind/jitdump_format.h"

enum { CODE_BYTES = 100000 };

static void put_header(struct buffer *dump, uint32_t n_bytes)
{
	const uint32_t header[] = { JITDUMP_MAGIC, JITDUMP_VERSION, n_bytes };

	buffer_append(dump, header, sizeof(header));
	buffer_append_zeros(dump, n_bytes - sizeof(header));
}

static void put_load(struct buffer *dump, const char *name)
{
	const struct jitdump_record record = {
		.id = JITDUMP_LOAD,
		.n_bytes = (uint32_t)(sizeof(record) + JITDUMP_LOAD_BYTES + strlen(name) + 1 +
				      CODE_BYTES),
	};

	buffer_append(dump, &record, sizeof(record));
	buffer_append_zeros(dump, JITDUMP_LOAD_BYTES);
	buffer_append(dump, name, strlen(name) + 1);
	buffer_append_zeros(dump, CODE_BYTES);
}

/* The copy of a file with these bytes that had @size of them when it was looked at. */
static struct buffer copy_of(const struct buffer *dump, uint64_t size, struct jit_report *report)
{
	struct buffer copy = { 0 };
	int fd = fixture_memfd(dump->data, dump->size);

	assert_int_equal(jitdump_copy(fd, size, &copy, report), 0);
	close(fd);
	return copy;
}

static bool names(const struct buffer *copy, const char *name)
{
	return memmem(copy->data, copy->size, name, strlen(name) + 1);
}

static void the_code_is_left_out(void **state)
{
	struct jit_report report = { 0 };
	struct buffer dump = { 0 }, copy;

	(void)state;
	put_header(&dump, 64); /* with fields that are not known */
	put_load(&dump, "first");
	put_load(&dump, "second");
	copy = copy_of(&dump, dump.size, &report);
	assert_true(names(&copy, "first") && names(&copy, "second"));
	assert_true(copy.size < 300);
	buffer_fini(&copy);
	buffer_fini(&dump);
}

/* At each of these bytes: mapped, it would have killed its reader. */
static void of_a_file_that_is_cut_off_as_it_is_read_the_rest_is_there(void **state)
{
	struct buffer dump = { 0 };
	size_t whole;

	(void)state;
	put_header(&dump, JITDUMP_HEADER_BYTES);
	put_load(&dump, "first");
	whole = dump.size;
	put_load(&dump, "second");
	for (size_t n_left = 0; n_left < dump.size; n_left += n_left < 200 ? 1 : 997) {
		const struct buffer cut = { .data = dump.data, .size = n_left };
		struct jit_report report = { 0 };
		struct buffer copy = copy_of(&cut, dump.size, &report);

		if (n_left >= whole)
			assert_true(names(&copy, "first"));
		buffer_fini(&copy);
	}
	buffer_fini(&dump);
}

static void of_a_name_without_end_a_part_is_told(void **state)
{
	char name[3 * JIT_CODE_MAX_NAME] = "";
	struct jit_report report = { 0 };
	struct buffer dump = { 0 }, copy;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	put_header(&dump, JITDUMP_HEADER_BYTES);
	put_load(&dump, name);
	copy = copy_of(&dump, dump.size, &report);
	assert_true(copy.size > JIT_CODE_MAX_NAME && copy.size < 2 * JIT_CODE_MAX_NAME);
	buffer_fini(&copy);
	buffer_fini(&dump);
}

static void what_is_told_has_a_bound(void **state)
{
	const struct jitdump_record record = { JITDUMP_DEBUG_INFO, 1 << 20, 0 };
	const size_t n_records = JITDUMP_MAX_COPY_BYTES / record.n_bytes + 3;
	struct jit_report report = { 0 };
	struct buffer dump = { 0 }, copy;

	(void)state;
	put_header(&dump, JITDUMP_HEADER_BYTES);
	for (size_t i = 0; i < n_records; i++) {
		buffer_append(&dump, &record, sizeof(record));
		buffer_append_zeros(&dump, record.n_bytes - sizeof(record));
	}
	copy = copy_of(&dump, dump.size, &report);
	assert_true(copy.size <= JITDUMP_MAX_COPY_BYTES);
	assert_int_equal(copy.size + report.unread_bytes, dump.size);
	buffer_fini(&copy);
	buffer_fini(&dump);
}

static void a_name_cut_at_the_bound_does_not_lift_it(void **state)
{
	const size_t load_bytes =
		sizeof(struct jitdump_record) + JITDUMP_LOAD_BYTES + JIT_CODE_MAX_NAME + 1;
	const struct jitdump_record record = {
		.id = JITDUMP_DEBUG_INFO,
		.n_bytes = (uint32_t)(JITDUMP_MAX_COPY_BYTES - JITDUMP_HEADER_BYTES - load_bytes),
	};
	char name[3 * JIT_CODE_MAX_NAME] = "";
	struct jit_report report = { 0 };
	struct buffer dump = { 0 }, copy;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	put_header(&dump, JITDUMP_HEADER_BYTES);
	buffer_append(&dump, &record, sizeof(record));
	buffer_append_zeros(&dump, record.n_bytes - sizeof(record));
	put_load(&dump, name);
	put_load(&dump, name);
	copy = copy_of(&dump, dump.size, &report);
	assert_true(copy.size <= JITDUMP_MAX_COPY_BYTES);
	buffer_fini(&copy);
	buffer_fini(&dump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_code_is_left_out),
		cmocka_unit_test(of_a_file_that_is_cut_off_as_it_is_read_the_rest_is_there),
		cmocka_unit_test(of_a_name_without_end_a_part_is_told),
		cmocka_unit_test(what_is_told_has_a_bound),
		cmocka_unit_test(a_name_cut_at_the_bound_does_not_lift_it),
	};

	return cmocka_run_group_tests_name("jitdump copy", tests, NULL, NULL);
}
