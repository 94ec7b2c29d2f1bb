/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/daemon/listen_address.h"

static struct listen_address parse(const char *text)
{
	struct listen_address address = { 0 };

	assert_int_equal(listen_address_parse(text, &address), 0);
	return address;
}

static void reads_addresses_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		int family;
	} cases[] = {
		{ "127.0.0.1:7272", AF_INET }, { "0.0.0.0:0", AF_INET },
		{ "[::1]:7272", AF_INET6 },    { "[::]:65535", AF_INET6 },
		{ "localhost:7272", AF_INET }, { ":7272", AF_INET6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(parse(cases[i].text).address.ss_family, cases[i].family);
}

static void refuses_what_is_no_address(void **state)
{
	static const char *const texts[] = {
		"",          "7272",         "127.0.0.1",      "127.0.0.1:",
		":",         ":x",           ":65536",         "127.0.0.1:-1",
		"::1:7272",  "[::1]",        "[127.0.0.1]:1",  "[::1:7272",
		"1.2.3:+80", "1.2.3.4.5:80", "example.org:80", "127.0.0.1:7272 ",
		"[]:7272",   ":7272:7272",   "256.0.0.1:7272", "unix:/run/x:0",
	};
	struct listen_address address;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(listen_address_parse(texts[i], &address), -EINVAL);
}

static void says_which_port_it_got(void **state)
{
	const struct listen_address address = parse("127.0.0.1:0");
	_cleanup_(closep) int fd = -1;
	char text[LISTEN_ADDRESS_TEXT_BYTES];

	(void)state;
	assert_int_equal(listen_address_open(&address, &fd), 0);
	assert_int_equal(listen_address_text(fd, text), 0);
	assert_int_equal(strncmp(text, "127.0.0.1:", 10), 0);
	assert_string_not_equal(text, "127.0.0.1:0");
}

static void shows_a_loopback_address_for_every_address(void **state)
{
	const struct listen_address address = parse(":0");
	_cleanup_(closep) int fd = -1;
	char text[LISTEN_ADDRESS_TEXT_BYTES];

	(void)state;
	assert_int_equal(listen_address_open(&address, &fd), 0);
	assert_int_equal(listen_address_text(fd, text), 0);
	assert_int_equal(strncmp(text, "127.0.0.1:", 10), 0);
}

static void refuses_a_port_that_is_taken(void **state)
{
	const struct listen_address any = parse("127.0.0.1:0");
	_cleanup_(closep) int first_fd = -1;
	char text[LISTEN_ADDRESS_TEXT_BYTES];
	struct listen_address taken;
	int second_fd = -1;

	(void)state;
	assert_int_equal(listen_address_open(&any, &first_fd), 0);
	assert_int_equal(listen_address_text(first_fd, text), 0);
	taken = parse(text);
	assert_int_equal(listen_address_open(&taken, &second_fd), -EADDRINUSE);
	assert_int_equal(second_fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_addresses_as_people_write_them),
		cmocka_unit_test(refuses_what_is_no_address),
		cmocka_unit_test(says_which_port_it_got),
		cmocka_unit_test(shows_a_loopback_address_for_every_address),
		cmocka_unit_test(refuses_a_port_that_is_taken),
	};

	return cmocka_run_group_tests_name("listen_address", tests, NULL, NULL);
}
