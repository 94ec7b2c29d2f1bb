/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/cache_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "temporary_folder.h"

enum { BLOCK = 4096, MAX_BYTES = 32 * BLOCK };

DEFINE_CLEANUP(struct cache_folder *, cache_folder_free)

static struct cache_folder *open_at(const struct temporary_folder *place)
{
	struct cache_folder *folder;

	assert_int_equal(cache_folder_open(place->path, ".table", MAX_BYTES, &folder), 0);
	return folder;
}

static int put_bytes(struct cache_folder *folder, const char *name, size_t size)
{
	static char bytes[MAX_BYTES];
	const struct iovec part = { bytes, size };

	return cache_folder_put(folder, name, &part, 1);
}

static bool has(struct cache_folder *folder, const char *name)
{
	_cleanup_(closep) int fd = cache_folder_get(folder, name);

	return fd >= 0;
}

/* As if it had been used so many seconds ago. */
static void age(const struct temporary_folder *place, const char *name, time_t seconds)
{
	const struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
					  { .tv_sec = time(NULL) - seconds } };
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", place->path, name);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void make_file(const struct temporary_folder *place, const char *name)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", place->path, name);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void gives_back_what_was_put(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(cache_folder_freep) struct cache_folder *folder = open_at(&place);
	_cleanup_(closep) int fd = -1;
	char first[] = "one ", second[] = "two", read[7];
	const struct iovec parts[] = { { first, 4 }, { second, 3 } };

	(void)state;
	assert_int_equal(cache_folder_get(folder, "a.table"), -ENOENT);
	assert_int_equal(put_bytes(folder, "a.table", 10), 0);
	assert_int_equal(cache_folder_put(folder, "a.table", parts, 2), 0);
	fd = cache_folder_get(folder, "a.table");
	assert_int_equal(file_read_at(fd, read, sizeof(read), 0), 0);
	assert_memory_equal(read, "one two", sizeof(read));
	assert_int_equal(file_read_at(fd, read, 1, sizeof(read)), -ENODATA);
	assert_int_equal(temporary_folder_count(&place, NULL), 1);
	cache_folder_remove(folder, "a.table");
	assert_false(has(folder, "a.table"));
}

