/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bool may_execute(void)
{
	char name[] = "true";
	char *arguments[] = { name, NULL };

	execve("/bin/true", arguments, NULL);
	return errno != EPERM;
}

static bool may_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, NULL, 0) == pid;
}

static bool may_open(void)
{
	return open("/etc/hosts", O_RDONLY | O_CLOEXEC) >= 0 || errno != EPERM;
}

static bool may_connect(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}

static bool may_trace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) >= 0;
}

static bool may_kill(void)
{
	return kill(getpid(), 0) == 0;
}

static bool may_allocate(void)
{
	void *bytes =
		mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return bytes != MAP_FAILED && munmap(bytes, 1 << 20) == 0;
}

static bool (*const deeds[])(void) = {
	may_allocate, may_connect, may_open, may_kill, may_fork, may_trace, may_execute,
};

/* In a process that has that filter, the deeds that it may do, each as one bit. */
static int deeds_behind(enum sandbox_filter filter)
{
	int status, may = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || sandbox_filter(filter) < 0)
			_exit(UINT8_MAX);
		for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
			may |= deeds[i]() << i;
		_exit(may);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

enum { ALLOCATE = 1, CONNECT = 2, OPEN = 4, KILL = 8, FORK = 16 };

static void who_fetches_has_the_network_and_files_and_executes_nothing(void **state)
{
	(void)state;
	assert_int_equal(deeds_behind(FILTER_FETCHER), ALLOCATE | CONNECT | OPEN | KILL | FORK);
}

static void who_reads_files_of_strangers_opens_none(void **state)
{
	(void)state;
	assert_int_equal(deeds_behind(FILTER_RESOLVER), ALLOCATE | KILL | FORK);
	assert_int_equal(deeds_behind(FILTER_BUILD), ALLOCATE);
}

static void who_serves_opens_no_socket(void **state)
{
	(void)state;
	assert_int_equal(deeds_behind(FILTER_SERVER), ALLOCATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_fetches_has_the_network_and_files_and_executes_nothing),
		cmocka_unit_test(who_reads_files_of_strangers_opens_none),
		cmocka_unit_test(who_serves_opens_no_socket),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
