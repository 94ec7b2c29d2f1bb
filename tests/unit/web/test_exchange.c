/* SPDX-License-Identifier: Apache-2.0 */
#include "web/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "http_client.h"
#include "profiler/base/array.h"
#include "profiler/base/clock.h"
#include "web_fixture.h"

static struct web_fixture fixture;

static void reads_addresses_from_a_body(void **state)
{
	int fd = client_connect(fixture.port);
	struct reply reply;

	(void)state;
	client_send(fd, "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\n"
			"Content-Length: 13\r\n\r\n0x1010+0x1020");
	reply = client_receive(fd, true);
	assert_int_equal(reply.code, 200);
	assert_int_equal(strncmp(reply.body, "num_symbols: 1\n", 15), 0);
	reply_fini(&reply);
	close(fd);
}

static void send_body(int fd, size_t size)
{
	static char chunk[64 << 10];

	for (size_t sent = 0; sent < size;) {
		ssize_t n = send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL);

		if (n <= 0)
			return;
		sent += (size_t)n;
	}
}

static void refuses_large_bodies_but_answers(void **state)
{
	int fd = client_connect(fixture.port);
	struct reply reply;

	(void)state;
	client_send(fd, "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\n"
			"Content-Length: 4194304\r\n\r\n");
	send_body(fd, 4 << 20);
	reply = client_receive(fd, true);
	assert_int_equal(reply.code, 413);
	reply_fini(&reply);
	client_send(fd, "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n");
	reply = client_receive(fd, true);
	assert_int_equal(reply.code, 200);
	reply_fini(&reply);
	close(fd);
}

static void refuses_large_bodies_before_they_are_sent(void **state)
{
	int fd = client_connect(fixture.port);
	struct reply reply;

	(void)state;
	client_send(fd, "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\n"
			"Expect: 100-continue\r\nContent-Length: 4194304\r\n\r\n");
	reply = client_receive(fd, true);
	assert_int_equal(reply.code, 413);
	reply_fini(&reply);
	close(fd);
}

static void keeps_connections_and_the_order_of_requests(void **state)
{
	int fd = client_connect(fixture.port);
	static const int codes[] = { 200, 404, 200 };

	(void)state;
	client_send(fd, "GET /debug/pprof/profile?seconds=0.05 HTTP/1.1\r\nHost: localhost\r\n\r\n"
			"GET /nothing/here HTTP/1.1\r\nHost: localhost\r\n\r\n"
			"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n");
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct reply reply = client_receive(fd, true);

		assert_int_equal(reply.code, codes[i]);
		reply_fini(&reply);
	}
	close(fd);
}

static void survives_broken_requests(void **state)
{
	static const char *const requests[] = {
		"\r\n\r\n\r\n",
		"GET\r\n\r\n",
		"GET /\r\n\r\n",
		"\x16\x03\x01\x02\x01\x03\x03 not TLS\r\n\r\n",
		"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
		"-1\r\n\r\n",
		"POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\n"
		"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
		"POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
		"99\r\n\r\nx",
	};
	struct reply reply;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		int fd = client_connect(fixture.port);

		client_send(fd, requests[i]);
		if (!client_sees_end(fd, 10 * FIXTURE_PATIENCE_MS))
			fail_msg("request %zu is kept", i);
		close(fd);
	}
	reply = client_ask(fixture.port, "GET", "/-/healthy");
	assert_int_equal(reply.code, 200);
	reply_fini(&reply);
}

static void refuses_headers_without_end(void **state)
{
	int fd = client_connect(fixture.port);
	char line[1024];
	struct reply reply;

	(void)state;
	memset(line, 'a', sizeof(line));
	memcpy(line, "X: ", 3);
	memcpy(line + sizeof(line) - 3, "\r\n", 3);
	client_send(fd, "GET / HTTP/1.1\r\nHost: localhost\r\n");
	for (int i = 0; i < 100 && send(fd, line, strlen(line), MSG_NOSIGNAL) > 0; i++)
		continue;
	reply = client_receive(fd, true);
	assert_true(reply.code == 0 || reply.code == 431 || reply.code == 413);
	reply_fini(&reply);
	close(fd);
}

