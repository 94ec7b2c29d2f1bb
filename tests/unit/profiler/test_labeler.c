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
#include "profiler/container_facts.h"
#include "profiler/label_set.h"
#include "profiler/labeling.h"

DEFINE_CLEANUP(struct labeler *, labeler_free)

/* "name=value," of the labels of a process, or "left out", after @labeling, which is taken. */
static void expect_with(struct labeling *labeling, const struct process_facts *facts,
			const char *expected)
{
	_cleanup_(labeler_freep) struct labeler *labeler = NULL;
	_cleanup_(label_set_fini) struct label_set labels = { 0 };
	char text[1024] = "";
	size_t length = 0;

	assert_int_equal(labeler_new(&labeler), 0);
	assert_int_equal(labeler_configure(labeler, labeling), 0);
	if (labeler_label(labeler, facts, &labels) == 1) {
		assert_string_equal("left out", expected);
		return;
	}
	for (size_t i = 0; i < labels.n_labels; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s=%s,",
					   labels.labels[i].name, labels.labels[i].value);
	assert_string_equal(text, expected);
}

static void expect(const struct process_facts *facts, const char *expected)
{
	struct labeling labeling = { 0 };

	expect_with(&labeling, facts, expected);
}

static void calls_a_service_by_its_program(void **state)
{
	const struct process_facts facts = { 0, false, "worker", "/usr/bin/api", "/", NULL };

	(void)state;
	expect(&facts, "cgroup=/,comm=worker,exe=/usr/bin/api,service_name=api,");
}

static void calls_it_by_its_name_if_no_program_is_known(void **state)
{
	const struct process_facts facts = { 0, false, "gone", "", "", NULL };

	(void)state;
	expect(&facts, "comm=gone,service_name=gone,");
}

static void calls_all_of_the_kernel_by_one_name(void **state)
{
	const struct process_facts facts = { 0, true, "kworker/0:1", "", "/", NULL };

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

#define POD_CGROUP                                                                                 \
	"/kubepods/pod7d4424e6-bb13-42f4-a47a-45a4828bf54d/"                                       \
	"4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"

static void knows_what_whoever_runs_containers_says(void **state)
{
	static const struct label labels[] = { { "pod_label_app", "web" },
					       { "pod_label_q", "\"\n\xff" } };
	const struct container_facts container = { "app", "web-1", "shop", labels, 2 };
	const struct process_facts facts = {
		.comm = "node",
		.exe = "/usr/bin/node",
		.cgroup = POD_CGROUP,
		.container = &container,
	};

	(void)state;
	expect(&facts, "cgroup=" POD_CGROUP ",comm=node,container=app,container_id="
		       "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970,"
		       "exe=/usr/bin/node,namespace=shop,pod=web-1,pod_label_app=web,"
		       "pod_label_q=\"\n?,pod_uid=7d4424e6-bb13-42f4-a47a-45a4828bf54d,"
		       "service_name=app,");
}

static void the_service_of_the_parent_is_its_container_too(void **state)
{
	const struct container_facts container = { "app", "", "", NULL, 0 };
	const struct process_facts node = { 7,           false, "node",    "/usr/bin/node",
					    "/docker/x", NULL,  &container };
	const struct process_facts sh = { 8, false, "sh", "/bin/sh", "/", &node, NULL };

	(void)state;
	expect(&sh, "cgroup=/,comm=sh,exe=/bin/sh,parent_service=app,pid=8,service_name=sh,");
}

static void tells_the_service_of_the_parent(void **state)
{
	const struct process_facts make = {
		7, false, "make", "/usr/bin/make", "/system.slice/build.service", NULL
	};
	const struct process_facts gcc = {
		8, false, "cc1", "/usr/lib/gcc/cc1", "/user.slice", &make
	};

	(void)state;
	expect(&gcc, "cgroup=/user.slice,comm=cc1,exe=/usr/lib/gcc/cc1,parent_service=build,"
		     "pid=8,service_name=cc1,slice=user.slice,");
}

static void does_what_the_user_says_last(void **state)
{
	const struct process_facts sh = { 7, false, "sh", "/bin/sh", "/", NULL };
	const struct process_facts api = { 8, false, "api", "/usr/bin/api", "/", &sh };
	struct labeling labeling = { 0 };

	(void)state;
	labeling_add_label(&labeling, "team=a");
	labeling_add_label(&labeling, "exe=hidden");
	labeling_set_field(&labeling, "1", 1, "source_labels", "team,comm");
	labeling_set_field(&labeling, "1", 1, "target_label", "service_name");
	labeling_set_field(&labeling, "2", 2, "target_label", "__mine");
	labeling_set_field(&labeling, "2", 2, "replacement", "x");
	labeling_set_field(&labeling, "3", 3, "target_label", "thread");
	labeling_set_field(&labeling, "3", 3, "replacement", "x");
	labeling_set_field(&labeling, "4", 4, "action", "labeldrop");
	labeling_set_field(&labeling, "4", 4, "regex", "pid");
	labeling_set_field(&labeling, "1", 5, "regex", "(.*);(.*)");
	labeling_set_field(&labeling, "1", 5, "source_labels", "team,comm");
	labeling_set_field(&labeling, "1", 5, "target_label", "service_name");
	labeling_set_field(&labeling, "1", 5, "replacement", "$1/$2");
	expect_with(&labeling, &api,
		    "cgroup=/,comm=api,exe=hidden,parent_service=a/sh,"
		    "service_name=a/api,team=a,");
}

static void leaves_out_what_the_user_does_not_want(void **state)
{
	const struct process_facts facts = { 8, false, "api", "/usr/bin/api", "/", NULL };
	struct labeling labeling = { 0 };

	(void)state;
	labeling_set_field(&labeling, "1", 1, "action", "drop");
	labeling_set_field(&labeling, "1", 1, "source_labels", "comm");
	labeling_set_field(&labeling, "1", 1, "regex", "a.*");
	expect_with(&labeling, &facts, "left out");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_a_service_by_its_program),
		cmocka_unit_test(calls_it_by_its_name_if_no_program_is_known),
		cmocka_unit_test(calls_all_of_the_kernel_by_one_name),
		cmocka_unit_test(calls_a_service_by_its_unit_before_its_program),
		cmocka_unit_test(calls_a_service_by_its_container_before_all),
		cmocka_unit_test(knows_what_whoever_runs_containers_says),
		cmocka_unit_test(the_service_of_the_parent_is_its_container_too),
		cmocka_unit_test(tells_the_service_of_the_parent),
		cmocka_unit_test(does_what_the_user_says_last),
		cmocka_unit_test(leaves_out_what_the_user_does_not_want),
	};

	return cmocka_run_group_tests_name("labeler", tests, NULL, NULL);
}
