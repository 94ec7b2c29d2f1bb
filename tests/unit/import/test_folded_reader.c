/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "import/folded_reader.h"
#include "profiler/base/cleanup.h"
#include "profiler/frame.h"
#include "profiler/profile.h"
#include "reading.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static void what_we_wrote_comes_out_the_same(void **state)
{
	static const char text[] = "[unknown];asm_exc_page_fault_[k] 1\n"
				   "api 1\n"
				   "api;main;[anonymous]+0x7e00_[j] 5\n"
				   "api;main;[truncated: register] 2\n"
				   "api;main;serve;parse<int>_[i];take_[i];memcpy 15\n"
				   "evil\\x3b\\x0a;a\\x5cx41 3\n";

	(void)state;
	assert_folded(folded_read, text, text);
}

static void inlined_functions_are_at_the_place_of_their_caller(void **state)
{
	_cleanup_(profile_freep) struct profile *profile =
		reading_of(folded_read, "api;main;take_[i];give_[i];copy_[k] 1\n");

	(void)state;
	assert_int_equal(profile->n_locations, 2);
	assert_int_equal(profile->locations[0].n_lines, 3);
	assert_int_equal(profile->locations[1].kind, FRAME_KERNEL);
}

static void lines_of_scripts_are_taken_as_they_come(void **state)
{
	(void)state;
	assert_folded(folded_read, "# made by hand\n\nb;x 2\r\na;f (int, char) 1\nb;x 3",
		      "a;f (int, char) 1\nb;x 5\n");
}

static void says_which_line_cannot_be_read(void **state)
{
	(void)state;
	assert_complaint(folded_read, "a;b 1\na;b\n",
			 "line 2: there is no count behind a last space");
	assert_complaint(folded_read, "a;b 1.5\n", "line 1: there is no count behind a last space");
	assert_complaint(folded_read, "a 99999999999999999999\n",
			 "line 1: there is no count behind a last space");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_we_wrote_comes_out_the_same),
		cmocka_unit_test(inlined_functions_are_at_the_place_of_their_caller),
		cmocka_unit_test(lines_of_scripts_are_taken_as_they_come),
		cmocka_unit_test(says_which_line_cannot_be_read),
	};

	return cmocka_run_group_tests_name("folded_reader", tests, NULL, NULL);
}
