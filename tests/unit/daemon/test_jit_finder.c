/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/jit_finder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/procfs.h"

/* A table with this process in it. */
struct world {
	struct jit_finder finder;
	struct jit_table *table;
	struct jit *jit;
	char map_path[64];
};

static uint64_t own_start_time_ns(const struct jit_finder *finder)
{
	_cleanup_(closep) int fd = -1;
	uint64_t ticks;

	assert_int_equal(procfs_open_process(finder->proc_fd, getpid(), &fd), 0);
	assert_int_equal(procfs_read_start_time(fd, &ticks), 0);
	return ticks * (uint64_t)(NS_PER_SECOND / sysconf(_SC_CLK_TCK));
}

static int set_up(void **state)
{
	struct process_key process = { .pid = (uint32_t)getpid() };
	static struct world world;

	assert_int_equal(jit_finder_init(&world.finder), 0);
	process.start_time_ns = own_start_time_ns(&world.finder);
	assert_int_equal(jit_table_new(4, &world.table), 0);
	assert_int_equal(jit_table_add(world.table, &process, &world.jit), 0);
	snprintf(world.map_path, sizeof(world.map_path), "/tmp/perf-%d.map", getpid());
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	unlink(world->map_path);
	jit_table_free(world->table);
	jit_finder_fini(&world->finder);
	return 0;
}

/* Returns the file, open. */
static int put(const char *path)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);

	assert_int_equal(file_write_fd(fd, "1000 10 a\n", 10), 0);
	return fd;
}

static void finds_a_map_when_it_comes_and_sees_it_grow(void **state)
{
	struct world *world = *state;
	_cleanup_(closep) int fd = -1;

	assert_false(jit_finder_find(&world->finder, world->jit));
	assert_false(jit_finder_has_changed(world->jit));
	fd = put(world->map_path);
	assert_true(jit_finder_find(&world->finder, world->jit));
	assert_string_equal(world->jit->path, world->map_path);
	assert_true(jit_finder_has_changed(world->jit));
	assert_false(jit_finder_has_changed(world->jit));
	assert_int_equal(file_write_fd(fd, "2000 10 b\n", 10), 0);
	assert_false(jit_finder_find(&world->finder, world->jit));
	assert_true(jit_finder_has_changed(world->jit));
}

static void takes_another_map_in_place_of_the_first(void **state)
{
	struct world *world = *state;

	close(put(world->map_path));
	jit_finder_find(&world->finder, world->jit);
	assert_true(jit_finder_has_changed(world->jit));
	assert_int_equal(unlink(world->map_path), 0);
	jit_finder_find(&world->finder, world->jit);
	assert_true(world->jit->sources[JIT_PERF_MAP].fd >= 0); /* it is kept */
	close(put(world->map_path));
	jit_finder_find(&world->finder, world->jit);
	assert_true(jit_finder_has_changed(world->jit));
}

static void finds_a_map_that_comes_after_the_end(void **state)
{
	struct world *world = *state;

	jit_finder_find(&world->finder, world->jit);
	world->jit->process.start_time_ns += NS_PER_SECOND; /* as if another had its pid */
	close(put(world->map_path));
	assert_true(jit_finder_find(&world->finder, world->jit));
	assert_true(world->jit->is_ended);
	assert_true(jit_finder_has_changed(world->jit));
	jit_finder_close(world->jit);
	assert_int_equal(world->jit->root_fd, -1);
	assert_int_equal(world->jit->sources[JIT_PERF_MAP].fd, -1);
}

static void finds_a_dump_that_its_process_has_mapped(void **state)
{
	struct world *world = *state;
	char folder[] = "/var/tmp/jit_finder.XXXXXX", path[96];
	_cleanup_(closep) int fd = -1;
	void *mapped;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/jit-%d.dump", folder, getpid());
	fd = put(path);
	mapped = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(mapped, MAP_FAILED);
	assert_true(jit_finder_find(&world->finder, world->jit));
	assert_string_equal(world->jit->path, path);
	assert_true(world->jit->sources[JIT_DUMP].fd >= 0);
	munmap(mapped, 4096);
	unlink(path);
	rmdir(folder);
}

static void counts_a_file_that_it_refuses_once(void **state)
{
	struct world *world = *state;

	assert_int_equal(symlink("/etc/passwd", world->map_path), 0);
	assert_false(jit_finder_find(&world->finder, world->jit));
	assert_false(jit_finder_find(&world->finder, world->jit));
	assert_int_equal(world->finder.refused[JIT_REFUSED_LINK], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_a_map_when_it_comes_and_sees_it_grow),
		TEST(takes_another_map_in_place_of_the_first),
		TEST(finds_a_map_that_comes_after_the_end),
		TEST(finds_a_dump_that_its_process_has_mapped),
		TEST(counts_a_file_that_it_refuses_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
