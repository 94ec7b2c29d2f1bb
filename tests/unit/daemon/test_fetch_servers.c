/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/fetch_servers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "profiler/base/clock.h"

#define MINUTE_NS (60 * NS_PER_SECOND)

static void ask(struct fetch_server *server, enum fetch_server_answer answer, int64_t now_ns)
{
	fetch_server_begin(server);
	(void)fetch_server_end(server, answer, now_ns);
}

static void servers_are_asked_in_the_order_in_which_they_are_named(void **state)
{
	struct fetch_servers servers;

	(void)state;
	assert_int_equal(fetch_servers_init(&servers, " http://one/ \t http://two/\n"), 0);
	assert_int_equal(servers.n, 2);
	assert_string_equal(servers.servers[0].url, "http://one/");
	assert_string_equal(servers.servers[1].url, "http://two/");
	fetch_servers_fini(&servers);
	assert_int_equal(fetch_servers_init(&servers, "  "), 0);
	assert_int_equal(servers.n, 0);
}

/* As elfutils 0.190 knows them. */
static void a_policy_goes_along_with_the_servers_behind_it(void **state)
{
	struct fetch_servers servers;

	(void)state;
	assert_int_equal(fetch_servers_init(&servers, "a: ima:enforcing b: c: ima:ignore d:"), 0);
	assert_int_equal(servers.n, 4);
	assert_string_equal(servers.servers[0].url, "a:");
	assert_string_equal(servers.servers[1].url, "ima:enforcing b:");
	assert_string_equal(servers.servers[2].url, "ima:enforcing c:");
	assert_string_equal(servers.servers[3].url, "ima:ignore d:");
	fetch_servers_fini(&servers);
}

static void there_are_no_more_than_there_is_room_for(void **state)
{
	char urls[4 * FETCH_MAX_SERVERS + 1] = "";
	struct fetch_servers servers;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(urls); i++)
		urls[i] = i % 2 ? ' ' : 'a';
	assert_int_equal(fetch_servers_init(&servers, urls), 0);
	assert_int_equal(servers.n, FETCH_MAX_SERVERS);
	fetch_servers_fini(&servers);
}

static void one_that_does_not_answer_is_left_alone_longer_and_longer(void **state)
{
	struct fetch_server server = { .n_failed = 0 };
	int64_t now_ns = MINUTE_NS, last_ns = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		int64_t pause_ns;

		assert_true(fetch_server_is_ready(&server, now_ns));
		fetch_server_begin(&server);
		assert_true(fetch_server_end(&server, FETCH_SERVER_UNREACHED, now_ns));
		assert_false(fetch_server_is_ready(&server, now_ns));
		pause_ns = server.next_ns - now_ns;
		assert_true(pause_ns >= MINUTE_NS && pause_ns <= 32 * MINUTE_NS);
		assert_true(pause_ns > last_ns || pause_ns == 32 * MINUTE_NS);
		last_ns = pause_ns;
		now_ns = server.next_ns;
	}
	ask(&server, FETCH_SERVER_HAS_NOT, now_ns);
	assert_true(fetch_server_is_ready(&server, now_ns));
	ask(&server, FETCH_SERVER_UNREACHED, now_ns);
	assert_int_equal(server.next_ns - now_ns, MINUTE_NS);
}

static void several_that_hang_at_once_are_one_failure(void **state)
{
	struct fetch_server server = { .n_failed = 0 };

	(void)state;
	for (int i = 0; i < 4; i++)
		fetch_server_begin(&server);
	assert_true(fetch_server_end(&server, FETCH_SERVER_UNREACHED, 1));
	for (int i = 0; i < 3; i++)
		assert_false(fetch_server_end(&server, FETCH_SERVER_UNREACHED, 2));
	assert_int_equal(server.next_ns, 1 + MINUTE_NS);
}

static void one_file_is_the_trial_of_a_server_that_has_failed(void **state)
{
	struct fetch_server server = { .n_failed = 0 };

	(void)state;
	ask(&server, FETCH_SERVER_UNREACHED, 0);
	assert_true(fetch_server_is_ready(&server, MINUTE_NS));
	fetch_server_begin(&server);
	assert_false(fetch_server_is_ready(&server, MINUTE_NS));
	assert_false(fetch_server_end(&server, FETCH_SERVER_HAS_IT, MINUTE_NS));
	assert_true(fetch_server_is_ready(&server, MINUTE_NS));
}

static void one_that_fails_with_a_file_is_not_left_alone(void **state)
{
	struct fetch_server server = { .n_failed = 0 };

	(void)state;
	ask(&server, FETCH_SERVER_FAILED, 0);
	assert_true(fetch_server_is_ready(&server, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_asked_in_the_order_in_which_they_are_named),
		cmocka_unit_test(a_policy_goes_along_with_the_servers_behind_it),
		cmocka_unit_test(there_are_no_more_than_there_is_room_for),
		cmocka_unit_test(one_that_does_not_answer_is_left_alone_longer_and_longer),
		cmocka_unit_test(several_that_hang_at_once_are_one_failure),
		cmocka_unit_test(one_file_is_the_trial_of_a_server_that_has_failed),
		cmocka_unit_test(one_that_fails_with_a_file_is_not_left_alone),
	};

	return cmocka_run_group_tests_name("fetch servers", tests, NULL, NULL);
}
