/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/clock.h"
#include "profiler/procfs.h"

static int open_process(pid_t pid)
{
	_cleanup_(closep) int proc_fd = -1;
	int process_fd = -1;

	assert_int_equal(procfs_open(&proc_fd), 0);
	assert_int_equal(procfs_open_process(proc_fd, pid, &process_fd), 0);
	return process_fd;
}

static uint64_t start_time_of(const char *text)
{
	struct procfs_stat stat;

	assert_int_equal(procfs_parse_stat(text, strlen(text), &stat), 0);
	return stat.start_ticks;
}

#define FIELDS_3_TO_21 "R 27886 27886 7004 0 -1 4194304 104 0 0 0 0 0 0 0 20 0 1 0"

static void finds_the_start_time_behind_any_comm(void **state)
{
	(void)state;
	assert_int_equal(start_time_of("27890 (cat) " FIELDS_3_TO_21 " 183346 3133440 388\n"),
			 183346);
	assert_int_equal(start_time_of("27890 (a) R 1 (b) " FIELDS_3_TO_21 " 183346 0\n"), 183346);
	assert_int_equal(start_time_of("27890 () " FIELDS_3_TO_21 " 0"), 0);
}

static void tells_the_parent_and_whether_it_is_of_the_kernel(void **state)
{
	static const char text[] = "27890 (cat) " FIELDS_3_TO_21 " 183346";
	static const char worker[] =
		"47 (kworker/R-a (b)) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 0 -20 1 0 31";
	struct procfs_stat stat;

	(void)state;
	assert_int_equal(procfs_parse_stat(text, strlen(text), &stat), 0);
	assert_string_equal(stat.comm, "cat");
	assert_int_equal(stat.parent_pid, 27886);
	assert_false(stat.is_kernel);
	assert_int_equal(procfs_parse_stat(worker, strlen(worker), &stat), 0);
	assert_string_equal(stat.comm, "kworker/R-a (b)");
	assert_int_equal(stat.parent_pid, 2);
	assert_true(stat.is_kernel);
}

static void refuses_a_stat_without_a_start_time(void **state)
{
	static const char *const texts[] = {
		"",
		"27890",
		"27890 (cat)",
		"27890 )cat( " FIELDS_3_TO_21 " 183346",
		"27890 (cat) " FIELDS_3_TO_21,
		"27890 (cat) " FIELDS_3_TO_21 " ",
		"27890 (cat) " FIELDS_3_TO_21 " x",
		"27890 (cat) " FIELDS_3_TO_21 " 18446744073709551616",
	};
	struct procfs_stat stat;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(procfs_parse_stat(texts[i], strlen(texts[i]), &stat), -EBADMSG);
}

static void assert_cgroup(const char *text, const char *expected_path)
{
	_cleanup_(freep) char *path = NULL;

	assert_int_equal(procfs_parse_cgroup(text, strlen(text), &path), 0);
	assert_string_equal(path, expected_path);
}

static void prefers_the_unified_cgroup(void **state)
{
	(void)state;
	assert_cgroup("0::/system.slice/a:b.service\n", "/system.slice/a:b.service");
	assert_cgroup("4:cpu,cpuacct:/cpu\n1:name=systemd:/systemd\n0::/unified\n", "/unified");
}

static void falls_back_to_systemd_and_cpu(void **state)
{
	(void)state;
	assert_cgroup("4:cpuacct,cpu:/cpu\n3:cpuset:/cpuset\n1:name=systemd:/systemd", "/systemd");
	assert_cgroup("4:cpuacct,cpu:/cpu\n3:cpuset:/cpuset\n", "/cpu");
}

static void a_root_cgroup_is_the_last_resort(void **state)
{
	(void)state;
	assert_cgroup("1:cpu:/docker/4f\n1:name=systemd:/\n0::/\n", "/docker/4f");
	assert_cgroup("1:cpu:/\n0::/\n", "/");
}

static void refuses_a_text_without_a_cgroup(void **state)
{
	static const char *const texts[] = { "",     "\n",      "0:",         "0::",
					     "0::x", "cpu:/\n", "3:memory:/", "3:cpuset:/" };
	char *path = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(procfs_parse_cgroup(texts[i], strlen(texts[i]), &path), -EBADMSG);
	assert_null(path);
}

static void finds_the_effective_user_and_the_innermost_pid(void **state)
{
	static const char text[] = "Name:\tUid:\nUid:\t1000\t1001\t1002\t1003\nGid:\t7\t8\t9\t9\n"
				   "NStgid:\t812\t5\nNSpid:\t812\t17\t1\nNSpgid:\t812\t1\n";
	struct procfs_identity identity;

	(void)state;
	assert_int_equal(procfs_parse_identity(text, strlen(text), &identity), 0);
	assert_int_equal(identity.uid, 1001);
	assert_int_equal(identity.pid, 1);
}

