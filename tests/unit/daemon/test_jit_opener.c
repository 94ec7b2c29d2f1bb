/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/jit_opener.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/procfs.h"

/* A folder that is the root of a process. */
struct world {
	char path[64];
	int root_fd;
	struct procfs_identity process;
};

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){
		.path = "/tmp/jit_opener.XXXXXX",
		.process = { .uid = getuid(), .pid = 7 },
	};
	assert_non_null(mkdtemp(world.path));
	world.root_fd = open(world.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(world.root_fd, "tmp", 0700), 0);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	unlinkat(world->root_fd, "tmp/perf-7.map", 0);
	unlinkat(world->root_fd, "tmp", AT_REMOVEDIR);
	close(world->root_fd);
	return rmdir(world->path);
}

static void put_map(const struct world *world)
{
	_cleanup_(closep) int fd =
		openat(world->root_fd, "tmp/perf-7.map", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_int_equal(file_write_fd(fd, "1000 10 a\n", 10), 0);
}

static int open_map(const struct world *world)
{
	return jit_opener_open_perf_map(world->root_fd, &world->process);
}

static void opens_the_map_of_a_process_to_read_it(void **state)
{
	_cleanup_(closep) int fd = -1;
	struct jit_stamp stamp;
	char first;

	put_map(*state);
	fd = open_map(*state);
	assert_true(fd >= 0);
	assert_int_equal(file_read_at(fd, &first, 1, 0), 0);
	assert_int_equal(jit_opener_stamp(fd, &stamp), 0);
	assert_int_equal(stamp.size_bytes, 10);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void says_that_there_is_none(void **state)
{
	assert_int_equal(open_map(*state), -ENOENT);
}

static void follows_no_link_in_place_of_it(void **state)
{
	struct world *world = *state;

	assert_int_equal(symlinkat("/etc/passwd", world->root_fd, "tmp/perf-7.map"), 0);
	assert_int_equal(open_map(world), -ELOOP);
}

/* Each leads to a map, for whoever starts from the true root. */
static void no_link_on_the_way_leads_out_of_the_root(void **state)
{
	static const char *const links[] = { "/var/tmp", "../../../../var/tmp",
					     "/proc/self/root/var/tmp" };
	_cleanup_(closep) int fd =
		open("/var/tmp/perf-7.map", O_CREAT | O_RDONLY | O_CLOEXEC, 0600);
	struct world *world = *state;

	assert_true(fd >= 0);
	assert_int_equal(unlinkat(world->root_fd, "tmp", AT_REMOVEDIR), 0);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		assert_int_equal(symlinkat(links[i], world->root_fd, "tmp"), 0);
		assert_int_equal(open_map(world), -ENOENT);
		assert_int_equal(unlinkat(world->root_fd, "tmp", 0), 0);
	}
	assert_int_equal(symlinkat("tmp", world->root_fd, "tmp"), 0);
	assert_int_equal(open_map(world), -ELOOP);
	assert_int_equal(unlinkat(world->root_fd, "tmp", 0), 0);
	assert_int_equal(unlink("/var/tmp/perf-7.map"), 0);
}

static void opens_neither_a_fifo_nor_a_folder(void **state)
{
	struct world *world = *state;

	assert_int_equal(mkfifoat(world->root_fd, "tmp/perf-7.map", 0600), 0);
	assert_int_equal(open_map(world), -ENODEV);
	assert_int_equal(unlinkat(world->root_fd, "tmp/perf-7.map", 0), 0);
	assert_int_equal(mkdirat(world->root_fd, "tmp/perf-7.map", 0700), 0);
	assert_int_equal(open_map(world), -ENODEV);
	assert_int_equal(unlinkat(world->root_fd, "tmp/perf-7.map", AT_REMOVEDIR), 0);
}

static void opens_no_file_with_a_second_name(void **state)
{
	struct world *world = *state;

	put_map(world);
	assert_int_equal(linkat(world->root_fd, "tmp/perf-7.map", world->root_fd, "tmp/second", 0),
			 0);
	assert_int_equal(open_map(world), -ENODEV);
	assert_int_equal(unlinkat(world->root_fd, "tmp/second", 0), 0);
	close(open_map(world));
}

static void opens_no_file_of_another_user(void **state)
{
	struct world *world = *state;

	put_map(world);
	world->process.uid = 12345;
	if (getuid() == 0) { /* what is root's is everyone's */
		close(open_map(world));
		assert_int_equal(fchownat(world->root_fd, "tmp/perf-7.map", 12346, 0, 0), 0);
	}
	assert_int_equal(open_map(world), -EACCES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(opens_the_map_of_a_process_to_read_it),
		TEST(says_that_there_is_none),
		TEST(follows_no_link_in_place_of_it),
		TEST(no_link_on_the_way_leads_out_of_the_root),
		TEST(opens_neither_a_fifo_nor_a_folder),
		TEST(opens_no_file_with_a_second_name),
		TEST(opens_no_file_of_another_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
