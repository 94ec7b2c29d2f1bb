/* SPDX-License-Identifier: Apache-2.0 */
#include "web/connection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_NS 1000

static struct connection *connection;
static int fds[2];

static int set_up(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, fds) ||
	       connection_new(fds[0], PATIENCE_NS, &connection);
}

static int tear_down(void **state)
{
	(void)state;
	connection = connection_free(connection);
	return close(fds[0]) || close(fds[1]);
}

static void ends_when_nothing_comes_in_time(void **state)
{
	char byte;

	(void)state;
	connection_expect_request(connection, 5000);
	assert_false(connection_end_if_overdue(connection, 5999));
	assert_true(connection_end_if_overdue(connection, 6000));
	assert_int_equal(read(fds[1], &byte, 1), 0);
	assert_false(connection_end_if_overdue(connection, INT64_MAX - 1));
}

static void gives_no_time_for_a_few_bytes(void **state)
{
	(void)state;
	connection_expect_request(connection, 0);
	for (uint64_t bytes = 1; bytes < 100; bytes++)
		connection_progress(connection, bytes, (int64_t)bytes * 10);
	assert_true(connection_end_if_overdue(connection, PATIENCE_NS));
}

static void gives_time_for_each_step(void **state)
{
	(void)state;
	connection_expect_request(connection, 0);
	connection_progress(connection, CONNECTION_STEP_BYTES, 900);
	assert_false(connection_end_if_overdue(connection, 1800));
	connection_progress(connection, CONNECTION_STEP_BYTES + 1, 1850);
	assert_true(connection_end_if_overdue(connection, 1900));
}

static void is_patient_at_rest(void **state)
{
	(void)state;
	connection_expect_request(connection, 0);
	connection_rest(connection);
	assert_false(connection_end_if_overdue(connection, INT64_MAX - 1));
}

#define TEST(name, function)                                                                       \
	{                                                                                          \
		name, function, set_up, tear_down, NULL                                            \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("ends when nothing comes in time", ends_when_nothing_comes_in_time),
		TEST("gives no time for a few bytes", gives_no_time_for_a_few_bytes),
		TEST("gives time for each step", gives_time_for_each_step),
		TEST("is patient at rest", is_patient_at_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
