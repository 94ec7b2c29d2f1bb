/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/table_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "temporary_folder.h"
#include "unwind/unwind_table.h"

#define MAX_BYTES (1U << 20)

DEFINE_CLEANUP(struct table_cache *, table_cache_free)

static const struct binary_key libc = {
	.build_id = { { 0xab, 0xcd, 0xef }, 3 },
	.owner = 0,
	.size_bytes = 1900000,
	.change_time_ns = 1700000000123456789,
};

/* Append a table of so many rules, which has no rows. */
static void make_table(struct buffer *table, uint32_t n_rules, int16_t fp_off)
{
	const struct unwind_table_header header = {
		.magic = UNWIND_TABLE_MAGIC,
		.n_rules = n_rules,
		.size_bytes = (uint32_t)(sizeof(header) + n_rules * sizeof(struct unwind_rule)),
	};

	buffer_append(table, &header, sizeof(header));
	for (uint32_t i = 0; i < n_rules; i++) {
		const struct unwind_rule rule = { .fp_off = fp_off };

		buffer_append(table, &rule, sizeof(rule));
	}
	assert_int_equal(unwind_table_check(table->data, table->size), 0);
}

static struct table_cache *open_at(const struct temporary_folder *place)
{
	const struct table_cache_options options = { place->path, MAX_BYTES, { .n_bytes = 0 } };
	struct table_cache *cache;

	assert_int_equal(table_cache_new(&options, &cache), 0);
	return cache;
}

static struct cache_status status_of(const struct table_cache *cache)
{
	struct cache_status status;

	table_cache_get_status(cache, &status);
	return status;
}

/* Whether a table is found; it must be that one then. */
static bool finds(struct table_cache *cache, const struct binary_key *key,
		  const struct buffer *table)
{
	_cleanup_(freep) void *found = NULL;
	size_t size;

	if (!table_cache_find(cache, key, &found, &size))
		return false;
	assert_int_equal(size, table->size);
	assert_memory_equal(found, table->data, size);
	return true;
}

static void keeps_a_table_for_the_next_start(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(buffer_fini) struct buffer table = { 0 };
	struct table_cache *cache = open_at(&place);

	(void)state;
	make_table(&table, 1000, 0);
	assert_false(finds(cache, &libc, &table));
	table_cache_put(cache, &libc, table.data, table.size);
	assert_int_equal(status_of(cache).misses, 1);
	assert_int_equal(status_of(cache).written, 1);
	assert_int_equal(status_of(cache).n_files, 1);
	table_cache_free(cache);
	cache = open_at(&place);
	assert_int_equal(status_of(cache).n_files, 1);
	assert_true(status_of(cache).bytes >= table.size);
	assert_true(finds(cache, &libc, &table));
	assert_int_equal(status_of(cache).hits, 1);
	assert_int_equal(status_of(cache).misses, 0);
	table_cache_free(cache);
}

static void no_other_file_passes_for_one(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(table_cache_freep) struct table_cache *cache = open_at(&place);
	_cleanup_(buffer_fini) struct buffer table = { 0 };
	struct binary_key others[] = { libc, libc, libc, libc, libc };

	(void)state;
	others[0].build_id.bytes[2]++;
	others[1].build_id.n_bytes++;
	others[2].owner = 1000;
	others[3].size_bytes++;
	others[4].change_time_ns++;
	make_table(&table, 3, 0);
	table_cache_put(cache, &libc, table.data, table.size);
	for (size_t i = 0; i < 5; i++)
		assert_false(finds(cache, &others[i], &table));
	assert_true(finds(cache, &libc, &table));
	assert_int_equal(status_of(cache).damaged, 0);
}

static void knows_a_file_by_what_is_said_of_it(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(table_cache_freep) struct table_cache *cache = open_at(&place);
	_cleanup_(closep) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct binary_key key;
	struct stat status;

	(void)state;
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(table_cache_key_of(cache, fd, &key), 0);
	assert_int_equal(key.build_id.n_bytes, 20);
	assert_int_equal(key.owner, status.st_uid);
	assert_int_equal(key.size_bytes, status.st_size);
	assert_int_equal(key.change_time_ns % 1000000000, status.st_mtim.tv_nsec);
	assert_int_equal(key.change_time_ns / 1000000000, status.st_mtim.tv_sec);
}

