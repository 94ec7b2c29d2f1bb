/* SPDX-License-Identifier: Apache-2.0 */
#include "reading.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/folded.h"
#include "import/complaint.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/profile.h"

DEFINE_CLEANUP(struct profile *, profile_free)

struct profile *reading_of(reading_fn *read, const char *text)
{
	struct complaint complaint = { "" };
	struct profile *profile = NULL;

	if (read(text, strlen(text), &profile, &complaint) < 0)
		fail_msg("it is refused: %s", complaint.text);
	return profile;
}

void assert_folded(reading_fn *read, const char *text, const char *folded)
{
	_cleanup_(profile_freep) struct profile *profile = reading_of(read, text);
	_cleanup_(buffer_fini) struct buffer out = { 0 };

	assert_int_equal(folded_encode(profile, &out), 0);
	buffer_append_char(&out, '\0');
	assert_string_equal(out.data, folded);
}

void assert_complaint(reading_fn *read, const char *text, const char *expected)
{
	struct complaint complaint = { "" };
	struct profile *profile = NULL;

	assert_int_equal(read(text, strlen(text), &profile, &complaint), -EBADMSG);
	assert_string_equal(complaint.text, expected);
}
