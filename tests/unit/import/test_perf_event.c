/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "import/perf_event.h"

static struct perf_event event_of(const char *line)
{
	struct perf_event event;

	assert_true(perf_event_parse(line, strlen(line), &event));
	return event;
}

static void assert_text(struct builder_text text, const char *expected)
{
	assert_int_equal(text.length, strlen(expected));
	assert_memory_equal(text.text, expected, text.length);
}

static bool is_event(const char *line)
{
	struct perf_event event;

	return perf_event_parse(line, strlen(line), &event);
}

static struct perf_frame frame_of(const char *line)
{
	struct perf_frame frame;

	assert_true(perf_frame_parse(line, strlen(line), &frame));
	return frame;
}

static bool is_frame(const char *line)
{
	struct perf_frame frame;

	return perf_frame_parse(line, strlen(line), &frame);
}

static void takes_an_event_apart(void **state)
{
	struct perf_event event = event_of(
		"tmux: server   812/815  [003]  1700000000.010203:   10101010 cpu-clock:ppp: ");

	(void)state;
	assert_text(event.comm, "tmux: server");
	assert_text(event.pid, "812");
	assert_text(event.tid, "815");
	assert_text(event.name, "cpu-clock:ppp");
	assert_int_equal(event.cpu, 3);
	assert_int_equal(event.time_ns, 1700000000010203000);
	assert_true(event.has_period);
	assert_int_equal(event.period, 10101010);
}

static void does_without_what_may_be_missing(void **state)
{
	struct perf_event event = event_of("swapper     0 12345.6: cycles: ");

	(void)state;
	assert_text(event.comm, "swapper");
	assert_text(event.pid, "0");
	assert_text(event.tid, "0");
	assert_text(event.name, "cycles");
	assert_int_equal(event.time_ns, 12345600000000);
	assert_false(event.has_period);
	assert_int_equal(event.period, 1);
	assert_true(is_event("         java 12/34 5.000000001: 7 probe:a: (ffff) x=1"));
}

static void tells_what_is_no_event(void **state)
{
	(void)state;
	assert_false(is_event(""));
	assert_false(is_event("a 5 12.5 1 cycles:"));
	assert_false(is_event("a b 12.5: 1 cycles:"));
	assert_false(is_event("12.5: 1 cycles:"));
	assert_false(is_event("a 5 12.5: "));
	assert_false(is_event("a 5 99999999999999999999.5: 1 cycles:"));
	assert_false(is_event("\t    55d0 a 5 12.5: 1 cycles: (/bin/a)"));
}

static void takes_a_frame_apart(void **state)
{
	struct perf_frame frame = frame_of("\t    55d0c0ffee std::f(int) (b)+0x1f (/usr/bin/api)");

	(void)state;
	assert_int_equal(frame.address, 0x55d0c0ffee);
	assert_text(frame.symbol, "std::f(int) (b)");
	assert_text(frame.path, "/usr/bin/api");
	assert_text(perf_frame_file(&frame), "api");
	assert_false(frame.is_inlined);
	assert_int_equal(frame.symbol_off, 0x1f);
	frame = frame_of("        ffffffff81000030 page_fault+0x30 ([kernel.kallsyms])");
	assert_text(frame.path, "[kernel.kallsyms]");
	frame = frame_of("\t 12 take (inlined)");
	assert_true(frame.is_inlined);
	assert_int_equal(frame.path.length, 0);
	assert_text(perf_frame_file(&frame), "[unknown]");
	frame = frame_of("\t 12 only_a_name");
	assert_text(frame.symbol, "only_a_name");
}

static void tells_what_is_no_frame(void **state)
{
	(void)state;
	assert_false(is_frame(""));
	assert_false(is_frame("\t"));
	assert_false(is_frame("\t zz a (b)"));
	assert_false(is_frame("\t 12345678901234567 a (b)"));
	assert_false(is_frame("\t 12"));
	assert_false(is_frame("12 a (b)"));
}

static void knows_the_events_of_clocks(void **state)
{
	(void)state;
	assert_true(perf_event_is_clock((struct builder_text){ "cpu-clock:u", 11 }));
	assert_true(perf_event_is_clock((struct builder_text){ "task-clock", 10 }));
	assert_false(perf_event_is_clock((struct builder_text){ "cycles", 6 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_an_event_apart),
		cmocka_unit_test(does_without_what_may_be_missing),
		cmocka_unit_test(tells_what_is_no_event),
		cmocka_unit_test(takes_a_frame_apart),
		cmocka_unit_test(tells_what_is_no_frame),
		cmocka_unit_test(knows_the_events_of_clocks),
	};

	return cmocka_run_group_tests_name("perf_event", tests, NULL, NULL);
}
