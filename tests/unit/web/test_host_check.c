/* SPDX-License-Identifier: Apache-2.0 */
#include "web/host_check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"

static const char *const allowed[] = { "node1.example", "10.9.9.9", NULL };

union end {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

static union end ipv4_end(const char *address)
{
	union end end = { .ipv4.sin_family = AF_INET };

	inet_pton(AF_INET, address, &end.ipv4.sin_addr);
	return end;
}

static union end ipv6_end(const char *address)
{
	union end end = { .ipv6.sin6_family = AF_INET6 };

	inet_pton(AF_INET6, address, &end.ipv6.sin6_addr);
	return end;
}

static void takes_what_is_ours(void **state)
{
	static const char *const hosts[] = {
		"localhost", "LOCALHOST:7272", "localhost.",         "127.0.0.1",
		"127.8.0.1", "127.0.0.1:7272", "[::1]:7272",         "[::1]",
		"10.1.2.3",  "10.1.2.3:80",    "node1.example:7272", "Node1.Example",
		"10.9.9.9",  "localhost:",     "[::ffff:10.1.2.3]",
	};
	union end local = ipv4_end("10.1.2.3");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		if (!host_is_ours(hosts[i], &local.any, allowed))
			fail_msg("\"%s\" is refused", hosts[i]);
	}
}

static void refuses_what_may_be_anybodys(void **state)
{
	static const char *const hosts[] = {
		"",
		"evil.example",
		"localhost.evil.example",
		"127.0.0.1.evil.example",
		"10.1.2.4",
		"node1.example.evil",
		"node2.example",
		"[::2]",
		"[::1",
		"::1",
		"localhost:80:80",
		"localhost:x",
		"127.1",
		"2130706433",
		"0x7f.0.0.1",
		"localhost:123456",
		"[::1]x",
		"0.0.0.0",
		"localhost..",
		".",
		" localhost",
		"user@localhost",
		"localhost/",
		"evil.example:localhost",
	};
	union end local = ipv4_end("10.1.2.3");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		if (host_is_ours(hosts[i], &local.any, allowed))
			fail_msg("\"%s\" is taken", hosts[i]);
	}
}

static void compares_addresses_of_both_families(void **state)
{
	union end local = ipv6_end("fd00::7");

	(void)state;
	assert_true(host_is_ours("[fd00::7]:7272", &local.any, NULL));
	assert_true(host_is_ours("[FD00:0::7]", &local.any, NULL));
	assert_false(host_is_ours("[fd00::8]", &local.any, NULL));
	local = ipv6_end("::ffff:192.0.2.1");
	assert_true(host_is_ours("192.0.2.1", &local.any, NULL));
	assert_false(host_is_ours("192.0.2.2", &local.any, NULL));
}

static void bounds_names(void **state)
{
	char host[2048];

	(void)state;
	memset(host, 'a', sizeof(host));
	host[sizeof(host) - 1] = '\0';
	assert_false(host_is_ours(host, NULL, allowed));
	assert_false(host_is_ours("10.1.2.3", NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "takes what is ours", takes_what_is_ours },
		{ "refuses what may be anybody's", refuses_what_may_be_anybodys },
		{ "compares addresses of both families", compares_addresses_of_both_families },
		{ "bounds names", bounds_names },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
