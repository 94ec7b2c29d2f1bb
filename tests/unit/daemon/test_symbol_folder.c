/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/symbol_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "temporary_folder.h"

#define MAX_BYTES   (64ULL << 20)
#define LARGE_BYTES (8UL << 20)

DEFINE_CLEANUP(struct symbol_folder *, symbol_folder_free)

static const struct binary_key libc = {
	.build_id = { { 0xab, 0xcd, 0xef }, 3 },
	.owner = 0,
	.size_bytes = 1900000,
	.change_time_ns = 1700000000123456789,
};

static const struct symbol_summary functions = {
	.state = NAMES_FUNCTIONS,
	.outcome = BUILD_OK,
	.description = { .build_id = { { 0xab, 0xcd, 0xef }, 3 },
			 .n_segments = 1,
			 .segments = { { 0x1000, 0x2000, 0x3000 } } },
};

static struct symbol_folder *open_at(const struct temporary_folder *place)
{
	const struct symbol_folder_options options = { place->path, MAX_BYTES, { .n_bytes = 0 } };
	struct symbol_folder *folder;

	assert_int_equal(symbol_folder_new(&options, &folder), 0);
	return folder;
}

static struct cache_status status_of(const struct symbol_folder *folder)
{
	struct cache_status status;

	symbol_folder_get_status(folder, &status);
	return status;
}

/* A memory file of so many bytes, none of which is like its neighbours. */
static int make_symbols(size_t size)
{
	int fd = memfd_create("symbols", MFD_CLOEXEC);
	char *bytes = malloc(size);

	assert_true(fd >= 0 && bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 7 + i / 256);
	assert_int_equal(file_write_fd(fd, bytes, size), 0);
	free(bytes);
	return fd;
}

static void assert_starts_alike(int fd, int other, size_t size)
{
	_cleanup_(freep) char *bytes = malloc(size);
	_cleanup_(freep) char *others = malloc(size);

	assert_int_equal(file_read_at(fd, bytes, size, 0), 0);
	assert_int_equal(file_read_at(other, others, size, 0), 0);
	assert_memory_equal(bytes, others, size);
}

/* Work until what was begun is done; the descriptor, or −1, is the caller's. */
static int finish(struct symbol_folder *folder, enum symbol_work expected)
{
	int fd;

	assert_int_equal(symbol_folder_work(folder, INT64_MAX, &fd), expected);
	return fd;
}

/* Keep an item; returns the descriptor that comes of it. */
static int keep(struct symbol_folder *folder, size_t size)
{
	_cleanup_(closep) int symbols = make_symbols(size);

	assert_int_equal(symbol_folder_keep(folder, &libc, &functions, symbols), 0);
	return finish(folder, SYMBOL_WORK_DONE);
}

static bool finds(struct symbol_folder *folder, const struct binary_key *key)
{
	struct symbol_summary summary;
	int fd = -1;
	bool is_there = symbol_folder_find(folder, key, &summary, &fd);

	closep(&fd);
	return is_there;
}

