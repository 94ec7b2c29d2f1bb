/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server.h"

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
#include "web/exchange.h"
#include "web_fixture.h"

static struct web_fixture fixture;

struct example {
	const char *method;
	const char *target;
	int code;
	const char *media_type; /* as it begins */
	const char *body;       /* part of it, or NULL */
};

static void check(const struct example *examples, size_t n_examples)
{
	for (size_t i = 0; i < n_examples; i++) {
		const struct example *example = &examples[i];
		struct reply reply = client_ask(fixture.port, example->method, example->target);
		const char *media_type = reply.code ? reply_header(&reply, "Content-Type") : NULL;

		if (reply.code != example->code)
			fail_msg("%s is %d: %s", example->target, reply.code, reply.body);
		if (!media_type ||
		    strncmp(media_type, example->media_type, strlen(example->media_type)))
			fail_msg("%s is of type %s", example->target, media_type);
		if (example->body &&
		    !memmem(reply.body, reply.body_bytes, example->body, strlen(example->body)))
			fail_msg("%s is: %s", example->target, reply.body);
		reply_fini(&reply);
	}
}

static void answers_every_route(void **state)
{
	static const struct example examples[] = {
		{ "GET", "/", 200, "text/html", "<html" },
		{ "GET", "/main.js", 200, "text/javascript", "import" },
		{ "GET", "/debug/pprof/", 200, "text/html", "profile?seconds=30" },
		{ "GET", "/debug/pprof", 301, "text/plain", NULL },
		{ "GET", "/debug/pprof/profile?seconds=0.05", 200, "application/octet-stream",
		  "\x1f\x8b" },
		{ "GET", "/debug/pprof/profile?past=1&seconds=60", 200, "application/octet-stream",
		  "\x1f\x8b" },
		{ "GET", "/debug/pprof/cmdline", 200, "text/plain", "test_server" },
		{ "GET", "/debug/pprof/symbol", 200, "text/plain", "num_symbols: 1\n" },
		{ "GET", "/debug/pprof/symbol?0x1+0x2", 200, "text/plain", "num_symbols: 1\n" },
		{ "GET", "/api/v1/profile", 200, "application/octet-stream", "\x1f\x8b" },
		{ "GET", "/api/v1/profile?from=now-1m&to=now&format=folded", 200, "text/plain",
		  "api;" },
		{ "GET", "/api/v1/profile?format=svg", 200, "image/svg+xml", "<svg" },
		{ "GET", "/api/v1/status", 200, "application/json", "\"ring_full\":2" },
		{ "GET", "/api/v1/types", 200, "application/json", "\"process_cpu:cpu:" },
		{ "GET", "/api/v1/labels", 200, "application/json", "\"comm\"" },
		{ "GET", "/api/v1/labels/comm/values", 200, "application/json", "[\"api\"]" },
		{ "GET", "/metrics", 200, "text/plain; version=0.0.4",
		  "pilotlight_samples_dropped_total{reason=\"ring_full\"} 2\n" },
		{ "GET", "/-/healthy", 200, "text/plain", "healthy" },
		{ "GET", "/-/ready", 200, "text/plain", "ready" },
	};

	(void)state;
	check(examples, ARRAY_SIZE(examples));
}

static void selects_by_labels(void **state)
{
	static const struct example examples[] = {
		{ "GET", "/api/v1/profile?format=folded&query=%7Bcomm%3D%22api%22%7D", 200,
		  "text/plain", "api;" },
		{ "GET", "/api/v1/labels/comm/values?query={comm%3D%22x%22}", 200,
		  "application/json", "[]" },
		{ "GET", "/api/v1/labels/comm/values?from=now-2h&to=now-1h", 200,
		  "application/json", "[]" },
		{ "GET", "/api/v1/labels/shoe_size/values", 200, "application/json", "[]" },
		{ "GET", "/api/v1/labels?query={comm%3D%22x%22}", 200, "application/json", "[]" },
	};

	(void)state;
	check(examples, ARRAY_SIZE(examples));
}