static void closes_connections_that_say_nothing(void **state)
{
	int fd = client_connect(fixture.port);

	(void)state;
	assert_false(client_sees_end(fd, FIXTURE_PATIENCE_MS / 2));
	assert_true(client_sees_end(fd, 10 * FIXTURE_PATIENCE_MS));
	close(fd);
}

static void closes_connections_that_trickle(void **state)
{
	int64_t start_ns = clock_monotonic_ns();
	int fd = client_connect(fixture.port);

	(void)state;
	client_send(fd, "GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
	while (!client_sees_end(fd, 20)) {
		assert_true(clock_monotonic_ns() - start_ns < 10 * FIXTURE_PATIENCE_MS * NS_PER_MS);
		send(fd, "x", 1, MSG_NOSIGNAL);
	}
	close(fd);
}

/* Many answers are asked for, and none is read: in the end nothing fits into the sockets. */
static void closes_connections_that_do_not_read(void **state)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
	int fd = client_connect(fixture.port), small = 4096;
	int64_t start_ns = clock_monotonic_ns();
	ssize_t n;

	(void)state;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	do {
		n = send(fd, request, strlen(request), MSG_NOSIGNAL);
		assert_true(clock_monotonic_ns() - start_ns < 30 * FIXTURE_PATIENCE_MS * NS_PER_MS);
	} while (n > 0);
	close(fd);
}

static uint64_t metric(const char *name)
{
	struct reply reply = client_ask(fixture.port, "GET", "/metrics");
	const char *line = strstr(reply.body, name);
	uint64_t value;

	assert_non_null(line);
	value = strtoull(line + strlen(name), NULL, 10);
	reply_fini(&reply);
	return value;
}

static void wait_for_metric(const char *name, uint64_t value)
{
	int64_t deadline_ns = clock_monotonic_ns() + 10 * NS_PER_SECOND;

	while (metric(name) != value)
		assert_true(clock_monotonic_ns() < deadline_ns);
}

static void keeps_who_waits_for_a_profile(void **state)
{
	int64_t start_ns = clock_monotonic_ns();
	struct reply reply = client_ask(fixture.port, "GET", "/debug/pprof/profile?seconds=1");

	(void)state;
	assert_int_equal(reply.code, 200);
	assert_true(clock_monotonic_ns() - start_ns >= NS_PER_SECOND);
	assert_true(NS_PER_SECOND > FIXTURE_PATIENCE_MS * NS_PER_MS * 2);
	reply_fini(&reply);
}

static void forgets_who_leaves(void **state)
{
	uint64_t before = metric("\npilotlight_http_requests_abandoned_total ");
	int fd = client_connect(fixture.port);

	(void)state;
	client_send(fd,
		    "GET /debug/pprof/profile?seconds=3600 HTTP/1.1\r\nHost: localhost\r\n\r\n");
	wait_for_metric("\npilotlight_http_requests_put_off ", 1);
	close(fd);
	wait_for_metric("\npilotlight_http_requests_put_off ", 0);
	assert_int_equal(metric("\npilotlight_http_requests_abandoned_total "), before + 1);
}

static void serves_200_profiles_at_once(void **state)
{
	int fds[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = client_connect(fixture.port);
		client_send(fds[i], "GET /debug/pprof/profile?seconds=1 HTTP/1.1\r\n"
				    "Host: localhost\r\n\r\n");
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		struct reply reply = client_receive(fds[i], true);

		assert_int_equal(reply.code, 200);
		assert_memory_equal(reply.body, "\x1f\x8b", 2);
		reply_fini(&reply);
		close(fds[i]);
	}
}