static void makes_a_folder_that_is_missing(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	struct cache_folder *folder;
	struct stat status;

	(void)state;
	assert_int_equal(rmdir(place.path), 0);
	folder = open_at(&place);
	assert_int_equal(stat(place.path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	cache_folder_free(folder);
	assert_int_equal(cache_folder_open("/nothing/here", ".table", MAX_BYTES, &folder), -ENOENT);
	assert_int_equal(cache_folder_open("/dev/null", ".table", MAX_BYTES, &folder), -ENOTDIR);
}

static void refuses_a_folder_that_others_may_write(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	struct cache_folder *folder;

	(void)state;
	for (mode_t mode = 0720; mode <= 0722; mode += 2) {
		assert_int_equal(chmod(place.path, mode), 0);
		assert_int_equal(cache_folder_open(place.path, ".table", MAX_BYTES, &folder),
				 -EINVAL);
	}
	assert_string_equal(cache_folder_strerror(-EINVAL),
			    "others than this user may write there");
	assert_int_equal(chmod(place.path, 0755), 0);
	cache_folder_free(open_at(&place));
}

static void the_least_recently_used_leave_first(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(cache_folder_freep) struct cache_folder *folder = open_at(&place);

	(void)state;
	for (char name[] = "a.table"; name[0] <= 'd'; name[0]++) {
		assert_int_equal(put_bytes(folder, name, MAX_BYTES / 4), 0);
		age(&place, name, 'z' - name[0]);
	}
	assert_true(has(folder, "a.table")); /* which is a use of it */
	assert_int_equal(put_bytes(folder, "e.table", BLOCK), 0);
	assert_true(has(folder, "a.table"));
	assert_false(has(folder, "b.table"));
	assert_true(has(folder, "c.table"));
	assert_true(has(folder, "e.table"));
	assert_int_equal(cache_folder_usage(folder)->n_evicted, 1);
	assert_int_equal(cache_folder_usage(folder)->n_files, 4);
	assert_int_equal(cache_folder_usage(folder)->bytes, MAX_BYTES / 4 * 3 + BLOCK);
}

static void holds_no_more_than_its_bound_whoever_writes(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(cache_folder_freep) struct cache_folder *folder = open_at(&place);
	struct cache_folder *other;

	(void)state;
	for (int i = 0; i < 100; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%d.table", i);
		assert_int_equal(put_bytes(folder, name, 1), 0); /* a block each */
		assert_true(cache_folder_usage(folder)->bytes <= MAX_BYTES);
		assert_true(temporary_folder_count(&place, NULL) <= MAX_BYTES / BLOCK);
	}
	other = open_at(&place);
	assert_int_equal(cache_folder_usage(other)->n_files, temporary_folder_count(&place, NULL));
	assert_int_equal(cache_folder_usage(other)->bytes, cache_folder_usage(folder)->bytes);
	cache_folder_free(other);
}

static void one_file_does_not_push_out_all_others(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(cache_folder_freep) struct cache_folder *folder = open_at(&place);

	(void)state;
	assert_int_equal(put_bytes(folder, "large.table", MAX_BYTES / 4), 0);
	assert_int_equal(put_bytes(folder, "too-large.table", MAX_BYTES / 4 + 1), -EFBIG);
	assert_int_equal(temporary_folder_count(&place, NULL), 1);
}

static void leaves_files_of_others_alone(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	struct cache_folder *folder;

	(void)state;
	make_file(&place, "notes.txt");
	make_file(&place, ".table");
	age(&place, "notes.txt", 1000000);
	folder = open_at(&place);
	for (char name[] = "a.table"; name[0] <= 'h'; name[0]++)
		assert_int_equal(put_bytes(folder, name, MAX_BYTES / 4), 0);
	assert_true(has(folder, "notes.txt"));
	assert_true(has(folder, ".table"));
	cache_folder_free(folder);
}

static void removes_what_a_writer_who_died_has_left(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	struct cache_folder *folder;

	(void)state;
	make_file(&place, ".new-1-a.table");
	make_file(&place, ".new-2-a.table");
	age(&place, ".new-1-a.table", 100);
	folder = open_at(&place);
	assert_false(has(folder, ".new-1-a.table"));
	assert_true(has(folder, ".new-2-a.table")); /* may be at work */
	assert_int_equal(cache_folder_usage(folder)->n_files, 0);
	cache_folder_free(folder);
}

static void leaves_nothing_behind_where_it_cannot_write(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(cache_folder_freep) struct cache_folder *folder = open_at(&place);
	const struct iovec nowhere = { NULL, 1 };

	(void)state;
	assert_int_equal(cache_folder_put(folder, "a.table", &nowhere, 1), -EFAULT);
	assert_int_equal(temporary_folder_count(&place, NULL), 0);
	assert_int_equal(rmdir(place.path), 0);
	assert_int_equal(put_bytes(folder, "a.table", 1), -ENOENT);
}

static void a_file_written_in_steps_is_there_when_it_is_committed(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(cache_folder_freep) struct cache_folder *folder = open_at(&place);
	struct cache_draft draft;

	(void)state;
	assert_int_equal(cache_folder_begin(folder, "a.table", 6, &draft), 0);
	for (int i = 0; i < 2; i++) {
		assert_false(has(folder, "a.table"));
		assert_int_equal(file_write_fd(draft.fd, "abc", 3), 0);
	}
	assert_int_equal(cache_folder_commit(folder, &draft), 0);
	assert_true(has(folder, "a.table"));
	assert_int_equal(temporary_folder_count(&place, NULL), 1);
	assert_int_equal(cache_folder_usage(folder)->bytes, BLOCK);
}

static void a_draft_that_is_discarded_leaves_nothing(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(cache_folder_freep) struct cache_folder *folder = open_at(&place);
	struct cache_draft draft;

	(void)state;
	assert_int_equal(cache_folder_begin(folder, "a.table", 6, &draft), 0);
	cache_folder_discard(folder, &draft);
	assert_int_equal(draft.fd, -1);
	assert_int_equal(temporary_folder_count(&place, NULL), 0);
	assert_int_equal(cache_folder_begin(folder, "a.table", MAX_BYTES, &draft), -EFBIG);
}

static void two_kinds_of_files_share_a_path_each_within_its_bound(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(cache_folder_freep) struct cache_folder *folder = open_at(&place);
	_cleanup_(cache_folder_freep) struct cache_folder *other = NULL;

	(void)state;
	assert_int_equal(cache_folder_open(place.path, ".other", MAX_BYTES, &other), 0);
	for (char name[] = "a.table"; name[0] <= 'd'; name[0]++)
		assert_int_equal(put_bytes(folder, name, MAX_BYTES / 4), 0);
	for (char name[] = "a.other"; name[0] <= 'h'; name[0]++)
		assert_int_equal(put_bytes(other, name, MAX_BYTES / 4), 0);
	assert_true(has(folder, "a.table"));
	assert_false(has(other, "a.other"));
	assert_int_equal(cache_folder_usage(folder)->n_files, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_back_what_was_put),
		cmocka_unit_test(makes_a_folder_that_is_missing),
		cmocka_unit_test(refuses_a_folder_that_others_may_write),
		cmocka_unit_test(the_least_recently_used_leave_first),
		cmocka_unit_test(holds_no_more_than_its_bound_whoever_writes),
		cmocka_unit_test(one_file_does_not_push_out_all_others),
		cmocka_unit_test(leaves_files_of_others_alone),
		cmocka_unit_test(removes_what_a_writer_who_died_has_left),
		cmocka_unit_test(leaves_nothing_behind_where_it_cannot_write),
		cmocka_unit_test(a_file_written_in_steps_is_there_when_it_is_committed),
		cmocka_unit_test(a_draft_that_is_discarded_leaves_nothing),
		cmocka_unit_test(two_kinds_of_files_share_a_path_each_within_its_bound),
	};

	return cmocka_run_group_tests_name("cache folder", tests, NULL, NULL);
}
