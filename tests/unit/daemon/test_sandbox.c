/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/array.h"

#define NOBODY   0
#define SAMPLER  (1U << FILTER_SAMPLER)
#define RESOLVER (1U << FILTER_RESOLVER)
#define BUILD    (1U << FILTER_BUILD)
#define SERVER   (1U << FILTER_SERVER)
#define FETCHER  (1U << FILTER_FETCHER)
#define ALL      (SAMPLER | RESOLVER | BUILD | SERVER | FETCHER)

enum { MAX_CALLS = 64 };

/*
 * A system call, and who may make it. Its arguments are such that nothing comes of it, and that a
 * kernel which lets it through says something else than EPERM.
 */
struct call {
	const char *name;
	long number;
	long arguments[4];
	unsigned int allowed;
};

static const struct call calls[] = {
	{ "read", SYS_read, { -1 }, ALL },
	{ "mmap", SYS_mmap, { 0, 0 }, ALL },
	{ "memfd_create", SYS_memfd_create, { 0 }, ALL },
	{ "sendmsg", SYS_sendmsg, { -1 }, ALL },
	{ "clone", SYS_clone, { CLONE_SIGHAND }, SAMPLER | RESOLVER | FETCHER },
	{ "kill", SYS_kill, { -1, NSIG + 1 }, SAMPLER | RESOLVER | FETCHER },
	{ "setpriority", SYS_setpriority, { -1 }, SAMPLER | RESOLVER | FETCHER },
	{ "accept4", SYS_accept4, { -1 }, SAMPLER | SERVER },
	{ "sendto", SYS_sendto, { -1 }, SAMPLER | SERVER | FETCHER },
	{ "socket", SYS_socket, { -1 }, SAMPLER | FETCHER },
	{ "connect", SYS_connect, { -1 }, SAMPLER | FETCHER },
	{ "bind", SYS_bind, { -1 }, SAMPLER | FETCHER },
	{ "openat", SYS_openat, { AT_FDCWD, 0 }, SAMPLER | FETCHER },
	{ "unlinkat", SYS_unlinkat, { AT_FDCWD, 0 }, SAMPLER | FETCHER },
	{ "listen", SYS_listen, { -1 }, SAMPLER },
	{ "execve", SYS_execve, { 0 }, SAMPLER },
	{ "execveat", SYS_execveat, { -1, 0 }, SAMPLER },
	{ "openat2", SYS_openat2, { -1, 0 }, SAMPLER },
	{ "pidfd_open", SYS_pidfd_open, { -1 }, SAMPLER },
	{ "process_vm_readv", SYS_process_vm_readv, { -1 }, SAMPLER },
	{ "bpf", SYS_bpf, { 0, 0, -1 }, SAMPLER },
	{ "perf_event_open", SYS_perf_event_open, { 0 }, SAMPLER },
	{ "io_uring_enter", SYS_io_uring_enter, { -1 }, SAMPLER },
	{ "setuid", SYS_setuid, { -1 }, SAMPLER },
	{ "process_vm_writev", SYS_process_vm_writev, { -1 }, NOBODY },
	{ "ptrace", SYS_ptrace, { -1 }, NOBODY },
	{ "mount", SYS_mount, { 0, 0, 0 }, NOBODY },
	{ "umount2", SYS_umount2, { 0, -1 }, NOBODY },
	{ "chroot", SYS_chroot, { 0 }, NOBODY },
	{ "setns", SYS_setns, { -1 }, NOBODY },
	{ "unshare", SYS_unshare, { 1 }, NOBODY },
	{ "init_module", SYS_init_module, { 0, 0 }, NOBODY },
	{ "keyctl", SYS_keyctl, { -1 }, NOBODY },
};

static void make_calls(int *errors)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const long *arguments = calls[i].arguments;

		errno = 0;
		(void)syscall(calls[i].number, arguments[0], arguments[1], arguments[2],
			      arguments[3], 0, 0);
		errors[i] = errno;
	}
}

/* What a child is told that makes all the calls, behind @filter, or none: −1. */
static void try_calls(int filter, int *ret_errors)
{
	int *errors = mmap(NULL, MAX_CALLS * sizeof(*errors), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	assert_ptr_not_equal(errors, MAP_FAILED);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    (filter >= 0 && sandbox_filter((enum sandbox_filter)filter) < 0))
			_exit(1);
		make_calls(errors);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		ret_errors[i] = errors[i];
	munmap(errors, MAX_CALLS * sizeof(*errors));
}

/* A call that is refused here without any filter, as in a container, proves nothing. */
static void check_filter(enum sandbox_filter filter)
{
	int without[MAX_CALLS], within[MAX_CALLS];
	size_t n_proofs = 0;

	try_calls(-1, without);
	try_calls((int)filter, within);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		bool is_allowed = calls[i].allowed & (1U << filter);

		if (without[i] == EPERM || without[i] == ENOSYS)
			continue;
		if (is_allowed != (within[i] != EPERM))
			fail_msg("%s is %s", calls[i].name, is_allowed ? "refused" : "allowed");
		n_proofs += !is_allowed;
	}
	assert_true(n_proofs >= 3);
}

static void the_sampler_may_not_change_the_host(void **state)
{
	(void)state;
	check_filter(FILTER_SAMPLER);
}

static void the_resolver_has_its_children_and_open_descriptors(void **state)
{
	(void)state;
	check_filter(FILTER_RESOLVER);
}

static void a_child_of_the_resolver_has_only_open_descriptors(void **state)
{
	(void)state;
	check_filter(FILTER_BUILD);
}

static void the_server_has_its_clients_and_open_descriptors(void **state)
{
	(void)state;
	check_filter(FILTER_SERVER);
}

static void the_fetcher_has_the_network_and_files_but_runs_nothing(void **state)
{
	(void)state;
	check_filter(FILTER_FETCHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sampler_may_not_change_the_host),
		cmocka_unit_test(the_resolver_has_its_children_and_open_descriptors),
		cmocka_unit_test(a_child_of_the_resolver_has_only_open_descriptors),
		cmocka_unit_test(the_server_has_its_clients_and_open_descriptors),
		cmocka_unit_test(the_fetcher_has_the_network_and_files_but_runs_nothing),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