static void a_file_without_build_id_or_name_has_no_key(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(table_cache_freep) struct table_cache *cache = open_at(&place);
	_cleanup_(closep) int without_id = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	_cleanup_(closep) int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_(closep) int without_name = memfd_create("program", MFD_CLOEXEC);
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct binary_key key;

	(void)state;
	assert_int_equal(file_read_fd(own, 64 << 20, &bytes), 0);
	assert_int_equal(file_write_fd(without_name, bytes.data, bytes.size), 0);
	assert_int_equal(table_cache_key_of(cache, without_id, &key), -ENODATA);
	assert_int_equal(table_cache_key_of(cache, without_name, &key), -ENODATA);
	assert_int_equal(status_of(cache).unkeyed, 2);
}

static void write_at(const char *path, const void *bytes, size_t size, size_t cut_at)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, bytes, cut_at < size ? cut_at : size), 0);
	close(fd);
}

/* Put a table, and read the file that it became; its path is left in @ret_path. */
static void put_and_read(struct table_cache *cache, const struct temporary_folder *place,
			 const struct buffer *table, char ret_path[512], struct buffer *file)
{
	int fd;

	table_cache_put(cache, &libc, table->data, table->size);
	assert_int_equal(temporary_folder_count(place, ret_path), 1);
	fd = open(ret_path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(file_read_fd(fd, MAX_BYTES, file), 0);
	close(fd);
}

static void a_table_with_any_byte_damaged_is_refused_and_removed(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(table_cache_freep) struct table_cache *cache = open_at(&place);
	_cleanup_(buffer_fini) struct buffer table = { 0 }, file = { 0 };
	uint64_t n_damaged;
	char path[512];

	(void)state;
	make_table(&table, 10, 0);
	put_and_read(cache, &place, &table, path, &file);
	for (size_t i = 0; i < file.size; i++) {
		file.data[i] ^= (char)(1 << i % 8);
		write_at(path, file.data, file.size, file.size);
		assert_false(finds(cache, &libc, &table));
		file.data[i] ^= (char)(1 << i % 8);
	}
	/* All but where the version is said: that is not damage, and it will be written over. */
	n_damaged = status_of(cache).damaged;
	assert_in_range(n_damaged, file.size - 64, file.size - 1);
	write_at(path, file.data, file.size, file.size);
	assert_true(finds(cache, &libc, &table));
	file.data[0]++;
	write_at(path, file.data, file.size, file.size);
	assert_false(finds(cache, &libc, &table));
	assert_int_equal(temporary_folder_count(&place, NULL), 0);
}

static void a_table_that_is_cut_short_is_refused(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(table_cache_freep) struct table_cache *cache = open_at(&place);
	_cleanup_(buffer_fini) struct buffer table = { 0 }, file = { 0 };
	char path[512];

	(void)state;
	make_table(&table, 10, 0);
	put_and_read(cache, &place, &table, path, &file);
	for (size_t size = 0; size < file.size; size++) {
		write_at(path, file.data, file.size, size);
		assert_false(finds(cache, &libc, &table));
		assert_int_equal(status_of(cache).damaged, size + 1);
	}
	buffer_append_char(&file, 'x');
	write_at(path, file.data, file.size, file.size);
	assert_false(finds(cache, &libc, &table));
}

static void a_table_that_would_lead_astray_is_refused(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(table_cache_freep) struct table_cache *cache = open_at(&place);
	_cleanup_(buffer_fini) struct buffer table = { 0 };

	(void)state;
	make_table(&table, 3, 0);
	table.data[offsetof(struct unwind_table_header, n_chunks)] = 1;
	table_cache_put(cache, &libc, table.data, table.size); /* its sum is right */
	assert_false(finds(cache, &libc, &table));
	assert_int_equal(status_of(cache).damaged, 1);
}

static void another_version_of_the_program_takes_nothing(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	const struct table_cache_options options = { place.path, MAX_BYTES, { { 7 }, 1 } };
	_cleanup_(buffer_fini) struct buffer table = { 0 }, better = { 0 };
	struct table_cache *cache = open_at(&place);

	(void)state;
	make_table(&table, 3, 0);
	make_table(&better, 4, 8);
	table_cache_put(cache, &libc, table.data, table.size);
	table_cache_free(cache);
	assert_int_equal(table_cache_new(&options, &cache), 0);
	assert_false(finds(cache, &libc, &table));
	assert_int_equal(status_of(cache).misses, 1);
	assert_int_equal(status_of(cache).damaged, 0);
	table_cache_put(cache, &libc, better.data, better.size);
	assert_true(finds(cache, &libc, &better));
	table_cache_free(cache);
	cache = open_at(&place); /* nor has it taken anything from this one */
	assert_true(finds(cache, &libc, &table));
	assert_int_equal(status_of(cache).n_files, 2);
	table_cache_free(cache);
}

static void counts_those_that_had_to_leave(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(table_cache_freep) struct table_cache *cache = open_at(&place);
	_cleanup_(buffer_fini) struct buffer table = { 0 };
	struct binary_key key = libc;

	(void)state;
	make_table(&table, 4000, 0); /* 32 KB */
	for (; key.owner < 90; key.owner++)
		table_cache_put(cache, &key, table.data, table.size);
	assert_true(status_of(cache).bytes <= MAX_BYTES);
	assert_int_equal(status_of(cache).written, 90);
	assert_int_equal(status_of(cache).evicted, 90 - status_of(cache).n_files);
	key.owner--;
	assert_true(finds(cache, &key, &table));
	assert_false(finds(cache, &libc, &table));
}

static void goes_on_without_a_folder(void **state)
{
	const struct table_cache_options none = { .folder = NULL, .max_bytes = MAX_BYTES },
					 missing = { .folder = "/nothing/here" };
	_cleanup_(closep) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_(buffer_fini) struct buffer table = { 0 };
	struct binary_key key;
	struct table_cache *cache;

	(void)state;
	make_table(&table, 3, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(table_cache_new(i ? &missing : &none, &cache), 0);
		assert_int_equal(table_cache_key_of(cache, fd, &key), -ENODATA);
		table_cache_put(cache, &libc, table.data, table.size);
		assert_false(finds(cache, &libc, &table));
		assert_int_equal(status_of(cache).written, 0);
		assert_int_equal(status_of(cache).errors[CACHE_ERROR_FOLDER], i);
		table_cache_free(cache);
	}
}

static void a_folder_that_vanishes_is_counted(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(table_cache_freep) struct table_cache *cache = open_at(&place);
	_cleanup_(buffer_fini) struct buffer table = { 0 };

	(void)state;
	make_table(&table, 3, 0);
	assert_int_equal(rmdir(place.path), 0);
	table_cache_put(cache, &libc, table.data, table.size);
	assert_int_equal(status_of(cache).written, 0);
	assert_int_equal(status_of(cache).errors[CACHE_ERROR_IO], 1);
}

/* What a daemon does, again and again with the same few tables. Some that are there are written
 * over, so that writers meet, and readers meet writers. */
static void work_on(const struct temporary_folder *place, const struct buffer tables[4])
{
	_cleanup_(table_cache_freep) struct table_cache *cache = open_at(place);
	struct binary_key key = libc;

	for (uint32_t i = 0; i < 400; i++) {
		key.owner = i % 4;
		if (!finds(cache, &key, &tables[key.owner]) || i % 3 == 0)
			table_cache_put(cache, &key, tables[key.owner].data,
					tables[key.owner].size);
	}
	assert_int_equal(status_of(cache).damaged, 0);
	assert_true(status_of(cache).hits > 0);
}

static void two_daemons_share_a_folder(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	struct buffer tables[4] = { 0 };
	int status = -1;
	pid_t pid;

	(void)state;
	for (int i = 0; i < 4; i++)
		make_table(&tables[i], 3000 + 100 * (uint32_t)i, (int16_t)i);
	pid = fork();
	if (pid == 0) {
		work_on(&place, tables);
		_exit(0);
	}
	work_on(&place, tables);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (int i = 0; i < 4; i++)
		buffer_fini(&tables[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_a_table_for_the_next_start),
		cmocka_unit_test(no_other_file_passes_for_one),
		cmocka_unit_test(knows_a_file_by_what_is_said_of_it),
		cmocka_unit_test(a_file_without_build_id_or_name_has_no_key),
		cmocka_unit_test(a_table_with_any_byte_damaged_is_refused_and_removed),
		cmocka_unit_test(a_table_that_is_cut_short_is_refused),
		cmocka_unit_test(a_table_that_would_lead_astray_is_refused),
		cmocka_unit_test(another_version_of_the_program_takes_nothing),
		cmocka_unit_test(counts_those_that_had_to_leave),
		cmocka_unit_test(goes_on_without_a_folder),
		cmocka_unit_test(a_folder_that_vanishes_is_counted),
		cmocka_unit_test(two_daemons_share_a_folder),
	};

	return cmocka_run_group_tests_name("table cache", tests, NULL, NULL);
}