static void refuses_a_status_without_user_or_pid(void **state)
{
	static const char *const texts[] = {
		"",
		"Name:\tx\nNSpid:\t1\n",
		"Name:\tx\nUid:\t1\t2\t3\t4\n",
		"Name:\tx\nUid:\t1\nNSpid:\t1\n",
		"Name:\tx\nUid:\t1\t99999999999\nNSpid:\t1\n",
		"Name:\tx\nUid:\t1\t2\nNSpid:\t\n",
	};
	struct procfs_identity identity;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(procfs_parse_identity(texts[i], strlen(texts[i]), &identity),
				 -EBADMSG);
}

static void a_start_time_in_ns_lies_in_one_tick(void **state)
{
	uint64_t tick_ns = (uint64_t)(NS_PER_SECOND / sysconf(_SC_CLK_TCK));

	(void)state;
	assert_true(procfs_start_time_is(7, 7 * tick_ns));
	assert_true(procfs_start_time_is(7, 8 * tick_ns - 1));
	assert_false(procfs_start_time_is(7, 8 * tick_ns));
	assert_false(procfs_start_time_is(7, 7 * tick_ns - 1));
}

static void reads_what_there_is_of_this_process(void **state)
{
	_cleanup_(closep) int process_fd = open_process(getpid());
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;
	_cleanup_(freep) char *exe = NULL;
	_cleanup_(freep) char *cgroup = NULL;
	char comm[PROCFS_COMM_BYTES];
	const struct mapping *mapping;
	uint64_t ticks = 0;
	bool deleted = true;

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, "a (name) of mine"), 0);
	assert_int_equal(procfs_read_comm(process_fd, comm), 0);
	assert_string_equal(comm, "a (name) of min");
	assert_int_equal(procfs_read_start_time(process_fd, &ticks), 0);
	assert_true(ticks > 0);
	assert_int_equal(procfs_read_exe(process_fd, &exe, &deleted), 0);
	assert_non_null(strstr(exe, "test_procfs"));
	assert_false(deleted);
	assert_int_equal(procfs_read_cgroup(process_fd, &cgroup), 0);
	assert_int_equal(cgroup[0], '/');

	assert_int_equal(procfs_read_maps(process_fd, MAPPINGS_EXECUTABLE, &table), 0);
	mapping = mapping_table_find(table, (uint64_t)(uintptr_t)&open_process);
	assert_non_null(mapping);
	assert_string_equal(mapping->path, exe);
	assert_int_equal(mapping_table_n_skipped(table), 0);
}

static void says_that_a_process_never_was(void **state)
{
	_cleanup_(closep) int proc_fd = -1;
	int process_fd = -1;

	(void)state;
	assert_int_equal(procfs_open(&proc_fd), 0);
	assert_int_equal(procfs_open_process(proc_fd, 0x7ffffff0, &process_fd), -ESRCH);
	assert_int_equal(process_fd, -1);
}

static void says_that_a_process_ended(void **state)
{
	_cleanup_(closep) int process_fd = -1;
	struct mapping_table *table = NULL;
	char comm[PROCFS_COMM_BYTES];
	char *path = NULL;
	uint64_t ticks;
	bool deleted;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	process_fd = open_process(pid);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(procfs_read_comm(process_fd, comm), -ESRCH);
	assert_int_equal(procfs_read_start_time(process_fd, &ticks), -ESRCH);
	assert_int_equal(procfs_read_exe(process_fd, &path, &deleted), -ESRCH);
	assert_int_equal(procfs_read_cgroup(process_fd, &path), -ESRCH);
	assert_int_equal(procfs_read_maps(process_fd, MAPPINGS_ALL, &table), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_start_time_behind_any_comm),
		cmocka_unit_test(tells_the_parent_and_whether_it_is_of_the_kernel),
		cmocka_unit_test(refuses_a_stat_without_a_start_time),
		cmocka_unit_test(prefers_the_unified_cgroup),
		cmocka_unit_test(falls_back_to_systemd_and_cpu),
		cmocka_unit_test(a_root_cgroup_is_the_last_resort),
		cmocka_unit_test(refuses_a_text_without_a_cgroup),
		cmocka_unit_test(finds_the_effective_user_and_the_innermost_pid),
		cmocka_unit_test(refuses_a_status_without_user_or_pid),
		cmocka_unit_test(a_start_time_in_ns_lies_in_one_tick),
		cmocka_unit_test(reads_what_there_is_of_this_process),
		cmocka_unit_test(says_that_a_process_never_was),
		cmocka_unit_test(says_that_a_process_ended),
	};

	return cmocka_run_group_tests_name("procfs", tests, NULL, NULL);
}
