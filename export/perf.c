/* SPDX-License-Identifier: Apache-2.0 */
#include "export/perf.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "export/text.h"
#include "export/timeline.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"
#include "profiler/profile_words.h"

#define UNKNOWN "[unknown]"

static const char *text_of(const struct profile *profile, uint32_t string)
{
	const char *text = string_table_get(profile->strings, string);

	return *text ? text : UNKNOWN;
}

/* "libc.so.6+0x1234", which says no more than the address: readers would take it for a function of
 * that name, and perf has another word for it. */
static const char *symbol_of(const struct profile *profile, uint32_t name)
{
	const char *text = text_of(profile, name);
	const char *plus = strrchr(text, '+');

	if (plus && !strncmp(plus, "+0x", 3) &&
	    plus[3 + strspn(plus + 3, "0123456789abcdef")] == '\0')
		return UNKNOWN;
	return text;
}

static const char *number_or_zero(const char *text)
{
	return *text ? text : "0";
}

static const char *event_of(const struct profile *profile)
{
	bool is_time = !strcmp(profile_value_unit(profile), "nanoseconds");

	return is_time ? "cpu-clock" : profile_value_name(profile);
}

static void append_event_head(const struct timeline *timeline, const struct profile_moment *moment,
			      struct buffer *out)
{
	const struct timeline_thread *thread =
		&timeline->threads[timeline->thread_of[moment->label_set]];
	int64_t time_ns = moment->time_unix_ns > 0 ? moment->time_unix_ns : 0;

	text_append_line(out, *thread->comm ? thread->comm : UNKNOWN);
	buffer_append_string(out, "  ");
	text_append_line(out, number_or_zero(*thread->pid ? thread->pid : thread->tid));
	buffer_append_char(out, '/');
	text_append_line(out, number_or_zero(thread->tid));
	buffer_printf(out, "  [%03" PRIu32 "] %" PRId64 ".%09" PRId64, moment->cpu,
		      time_ns / (int64_t)NS_PER_SECOND, time_ns % (int64_t)NS_PER_SECOND);
	buffer_printf(out, ": %10" PRIu64 " ", moment->value / (moment->count ? moment->count : 1));
	text_append_word(out, event_of(timeline->profile));
	buffer_append_string(out, ": \n");
}

/* The functions at a location, innermost first. */
static void append_location(const struct profile *profile, const struct profile_location *location,
			    struct buffer *out)
{
	const struct profile_mapping *mapping = location->mapping == PROFILE_NO_MAPPING
							? NULL
							: &profile->mappings[location->mapping];

	for (uint32_t i = 0; i < location->n_lines; i++) {
		const struct profile_line *line = &profile->lines[location->first_line + i];

		buffer_printf(out, "\t%16" PRIx64 " ", location->address);
		text_append_line(out, symbol_of(profile, profile->functions[line->function].name));
		if (i + 1 == location->n_lines && location->function_off)
			buffer_printf(out, "+0x%" PRIx64, location->function_off);
		if (i + 1 < location->n_lines) {
			buffer_append_string(out, " (inlined)\n");
			continue;
		}
		buffer_append_string(out, " (");
		text_append_word(out, mapping ? text_of(profile, mapping->filename) : UNKNOWN);
		buffer_append_string(out, ")\n");
	}
}

static void append_event(const struct timeline *timeline, const struct profile_moment *moment,
			 struct buffer *out)
{
	const struct profile *profile = timeline->profile;
	const struct profile_stack *stack = &profile->stacks[moment->stack];

	append_event_head(timeline, moment, out);
	for (uint32_t i = 0; i < stack->n_frames; i++)
		append_location(profile,
				&profile->locations[profile->frames[stack->first_frame + i]], out);
	buffer_append_char(out, '\n');
}

int perf_encode(const struct profile *profile, struct buffer *out)
{
	_cleanup_(timeline_fini) struct timeline timeline = { 0 };
	int r;

	r = timeline_init(profile, &timeline);
	if (r < 0)
		return r;
	timeline_append_lacks(&timeline, "# ", "\n", out);
	for (size_t i = 0; i < timeline.n_moments; i++) {
		for (uint64_t k = 0; k < timeline.moments[i].count && !buffer_error(out); k++)
			append_event(&timeline, &timeline.moments[i], out);
	}
	return buffer_error(out);
}