static void says_what_is_wrong(void **state)
{
	static const struct example examples[] = {
		{ "GET", "/debug/pprof/profile?seconds=abc", 400, "text/plain",
		  "parameter seconds is \"abc\"" },
		{ "GET", "/debug/pprof/profile?seconds=", 400, "text/plain", "seconds" },
		{ "GET", "/debug/pprof/profile?seconds=0", 400, "text/plain", "\"0\"" },
		{ "GET", "/debug/pprof/profile?seconds=-1", 400, "text/plain", "\"-1\"" },
		{ "GET", "/debug/pprof/profile?seconds=3601", 400, "text/plain", "3600" },
		{ "GET", "/debug/pprof/profile?past=maybe", 400, "text/plain", "past" },
		{ "GET", "/debug/pprof/profile?query=%7Bnonsense", 400, "text/plain", "query" },
		{ "GET", "/debug/pprof/heap", 404, "text/plain", "\"heap\"" },
		{ "GET", "/api/v1/profile?from=yesterday", 400, "text/plain", "\"yesterday\"" },
		{ "GET", "/api/v1/profile?to=%00", 400, "text/plain", "NUL" },
		{ "GET", "/api/v1/profile?from=now&to=now-1h", 400, "text/plain", "from" },
		{ "GET", "/api/v1/profile?format=docx", 400, "text/plain", "pprof" },
		{ "GET", "/api/v1/profile?type=heap", 400, "text/plain", "\"heap\"" },
		{ "GET", "/api/v1/labels/shoe-size/values", 404, "text/plain", "label" },
		{ "POST", "/querier.v1.QuerierService/ProfileTypes", 415, "text/plain",
		  "application/proto" },
		{ "GET", "/querier.v1.QuerierService/ProfileTypes", 405, "text/plain", "POST" },
		{ "GET", "/no/such/path", 404, "text/plain", "nothing" },
		{ "GET", "/..%2fetc", 404, "text/plain", "nothing" },
		{ "GET", "/%00", 400, "text/plain", "NUL" },
		{ "POST", "/metrics", 405, "text/plain", "GET, HEAD" },
		{ "DELETE", "/api/v1/profile", 405, "text/plain", "GET, HEAD" },
		{ "BREW", "/debug/pprof/symbol", 405, "text/plain", "POST" },
	};

	(void)state;
	check(examples, ARRAY_SIZE(examples));
}

static void ignores_parameters_that_it_does_not_know(void **state)
{
	static const struct example examples[] = {
		{ "GET", "/-/healthy?x=%zz&debug=1", 200, "text/plain", NULL },
		{ "GET", "/debug/pprof/profile?past=1&seconds=1&debug=0&x=", 200,
		  "application/octet-stream", NULL },
	};

	(void)state;
	check(examples, ARRAY_SIZE(examples));
}

static void assert_header(const struct reply *reply, const char *name, const char *value)
{
	const char *found = reply_header(reply, name);

	if (!found || strcmp(found, value))
		fail_msg("%s is %s, not %s", name, found ? found : "missing", value);
}

static void sends_its_headers_with_everything(void **state)
{
	static const char *const targets[] = { "/metrics", "/nothing/here", "/api/v1/profile",
					       "/debug/pprof/profile?seconds=x" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		struct reply reply = client_ask(fixture.port, "GET", targets[i]);

		assert_header(&reply, "X-Content-Type-Options", "nosniff");
		assert_header(&reply, "Referrer-Policy", "no-referrer");
		assert_header(&reply, "Cross-Origin-Resource-Policy", "same-origin");
		assert_header(&reply, "Content-Security-Policy",
			      "default-src 'self'; frame-ancestors 'none'");
		assert_header(&reply, "Cache-Control", "no-store");
		assert_null(reply_header(&reply, "Access-Control-Allow-Origin"));
		reply_fini(&reply);
	}
}