static void keeps_a_symbol_file_for_the_next_start(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(closep) int symbols = make_symbols(300000);
	_cleanup_(closep) int kept = -1;
	_cleanup_(closep) int found = -1;
	struct symbol_folder *folder = open_at(&place);
	struct symbol_summary summary;

	(void)state;
	assert_false(finds(folder, &libc));
	assert_int_equal(symbol_folder_keep(folder, &libc, &functions, symbols), 0);
	kept = finish(folder, SYMBOL_WORK_DONE);
	assert_starts_alike(kept, symbols, 300000);
	assert_int_equal(fcntl(kept, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(status_of(folder).written, 1);
	symbol_folder_free(folder);
	folder = open_at(&place);
	assert_true(symbol_folder_find(folder, &libc, &summary, &found));
	assert_memory_equal(&summary, &functions, sizeof(summary));
	assert_starts_alike(found, symbols, 300000);
	assert_int_equal(status_of(folder).hits, 1);
	assert_int_equal(status_of(folder).n_files, 1);
	symbol_folder_free(folder);
}

static void that_there_are_no_names_is_kept_too(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(symbol_folder_freep) struct symbol_folder *folder = open_at(&place);
	const struct symbol_summary none = { .state = NAMES_FAILED, .outcome = BUILD_NO_NAMES };
	struct symbol_summary summary;
	int fd = 7;

	(void)state;
	assert_int_equal(symbol_folder_keep(folder, &libc, &none, -1), 0);
	assert_int_equal(finish(folder, SYMBOL_WORK_DONE), -1);
	assert_true(symbol_folder_find(folder, &libc, &summary, &fd));
	assert_int_equal(fd, -1);
	assert_int_equal(summary.outcome, BUILD_NO_NAMES);
}

/* Nothing waits longer for it than it says. */
static void a_large_file_is_written_in_steps(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(symbol_folder_freep) struct symbol_folder *folder = open_at(&place);
	_cleanup_(closep) int symbols = make_symbols(LARGE_BYTES);
	enum symbol_work work;
	int n_steps = 0, fd;

	(void)state;
	assert_int_equal(symbol_folder_keep(folder, &libc, &functions, symbols), 0);
	assert_int_equal(symbol_folder_work(folder, 0, &fd), SYMBOL_WORK_GOES_ON);
	do {
		assert_false(finds(folder, &libc));
		work = symbol_folder_work(folder, clock_monotonic_ns() + NS_PER_MS / 10, &fd);
		n_steps++;
	} while (work == SYMBOL_WORK_GOES_ON);
	assert_int_equal(work, SYMBOL_WORK_DONE);
	assert_true(n_steps > 1);
	assert_starts_alike(fd, symbols, LARGE_BYTES);
	close(fd);
}

static void no_other_binary_passes_for_one(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(symbol_folder_freep) struct symbol_folder *folder = open_at(&place);
	struct binary_key others[] = { libc, libc, libc, libc };

	(void)state;
	others[0].build_id.bytes[2]++;
	others[1].owner = 1000;
	others[2].size_bytes++;
	others[3].change_time_ns++;
	close(keep(folder, 1000));
	for (size_t i = 0; i < 4; i++)
		assert_false(finds(folder, &others[i]));
	assert_true(finds(folder, &libc));
}

static void another_version_of_the_program_takes_nothing(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	const struct symbol_folder_options options = { place.path, MAX_BYTES, { { 7 }, 1 } };
	struct symbol_folder *folder = open_at(&place);

	(void)state;
	close(keep(folder, 1000));
	symbol_folder_free(folder);
	assert_int_equal(symbol_folder_new(&options, &folder), 0);
	assert_false(finds(folder, &libc));
	assert_int_equal(status_of(folder).damaged, 0);
	close(keep(folder, 2000));
	assert_true(finds(folder, &libc));
	symbol_folder_free(folder);
	folder = open_at(&place); /* nor has it taken anything from this one */
	assert_true(finds(folder, &libc));
	assert_int_equal(status_of(folder).n_files, 2);
	symbol_folder_free(folder);
}

static void change_byte(const char *path, off_t offset)
{
	_cleanup_(closep) int fd = open(path, O_RDWR | O_CLOEXEC);
	char byte;

	assert_int_equal(pread(fd, &byte, 1, offset), 1);
	byte ^= 4;
	assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
}

/* The end of an item is looked at when it is taken, the symbol file later. */
static void what_is_damaged_is_refused_or_found_out_and_removed(void **state)
{
	enum { SIZE = 200000 };
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(symbol_folder_freep) struct symbol_folder *folder = open_at(&place);
	_cleanup_(closep) int fd = keep(folder, SIZE);
	struct stat status;
	char path[512];

	(void)state;
	assert_int_equal(temporary_folder_count(&place, path), 1);
	assert_int_equal(stat(path, &status), 0);
	change_byte(path, 12345);
	assert_true(finds(folder, &libc));
	assert_int_equal(symbol_folder_check(folder, &libc, fd), 0);
	finish(folder, SYMBOL_WORK_FAILED);
	assert_int_equal(status_of(folder).damaged, 1);
	assert_int_equal(temporary_folder_count(&place, NULL), 0);
	close(keep(folder, SIZE));
	change_byte(path, SIZE + 8);
	assert_false(finds(folder, &libc));
	assert_int_equal(status_of(folder).damaged, 2);
	assert_int_equal(temporary_folder_count(&place, NULL), 0);
}

static void what_is_whole_passes_the_check(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(symbol_folder_freep) struct symbol_folder *folder = open_at(&place);
	_cleanup_(closep) int fd = keep(folder, 200000);

	(void)state;
	assert_int_equal(symbol_folder_check(folder, &libc, fd), 0);
	assert_int_equal(finish(folder, SYMBOL_WORK_DONE), -1);
	assert_int_equal(status_of(folder).damaged, 0);
	assert_true(finds(folder, &libc));
}

static void what_is_cut_short_is_refused(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(symbol_folder_freep) struct symbol_folder *folder = open_at(&place);
	struct stat status;
	char path[512];

	(void)state;
	for (off_t cut = 1; cut < 20000; cut += 997) {
		_cleanup_(closep) int fd = keep(folder, 20000);

		assert_int_equal(temporary_folder_count(&place, path), 1);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(truncate(path, status.st_size - cut), 0);
		if (cut % 2)
			assert_int_equal(symbol_folder_check(folder, &libc, fd), -EBADMSG);
		assert_false(finds(folder, &libc));
		assert_int_equal(temporary_folder_count(&place, NULL), 0);
	}
	assert_int_equal(status_of(folder).damaged, 21);
}

/* As when others need the room: who has it open does not notice. */
static void a_file_that_is_in_use_may_go(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(symbol_folder_freep) struct symbol_folder *folder = open_at(&place);
	_cleanup_(closep) int fd = keep(folder, 5000);
	char *bytes = mmap(NULL, 5000, PROT_READ, MAP_SHARED, fd, 0);
	char path[512];

	(void)state;
	assert_ptr_not_equal(bytes, MAP_FAILED);
	assert_int_equal(temporary_folder_count(&place, path), 1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(bytes[4999], (char)(4999 * 7 + 4999 / 256));
	assert_int_equal(symbol_folder_check(folder, &libc, fd), 0);
	finish(folder, SYMBOL_WORK_DONE);
	assert_false(finds(folder, &libc));
	munmap(bytes, 5000);
}

static void one_file_does_not_push_out_all_others(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	const struct symbol_folder_options options = { place.path, 1 << 20, { .n_bytes = 0 } };
	_cleanup_(symbol_folder_freep) struct symbol_folder *folder = NULL;
	_cleanup_(closep) int symbols = make_symbols(LARGE_BYTES);

	(void)state;
	assert_int_equal(symbol_folder_new(&options, &folder), 0);
	assert_int_equal(symbol_folder_keep(folder, &libc, &functions, symbols), -EFBIG);
	assert_int_equal(status_of(folder).errors[CACHE_ERROR_TOO_LARGE], 1);
	assert_int_equal(temporary_folder_count(&place, NULL), 0);
	close(keep(folder, 1000)); /* and the folder is not busy with it */
}

static void goes_on_without_a_folder(void **state)
{
	const struct symbol_folder_options none = { .folder = NULL, .max_bytes = MAX_BYTES },
					   missing = { .folder = "/nothing/here" };
	_cleanup_(closep) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct symbol_folder *folder;
	struct binary_key key;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(symbol_folder_new(i ? &missing : &none, &folder), 0);
		assert_int_equal(symbol_folder_key_of(folder, fd, &key), -ENODATA);
		assert_false(finds(folder, &libc));
		assert_int_equal(symbol_folder_keep(folder, &libc, &functions, fd), -ENOENT);
		assert_int_equal(status_of(folder).errors[CACHE_ERROR_FOLDER], i);
		symbol_folder_free(folder);
	}
}

static void what_is_half_written_at_the_end_leaves_nothing(void **state)
{
	_cleanup_(temporary_folder_fini) struct temporary_folder place = temporary_folder_make();
	_cleanup_(closep) int symbols = make_symbols(LARGE_BYTES);
	struct symbol_folder *folder = open_at(&place);
	int fd;

	(void)state;
	assert_int_equal(symbol_folder_keep(folder, &libc, &functions, symbols), 0);
	assert_int_equal(symbol_folder_work(folder, 0, &fd), SYMBOL_WORK_GOES_ON);
	assert_int_equal(temporary_folder_count(&place, NULL), 1);
	symbol_folder_free(folder);
	assert_int_equal(temporary_folder_count(&place, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_a_symbol_file_for_the_next_start),
		cmocka_unit_test(that_there_are_no_names_is_kept_too),
		cmocka_unit_test(a_large_file_is_written_in_steps),
		cmocka_unit_test(no_other_binary_passes_for_one),
		cmocka_unit_test(another_version_of_the_program_takes_nothing),
		cmocka_unit_test(what_is_damaged_is_refused_or_found_out_and_removed),
		cmocka_unit_test(what_is_whole_passes_the_check),
		cmocka_unit_test(what_is_cut_short_is_refused),
		cmocka_unit_test(a_file_that_is_in_use_may_go),
		cmocka_unit_test(one_file_does_not_push_out_all_others),
		cmocka_unit_test(goes_on_without_a_folder),
		cmocka_unit_test(what_is_half_written_at_the_end_leaves_nothing),
	};

	return cmocka_run_group_tests_name("symbol folder", tests, NULL, NULL);
}