static void has_a_bound_on_those_who_wait(void **state)
{
	static int fds[EXCHANGES_MAX_PUT_OFF];
	struct reply reply;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = client_connect(fixture.port);
		client_send(fds[i], "GET /debug/pprof/profile?seconds=600 HTTP/1.1\r\n"
				    "Host: localhost\r\n\r\n");
	}
	wait_for_metric("\npilotlight_http_requests_put_off ", EXCHANGES_MAX_PUT_OFF);
	reply = client_ask(fixture.port, "GET", "/debug/pprof/profile?seconds=600");
	assert_int_equal(reply.code, 503);
	assert_non_null(reply_header(&reply, "Retry-After"));
	reply_fini(&reply);
	reply = client_ask(fixture.port, "GET", "/debug/pprof/profile?past=1");
	assert_int_equal(reply.code, 200);
	reply_fini(&reply);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	wait_for_metric("\npilotlight_http_requests_put_off ", 0);
}

/* More than there is room for, and none of them says anything. */
static void lets_others_in_when_it_is_crowded(void **state)
{
	static int fds[1000];
	int64_t start_ns = clock_monotonic_ns();
	struct reply reply;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = client_connect(fixture.port);
	reply = client_ask(fixture.port, "GET", "/-/healthy");
	assert_int_equal(reply.code, 200);
	assert_true(clock_monotonic_ns() - start_ns < FIXTURE_PATIENCE_MS * NS_PER_MS);
	reply_fini(&reply);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	assert_true(metric("\npilotlight_http_connections_crowded_out_total ") > 0);
}

static void answers_those_who_wait_when_it_ends(void **state)
{
	int fd = client_connect(fixture.port);
	struct reply reply;

	(void)state;
	client_send(fd, "GET /debug/pprof/profile?seconds=600 HTTP/1.1\r\nHost: localhost\r\n\r\n");
	wait_for_metric("\npilotlight_http_requests_put_off ", 1);
	web_fixture_stop(&fixture);
	reply = client_receive(fd, true);
	assert_int_equal(reply.code, 503);
	reply_fini(&reply);
	close(fd);
}

static void is_not_ready_without_samples(void **state)
{
	struct reply reply;

	(void)state;
	fixture.status.store.stored = 0;
	web_fixture_start(&fixture);
	reply = client_ask(fixture.port, "GET", "/-/ready");
	assert_int_equal(reply.code, 503);
	reply_fini(&reply);
	reply = client_ask(fixture.port, "GET", "/-/healthy");
	assert_int_equal(reply.code, 200);
	reply_fini(&reply);
}

static int set_up(void **state)
{
	struct rlimit files;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096; /* both ends are ours */
	setrlimit(RLIMIT_NOFILE, &files);
	web_fixture_init(&fixture);
	web_fixture_start(&fixture);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	web_fixture_fini(&fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "reads addresses from a body", reads_addresses_from_a_body },
		{ "refuses large bodies, but answers", refuses_large_bodies_but_answers },
		{ "refuses large bodies before they are sent",
		  refuses_large_bodies_before_they_are_sent },
		{ "keeps connections and the order of requests",
		  keeps_connections_and_the_order_of_requests },
		{ "survives broken requests", survives_broken_requests },
		{ "refuses headers without end", refuses_headers_without_end },
		{ "closes connections that say nothing", closes_connections_that_say_nothing },
		{ "closes connections that trickle", closes_connections_that_trickle },
		{ "closes connections that do not read", closes_connections_that_do_not_read },
		{ "keeps who waits for a profile", keeps_who_waits_for_a_profile },
		{ "forgets who leaves", forgets_who_leaves },
		{ "serves 200 profiles at once", serves_200_profiles_at_once },
		{ "has a bound on those who wait", has_a_bound_on_those_who_wait },
		{ "lets others in when it is crowded", lets_others_in_when_it_is_crowded },
		{ "answers those who wait when it ends", answers_those_who_wait_when_it_ends },
		{ "is not ready without samples", is_not_ready_without_samples },
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