static void speaks_as_go_does(void **state)
{
	struct reply reply;

	(void)state;
	reply = client_ask(fixture.port, "GET", "/debug/pprof/profile?past=1");
	assert_header(&reply, "Content-Type", "application/octet-stream");
	assert_header(&reply, "Content-Disposition", "attachment; filename=\"profile\"");
	assert_null(reply_header(&reply, "X-Go-Pprof"));
	reply_fini(&reply);
	reply = client_ask(fixture.port, "GET", "/debug/pprof/profile?seconds=x");
	assert_header(&reply, "X-Go-Pprof", "1");
	reply_fini(&reply);
	reply = client_ask(fixture.port, "GET", "/api/v1/profile?from=x");
	assert_null(reply_header(&reply, "X-Go-Pprof"));
	reply_fini(&reply);
}

static void lets_an_svg_have_its_script_and_no_more(void **state)
{
	struct reply reply = client_ask(fixture.port, "GET", "/api/v1/profile?format=svg");
	const char *policy = reply_header(&reply, "Content-Security-Policy");

	(void)state;
	assert_non_null(policy);
	assert_non_null(strstr(policy, "default-src 'none'"));
	assert_non_null(strstr(policy, "frame-ancestors 'none'"));
	assert_non_null(strstr(policy, "sandbox"));
	reply_fini(&reply);
}

static void names_the_methods_that_it_has(void **state)
{
	struct reply reply = client_ask(fixture.port, "PUT", "/debug/pprof/symbol");

	(void)state;
	assert_int_equal(reply.code, 405);
	assert_header(&reply, "Allow", "GET, HEAD, POST");
	reply_fini(&reply);
}

static void answers_head_without_a_body(void **state)
{
	static const char *const targets[] = { "/-/healthy", "/metrics", "/api/v1/profile",
					       "/nothing/here" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		struct reply reply = client_ask(fixture.port, "HEAD", targets[i]);

		assert_int_equal(reply.code, i == 3 ? 404 : 200);
		assert_true(strtoul(reply_header(&reply, "Content-Length"), NULL, 10) > 0);
		reply_fini(&reply);
	}
}

static int code_for_host(const char *host_lines)
{
	char request[1024];
	int fd = client_connect(fixture.port), code;
	struct reply reply;

	snprintf(request, sizeof(request), "GET /-/healthy HTTP/1.1\r\n%s\r\n", host_lines);
	client_send(fd, request);
	reply = client_receive(fd, true);
	code = reply.code;
	if (code == 403)
		assert_non_null(strstr(reply.body, "--allow-host"));
	reply_fini(&reply);
	close(fd);
	return code;
}

static void answers_only_to_its_own_names(void **state)
{
	(void)state;
	assert_int_equal(code_for_host("Host: localhost\r\n"), 200);
	assert_int_equal(code_for_host("Host: 127.0.0.1:99\r\n"), 200);
	assert_int_equal(code_for_host("Host: node1.example:7272\r\n"), 200);
	assert_int_equal(code_for_host("Host: evil.example\r\n"), 403);
	assert_int_equal(code_for_host("Host: 10.0.0.1\r\n"), 403);
	assert_int_equal(code_for_host("Host: \r\n"), 403);
	assert_int_equal(code_for_host("Host: localhost\r\nHost: evil.example\r\n"), 400);
	assert_int_equal(code_for_host(""), 400);
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
		{ "answers every route", answers_every_route },
		{ "selects by labels", selects_by_labels },
		{ "says what is wrong", says_what_is_wrong },
		{ "ignores parameters that it does not know",
		  ignores_parameters_that_it_does_not_know },
		{ "sends its headers with everything", sends_its_headers_with_everything },
		{ "speaks as Go does", speaks_as_go_does },
		{ "lets an SVG have its script and no more",
		  lets_an_svg_have_its_script_and_no_more },
		{ "names the methods that it has", names_the_methods_that_it_has },
		{ "answers HEAD without a body", answers_head_without_a_body },
		{ "answers only to its own names", answers_only_to_its_own_names },
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
