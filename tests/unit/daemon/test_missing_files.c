/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/missing_files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "temporary_folder.h"

#define URLS    "http://one/"
#define HOUR_NS (3600 * NS_PER_SECOND)

DEFINE_CLEANUP(struct missing_files *, missing_files_free)

static const struct build_id one = { { 1, 2, 3 }, 3 }, other = { { 1, 2, 4 }, 3 };

static struct missing_files *make(const char *folder, const char *urls)
{
	struct missing_files *files;

	assert_int_equal(missing_files_new(folder, urls, &files), 0);
	return files;
}

static bool has(const struct missing_files *files, const struct build_id *build_id, int64_t now_ns)
{
	return missing_files_rest_ns(files, FETCH_DEBUG_FILE, build_id, now_ns) > 0;
}

static void what_no_server_has_is_missing_for_hours(void **state)
{
	_cleanup_(missing_files_freep) struct missing_files *files = make(NULL, URLS);

	(void)state;
	assert_false(has(files, &one, HOUR_NS));
	missing_files_add(files, FETCH_DEBUG_FILE, &one, HOUR_NS);
	assert_true(has(files, &one, HOUR_NS));
	assert_false(has(files, &other, HOUR_NS));
	assert_int_equal(missing_files_rest_ns(files, FETCH_EXECUTABLE, &one, HOUR_NS), 0);
	assert_int_equal(missing_files_rest_ns(files, FETCH_DEBUG_FILE, &one, 2 * HOUR_NS),
			 MISSING_FILES_KEPT_NS - HOUR_NS);
	assert_false(has(files, &one, HOUR_NS + MISSING_FILES_KEPT_NS));
	missing_files_add(files, FETCH_DEBUG_FILE, &one, HOUR_NS + MISSING_FILES_KEPT_NS);
	assert_true(has(files, &one, HOUR_NS + MISSING_FILES_KEPT_NS));
}

static void a_clock_that_was_wrong_does_no_harm(void **state)
{
	_cleanup_(missing_files_freep) struct missing_files *files = make(NULL, URLS);

	(void)state;
	missing_files_add(files, FETCH_DEBUG_FILE, &one, 100 * HOUR_NS);
	assert_false(has(files, &one, HOUR_NS));
}

static void they_are_saved_when_the_clock_was_set_back(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder folder = temporary_folder_make();
	_cleanup_(missing_files_freep) struct missing_files *files = make(folder.path, URLS);
	char path[512];

	(void)state;
	missing_files_add(files, FETCH_DEBUG_FILE, &one, 100 * HOUR_NS);
	assert_int_equal(missing_files_save(files, 100 * HOUR_NS), 0);
	assert_int_equal(temporary_folder_count(&folder, path), 1);
	assert_int_equal(unlink(path), 0);
	missing_files_add(files, FETCH_DEBUG_FILE, &other, HOUR_NS);
	assert_int_equal(missing_files_save(files, HOUR_NS), 0);
	assert_int_equal(temporary_folder_count(&folder, NULL), 1);
}

static void the_next_start_knows_them(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder folder = temporary_folder_make();
	struct missing_files *files = make(folder.path, URLS);

	(void)state;
	missing_files_add(files, FETCH_DEBUG_FILE, &one, HOUR_NS);
	missing_files_free(files);
	files = make(folder.path, URLS);
	assert_true(has(files, &one, HOUR_NS));
	assert_false(has(files, &other, HOUR_NS));
	missing_files_free(files);
}

static void of_other_servers_nothing_is_known(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder folder = temporary_folder_make();
	struct missing_files *files = make(folder.path, URLS);

	(void)state;
	missing_files_add(files, FETCH_DEBUG_FILE, &one, HOUR_NS);
	missing_files_free(files);
	files = make(folder.path, URLS " http://two/");
	assert_false(has(files, &one, HOUR_NS));
	missing_files_free(files);
}

