/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/labeler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/label_set.h"

/* "name=value," of the labels of a process. */
static void expect(const struct process_facts *facts, const char *expected)
{
	_cleanup_(label_set_fini) struct label_set labels = { 0 };
	char text[1024] = "";
	size_t length = 0;

	assert_int_equal(labeler_label(facts, &labels), 0);
	for (size_t i = 0; i < labels.n_labels; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s=%s,",
					   labels.labels[i].name, labels.labels[i].value);
	assert_string_equal(text, expected);
}

static void calls_a_service_by_its_program(void **state)
{
	const struct process_facts facts = { false, "worker", "/usr/bin/api", "/", NULL };

	(void)state;
	expect(&facts, "cgroup=/,comm=worker,exe=/usr/bin/api,service_name=api,");
}

static void calls_it_by_its_name_if_no_program_is_known(void **state)
{
	const struct process_facts facts = { false, "gone", "", "", NULL };

	(void)state;
	expect(&facts, "comm=gone,service_name=gone,");
}

static void calls_all_of_the_kernel_by_one_name(void **state)
{
	const struct process_facts facts = { true, "kworker/0:1", "", "/", NULL };

	(void)state;
	expect(&facts, "cgroup=/,comm=kworker/0:1,service_name=kernel,");
}

static void calls_a_service_by_its_unit_before_its_program(void **state)
{
	const struct process_facts facts = {
		.comm = "python3",
		.exe = "/usr/bin/python3.11",
		.cgroup = "/system.slice/my\\x2dapi.service",
	};

	(void)state;
	expect(&facts, "cgroup=/system.slice/my\\x2dapi.service,comm=python3,"
		       "exe=/usr/bin/python3.11,service_name=my-api,slice=system.slice,"
		       "unit=my\\x2dapi.service,");
}

static void calls_a_service_by_its_container_before_all(void **state)
{
	const struct process_facts facts = {
		.comm = "sshd",
		.exe = "/usr/sbin/sshd",
		.cgroup = "/lxc.payload.web/system.slice/ssh.service",
	};

	(void)state;
	expect(&facts, "cgroup=/lxc.payload.web/system.slice/ssh.service,comm=sshd,container=web,"
		       "container_runtime=lxc,exe=/usr/sbin/sshd,service_name=web,"
		       "slice=system.slice,unit=ssh.service,");
}

static void tells_the_service_of_the_parent(void **state)
{
	const struct process_facts make = { false, "make", "/usr/bin/make",
					    "/system.slice/build.service", NULL };
	const struct process_facts gcc = { false, "cc1", "/usr/lib/gcc/cc1", "/user.slice", &make };

	(void)state;
	expect(&gcc, "cgroup=/user.slice,comm=cc1,exe=/usr/lib/gcc/cc1,parent_service=build,"
		     "service_name=cc1,slice=user.slice,");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_a_service_by_its_program),
		cmocka_unit_test(calls_it_by_its_name_if_no_program_is_known),
		cmocka_unit_test(calls_all_of_the_kernel_by_one_name),
		cmocka_unit_test(calls_a_service_by_its_unit_before_its_program),
		cmocka_unit_test(calls_a_service_by_its_container_before_all),
		cmocka_unit_test(tells_the_service_of_the_parent),
	};

	return cmocka_run_group_tests_name("labeler", tests, NULL, NULL);
}
