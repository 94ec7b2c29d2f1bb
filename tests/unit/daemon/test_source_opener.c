/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/source_opener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "tests/unit/daemon/temporary_folder.h"

/* A root and what lies beside it; all that tests look for is in "src". */
static struct temporary_folder folder;
static char root[PATH_MAX];

static const char *path_of(const char *name)
{
	static char path[PATH_MAX];

	assert_true((size_t)snprintf(path, sizeof(path), "%s/%s", folder.path, name) <
		    sizeof(path));
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	(void)state;
	folder = temporary_folder_make();
	snprintf(root, sizeof(root), "%s/src", folder.path);
	assert_int_equal(mkdir(root, 0755), 0);
	assert_int_equal(mkdir(path_of("src/lib"), 0755), 0);
	write_file("src/lib/a.c", "int a;\n");
	write_file("secret", "secret\n");
	assert_int_equal(symlink("../secret", path_of("src/out.c")), 0);
	assert_int_equal(symlink("lib/a.c", path_of("src/in.c")), 0);
	assert_int_equal(symlink("/proc/self/root/etc/passwd", path_of("src/magic.c")), 0);
	assert_int_equal(mkfifo(path_of("src/fifo.c"), 0644), 0);
	write_file("src/large.c", "");
	assert_int_equal(truncate(path_of("src/large.c"), SOURCE_MAX_BYTES + 1), 0);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "src/out.c",  "src/in.c",    "src/magic.c",
					     "src/fifo.c", "src/large.c", "src/lib/a.c" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(unlink(path_of(names[i])), 0);
	assert_int_equal(rmdir(path_of("src/lib")), 0);
	assert_int_equal(rmdir(root), 0);
	temporary_folder_fini(&folder);
	return 0;
}

static int open_one(const char *path)
{
	const char *const roots[] = { "/nonexistent", root, NULL };
	int fd = source_open(roots, path);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static void opens_what_lies_below_a_root(void **state)
{
	(void)state;
	assert_int_equal(open_one(path_of("src/lib/a.c")), 0);
	assert_int_equal(open_one(path_of("build/../src/./lib//a.c")), 0);
	assert_int_equal(open_one(path_of("src/in.c")), 0);
	assert_int_equal(open_one("lib/a.c"), 0);
	assert_int_equal(open_one("./lib/a.c"), 0);
}

static void nothing_leads_out_of_it(void **state)
{
	(void)state;
	assert_int_equal(open_one(path_of("secret")), -EACCES);
	assert_int_equal(open_one(path_of("src/../secret")), -EACCES);
	assert_int_equal(open_one(path_of("src/lib/../../secret")), -EACCES);
	assert_int_equal(open_one(path_of("srcs/a.c")), -EACCES);
	assert_int_equal(open_one(path_of("src/out.c")), -EACCES);
	assert_int_equal(open_one(path_of("src/magic.c")), -EACCES);
	assert_true(open_one("../secret") < 0);
	assert_true(open_one("lib/../../secret") < 0);
	assert_int_equal(open_one("/etc/passwd"), -EACCES);
}

static void only_regular_files_are_source(void **state)
{
	(void)state;
	assert_int_equal(open_one(path_of("src/fifo.c")), -EISDIR);
	assert_int_equal(open_one(path_of("src/lib")), -EISDIR);
	assert_int_equal(open_one(root), -EACCES);
	assert_int_equal(open_one(""), -EACCES);
}

static void a_file_may_be_too_large(void **state)
{
	(void)state;
	assert_int_equal(open_one(path_of("src/large.c")), -EFBIG);
	assert_int_equal(truncate(path_of("src/large.c"), SOURCE_MAX_BYTES), 0);
	assert_int_equal(open_one(path_of("src/large.c")), 0);
}

static void a_path_may_be_too_long(void **state)
{
	static char path[2 * PATH_MAX];

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	assert_int_equal(open_one(path), -ENAMETOOLONG);
}

static void without_a_root_there_is_nothing(void **state)
{
	const char *const none[] = { NULL };

	(void)state;
	assert_int_equal(source_open(NULL, path_of("src/lib/a.c")), -EPERM);
	assert_int_equal(source_open(none, path_of("src/lib/a.c")), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_what_lies_below_a_root),
		cmocka_unit_test(nothing_leads_out_of_it),
		cmocka_unit_test(only_regular_files_are_source),
		cmocka_unit_test(a_file_may_be_too_large),
		cmocka_unit_test(a_path_may_be_too_long),
		cmocka_unit_test(without_a_root_there_is_nothing),
	};

	return cmocka_run_group_tests_name("source opener", tests, set_up, tear_down);
}