static void they_are_saved_now_and_then(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder folder = temporary_folder_make();
	_cleanup_(missing_files_freep) struct missing_files *files = make(folder.path, URLS);
	char path[512];

	(void)state;
	assert_int_equal(missing_files_save(files, HOUR_NS), 0);
	assert_int_equal(temporary_folder_count(&folder, NULL), 0);
	missing_files_add(files, FETCH_DEBUG_FILE, &one, HOUR_NS);
	assert_int_equal(missing_files_save(files, HOUR_NS), 0);
	assert_int_equal(temporary_folder_count(&folder, path), 1);
	assert_int_equal(unlink(path), 0);
	missing_files_add(files, FETCH_DEBUG_FILE, &other, HOUR_NS);
	assert_int_equal(missing_files_save(files, HOUR_NS + NS_PER_SECOND), 0);
	assert_int_equal(temporary_folder_count(&folder, NULL), 0);
	assert_int_equal(missing_files_save(files, 2 * HOUR_NS), 0);
	assert_int_equal(temporary_folder_count(&folder, NULL), 1);
}

static void the_oldest_leave(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder folder = temporary_folder_make();
	struct missing_files *files = make(folder.path, URLS);
	struct build_id id = one;

	(void)state;
	for (uint32_t i = 0; i <= MISSING_FILES_MAX; i++) {
		memcpy(id.bytes, &i, sizeof(i));
		missing_files_add(files, FETCH_DEBUG_FILE, &id, HOUR_NS);
	}
	missing_files_free(files);
	files = make(folder.path, URLS);
	assert_true(has(files, &id, HOUR_NS));
	memset(id.bytes, 0, sizeof(id.bytes));
	assert_false(has(files, &id, HOUR_NS));
	missing_files_free(files);
}

/* Where they lie does not tell. */
static void the_oldest_leave_after_a_start_too(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder folder = temporary_folder_make();
	struct missing_files *files = make(folder.path, URLS);
	const uint32_t oldest = MISSING_FILES_MAX / 2;
	struct build_id id = one;

	(void)state;
	for (uint32_t i = 0; i < MISSING_FILES_MAX; i++) {
		memcpy(id.bytes, &i, sizeof(i));
		missing_files_add(files, FETCH_DEBUG_FILE, &id, HOUR_NS + (i != oldest));
	}
	missing_files_free(files);
	files = make(folder.path, URLS);
	missing_files_add(files, FETCH_EXECUTABLE, &one, 2 * HOUR_NS);
	for (uint32_t i = 0; i < MISSING_FILES_MAX; i++) {
		memcpy(id.bytes, &i, sizeof(i));
		assert_int_equal(has(files, &id, 2 * HOUR_NS), i != oldest);
	}
	missing_files_free(files);
}

/* Each byte of it in turn. */
static void a_damaged_file_is_removed(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder folder = temporary_folder_make();
	struct stat status;
	char path[512];

	(void)state;
	for (off_t off = 0; off == 0 || off < status.st_size; off++) {
		struct missing_files *files = make(folder.path, URLS);
		uint8_t byte;
		int fd;

		missing_files_add(files, FETCH_DEBUG_FILE, &one, HOUR_NS);
		missing_files_free(files);
		assert_int_equal(temporary_folder_count(&folder, path), 1);
		assert_int_equal(stat(path, &status), 0);
		fd = open(path, O_RDWR | O_CLOEXEC);
		assert_int_equal(pread(fd, &byte, 1, off), 1);
		byte ^= 0x55;
		assert_int_equal(pwrite(fd, &byte, 1, off), 1);
		close(fd);
		files = make(folder.path, URLS);
		assert_false(has(files, &one, HOUR_NS));
		assert_int_equal(temporary_folder_count(&folder, NULL), 0);
		missing_files_free(files);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_server_has_is_missing_for_hours),
		cmocka_unit_test(a_clock_that_was_wrong_does_no_harm),
		cmocka_unit_test(the_next_start_knows_them),
		cmocka_unit_test(of_other_servers_nothing_is_known),
		cmocka_unit_test(they_are_saved_now_and_then),
		cmocka_unit_test(they_are_saved_when_the_clock_was_set_back),
		cmocka_unit_test(the_oldest_leave),
		cmocka_unit_test(the_oldest_leave_after_a_start_too),
		cmocka_unit_test(a_damaged_file_is_removed),
	};

	return cmocka_run_group_tests_name("missing files", tests, NULL, NULL);
}
