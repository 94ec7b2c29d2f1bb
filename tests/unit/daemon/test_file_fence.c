/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/file_fence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/file.h"
#include "temporary_folder.h"

/* A folder "own" to write to, one "read" to read, and a file in each, as in their parent. */
struct world {
	struct temporary_folder place;
	char own[256], read[256], outside[256];
	int outside_fd; /* that was open before */
};

static void make_file(const char *path, const char *name)
{
	char file[512];
	int fd;

	snprintf(file, sizeof(file), "%s/%s", path, name);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, "#!/bin/sh\n", 10), 0);
	close(fd);
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){ .place = temporary_folder_make() };
	snprintf(world.own, sizeof(world.own), "%s/own", world.place.path);
	snprintf(world.read, sizeof(world.read), "%s/read", world.place.path);
	snprintf(world.outside, sizeof(world.outside), "%s/file", world.place.path);
	assert_int_equal(mkdir(world.own, 0700), 0);
	assert_int_equal(mkdir(world.read, 0700), 0);
	make_file(world.own, "file");
	make_file(world.read, "file");
	make_file(world.place.path, "file");
	world.outside_fd = open(world.outside, O_RDONLY | O_CLOEXEC);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	char file[512];

	snprintf(file, sizeof(file), "%s/file", world->own);
	(void)remove(file);
	snprintf(file, sizeof(file), "%s/new", world->own);
	(void)remove(file);
	snprintf(file, sizeof(file), "%s/file", world->read);
	(void)remove(file);
	(void)remove(world->own);
	(void)remove(world->read);
	close(world->outside_fd);
	temporary_folder_fini(&world->place);
	return 0;
}

/* 0, or the error of opening @name in @folder. */
static int try_open(const char *folder, const char *name, int flags)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int try_remove(const char *folder, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return unlink(path) < 0 ? errno : 0;
}

static int try_execute(const char *folder, const char *name)
{
	char path[512];
	char *arguments[] = { path, NULL };

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	execve(path, arguments, NULL);
	return errno;
}

/* Returns the number of the first thing that is not as it should be, or 0. */
static int judge(const struct world *world)
{
	const char *parent = world->place.path;
	char byte;
	const bool as_it_should[] = {
		try_open(world->own, "file", O_RDWR) == 0,
		try_open(world->own, "new", O_WRONLY | O_CREAT | O_EXCL) == 0,
		try_remove(world->own, "new") == 0,
		try_open(world->own, ".", O_RDONLY | O_DIRECTORY) == 0,
		try_open(world->read, "file", O_RDONLY) == 0,
		try_open(world->read, "file", O_WRONLY) == EACCES,
		try_open(world->read, "new", O_WRONLY | O_CREAT) == EACCES,
		try_remove(world->read, "file") == EACCES,
		try_open(parent, "file", O_RDONLY) == EACCES,
		try_open(parent, ".", O_RDONLY | O_DIRECTORY) == EACCES,
		try_open(parent, "new", O_WRONLY | O_CREAT) == EACCES,
		try_open("/etc", "passwd", O_RDONLY) == EACCES,
		try_open("/tmp", ".", O_RDONLY | O_DIRECTORY) == EACCES,
		try_execute(world->own, "file") == EACCES,
		try_execute(world->read, "file") == EACCES,
		try_execute("/bin", "sh") == EACCES,
		pread(world->outside_fd, &byte, 1, 0) == 1,
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0,
	};

	for (size_t i = 0; i < sizeof(as_it_should) / sizeof(as_it_should[0]); i++)
		if (!as_it_should[i])
			return (int)i + 1;
	return 0;
}

static int in_child(const struct world *world)
{
	const struct file_gate gates[] = {
		{ "/nothing/here", true },
		{ world->read, false },
		{ world->own, true },
		{ NULL, false },
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || file_fence_raise(gates) < 0)
		return 100;
	return judge(world);
}

static void only_what_has_a_gate_is_opened_from_then_on(void **state)
{
	const struct world *world = *state;
	int status;
	pid_t pid;

	if (file_fence_probe() < 0)
		skip();
	pid = fork();
	if (pid == 0)
		_exit(in_child(world));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_gate_may_be_a_single_file(void **state)
{
	const struct world *world = *state;
	const struct file_gate gates[] = { { world->outside, true }, { NULL, false } };
	int status;
	pid_t pid;

	if (file_fence_probe() < 0)
		skip();
	pid = fork();
	if (pid == 0)
		_exit(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || file_fence_raise(gates) < 0 ||
		      try_open(world->place.path, "file", O_RDWR) != 0 ||
		      try_open(world->own, "file", O_RDONLY) != EACCES);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_what_has_a_gate_is_opened_from_then_on, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_gate_may_be_a_single_file, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("file fence", tests, NULL, NULL);
}
