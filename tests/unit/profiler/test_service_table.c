/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/service_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"

static void counts_each_service_by_its_name(void **state)
{
	_cleanup_(service_table_fini) struct service_table table = { 0 };
	uint32_t api = service_table_get(&table, "api"), web = service_table_get(&table, "web");

	(void)state;
	assert_int_not_equal(api, web);
	service_table_add(&table, api, 5);
	service_table_add(&table, web, 7);
	service_table_add(&table, service_table_get(&table, "api"), 10);
	assert_int_equal(table.counts.services[api].cpu_ns, 15);
	assert_string_equal(table.counts.services[api].name, "api");
	assert_int_equal(table.counts.services[web].cpu_ns, 7);
	assert_int_equal(table.counts.n_services, 3);
}

static void counts_what_has_no_service_as_others(void **state)
{
	_cleanup_(service_table_fini) struct service_table table = { 0 };

	(void)state;
	assert_int_equal(service_table_get(&table, ""), 0);
	assert_int_equal(service_table_get(&table, SERVICE_OTHER), 0); /* never twice */
	assert_string_equal(table.counts.services[0].name, SERVICE_OTHER);
	assert_int_equal(table.counts.n_services, 1);
	assert_int_equal(table.counts.n_refused, 0);
}

static void counts_those_beyond_the_bound_as_others(void **state)
{
	_cleanup_(service_table_fini) struct service_table table = { 0 };
	char name[16];

	(void)state;
	for (int i = 0; i < SERVICE_MAX + 3; i++) {
		uint32_t number;

		snprintf(name, sizeof(name), "s%d", i);
		number = service_table_get(&table, name);
		service_table_add(&table, number, 1);
		assert_int_equal(number, i < SERVICE_MAX ? i + 1 : 0);
	}
	assert_int_equal(table.counts.n_services, SERVICE_MAX + 1);
	assert_int_equal(table.counts.services[0].cpu_ns, 3);
	assert_int_equal(table.counts.n_refused, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_each_service_by_its_name),
		cmocka_unit_test(counts_what_has_no_service_as_others),
		cmocka_unit_test(counts_those_beyond_the_bound_as_others),
	};

	return cmocka_run_group_tests_name("service_table", tests, NULL, NULL);
}
