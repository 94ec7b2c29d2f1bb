/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/binary_table.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/frame.h"

DEFINE_CLEANUP(struct binary_table *, binary_table_free)

static void count(void *context, struct binary *binary)
{
	*(uint32_t *)context = *(uint32_t *)context * 10 + binary->number;
}

static void count_forgotten(void *context, const struct binary *binary)
{
	*(uint32_t *)context += binary->number;
}

static void finds_a_binary_by_identity_and_by_number(void **state)
{
	_cleanup_(binary_table_freep) struct binary_table *table = NULL;
	const struct binary_identity identity = { 1, 2, 3, 4 };
	struct binary *binary;

	(void)state;
	assert_int_equal(binary_table_new(10, &table), 0);
	assert_null(binary_table_find(table, &identity));
	assert_int_equal(binary_table_add(table, &identity, "/bin/sh", &binary), 0);
	assert_ptr_equal(binary_table_find(table, &identity), binary);
	assert_ptr_equal(binary_table_find_number(table, binary->number), binary);
	assert_string_equal(binary->path, "/bin/sh");
	assert_int_equal(binary->names, NAMES_PENDING);
}

static void notes_where_stacks_lead_through_a_binary(void **state)
{
	const struct frame frames[] = { { FRAME_NATIVE, 7, 0x10 }, { FRAME_NATIVE, 8, 0x20 },
					{ FRAME_JIT, 7, 0x30 },    { FRAME_NATIVE, 7, 0x40 },
					{ FRAME_NATIVE, 7, 0x10 }, { FRAME_KERNEL, 0, 0x50 } };
	struct frame deep[BINARY_MAX_PLACES + 1];
	struct binary binary = { .number = 7 };

	(void)state;
	binary_note_places(&binary, frames, ARRAY_SIZE(frames));
	assert_int_equal(binary.n_places, 2);
	assert_int_equal(binary.places[0], 0x10);
	assert_int_equal(binary.places[1], 0x40);
	for (uint32_t i = 0; i < ARRAY_SIZE(deep); i++)
		deep[i] = (struct frame){ FRAME_NATIVE, 7, 0x100 + i };
	binary_note_places(&binary, deep, ARRAY_SIZE(deep));
	assert_int_equal(binary.n_places, BINARY_MAX_PLACES);
}

static void takes_a_file_that_was_written_again_for_another(void **state)
{
	_cleanup_(closep) int fd = memfd_create("test", MFD_CLOEXEC);
	struct binary_identity before, after;
	struct stat status;

	(void)state;
	assert_int_equal(fstat(fd, &status), 0);
	before = binary_identity_of(&status);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(fstat(fd, &status), 0);
	after = binary_identity_of(&status);
	assert_int_equal(before.inode, after.inode);
	assert_memory_not_equal(&before, &after, sizeof(before));
}

static void closes_what_it_forgets(void **state)
{
	_cleanup_(binary_table_freep) struct binary_table *table = NULL;
	const struct binary_identity old = { 1, 1, 1, 1 }, young = { 1, 2, 1, 1 };
	struct binary *binary;
	uint32_t numbers = 0, n_forgotten = 0;
	int fd;

	(void)state;
	assert_int_equal(binary_table_new(10, &table), 0);
	assert_int_equal(binary_table_add(table, &old, "/old", &binary), 0);
	binary->symbols_fd = fd = memfd_create("test", MFD_CLOEXEC);
	binary->last_used = 1;
	assert_int_equal(binary_table_add(table, &young, "/young", &binary), 0);
	binary->last_used = 2;
	binary_table_forget_unused(table, 2, count_forgotten, &n_forgotten);
	assert_int_equal(n_forgotten, 1);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_null(binary_table_find(table, &old));
	binary_table_each(table, count, &numbers);
	assert_int_equal(numbers, 2);
	assert_int_equal(binary_table_count(table), 1);
}

/* Else the resolver's queue would grow where files come and go faster than they are read. */
static void keeps_what_the_resolver_works_on(void **state)
{
	_cleanup_(binary_table_freep) struct binary_table *table = NULL;
	const struct binary_identity identity = { 1, 1, 1, 1 };
	uint32_t n_forgotten = 0;
	struct binary *binary;

	(void)state;
	assert_int_equal(binary_table_new(10, &table), 0);
	assert_int_equal(binary_table_add(table, &identity, "/old", &binary), 0);
	binary->fd = memfd_create("test", MFD_CLOEXEC);
	binary_table_forget_unused(table, 2, count_forgotten, &n_forgotten);
	assert_int_equal(n_forgotten, 0);
	close(binary->fd);
	binary->fd = -1;
	binary_table_forget_unused(table, 2, count_forgotten, &n_forgotten);
	assert_int_equal(n_forgotten, 1);
	assert_int_equal(binary_table_count(table), 0);
}

static void takes_no_more_than_its_bound(void **state)
{
	_cleanup_(binary_table_freep) struct binary_table *table = NULL;
	const struct binary_identity one = { 1, 1, 1, 1 }, two = { 1, 2, 1, 1 };
	struct binary *binary;

	(void)state;
	assert_int_equal(binary_table_new(1, &table), 0);
	assert_int_equal(binary_table_add(table, &one, "/one", &binary), 0);
	assert_int_equal(binary_table_add(table, &two, "/two", &binary), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_binary_by_identity_and_by_number),
		cmocka_unit_test(notes_where_stacks_lead_through_a_binary),
		cmocka_unit_test(takes_a_file_that_was_written_again_for_another),
		cmocka_unit_test(closes_what_it_forgets),
		cmocka_unit_test(keeps_what_the_resolver_works_on),
		cmocka_unit_test(takes_no_more_than_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
