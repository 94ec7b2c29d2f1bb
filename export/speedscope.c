/* SPDX-License-Identifier: Apache-2.0 */
#include "export/speedscope.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "export/text.h"
#include "export/timeline.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"
#include "profiler/profile_words.h"

#define UNKNOWN "[unknown]"

/* What lies before a bar: nothing for a while, if that is more than the ticks' jitter. */
static int64_t gap_before(const struct timeline *timeline, const struct profile_moment *moment,
			  int64_t end_ns)
{
	int64_t off_ns = moment->time_unix_ns - timeline->start_unix_ns;
	int64_t gap_ns;

	if (!timeline->has_times || moment->value > INT64_MAX ||
	    __builtin_sub_overflow(off_ns - end_ns, (int64_t)moment->value, &gap_ns))
		return 0;
	return gap_ns > timeline->profile->period_ns / 2 ? gap_ns : 0;
}

/* A stack without frames would be an idle thread. */
static void append_stack(const struct profile *profile, uint32_t stack_i, struct buffer *out)
{
	const struct profile_stack *stack = &profile->stacks[stack_i];
	const char *separator = "";

	if (!stack->n_frames) {
		buffer_printf(out, "[%zu]", profile->n_functions);
		return;
	}
	buffer_append_char(out, '[');
	for (uint32_t k = stack->n_frames; k--;) {
		const struct profile_location *location =
			&profile->locations[profile->frames[stack->first_frame + k]];

		for (uint32_t i = location->n_lines; i--;) {
			buffer_printf(out, "%s%" PRIu32, separator,
				      profile->lines[location->first_line + i].function);
			separator = ",";
		}
	}
	buffer_append_char(out, ']');
}

/* Append the bars of a thread to @stacks and @weights. Returns where the last one ends. */
static int64_t append_bars(const struct timeline *timeline, const struct timeline_thread *thread,
			   struct buffer *stacks, struct buffer *weights)
{
	int64_t end_ns = 0;

	for (size_t i = 0; i < thread->n_moments && !buffer_error(stacks); i++) {
		const struct profile_moment *moment =
			&timeline->moments[timeline->order[thread->first + i]];
		int64_t gap_ns = gap_before(timeline, moment, end_ns);

		if (i)
			buffer_append_char(stacks, ',');
		if (gap_ns)
			buffer_append_string(stacks, "[],");
		append_stack(timeline->profile, moment->stack, stacks);
		if (i)
			buffer_append_char(weights, ',');
		if (gap_ns)
			buffer_printf(weights, "%" PRId64 ",", gap_ns);
		buffer_printf(weights, "%" PRIu64, moment->value);
		if (__builtin_add_overflow(end_ns + gap_ns, moment->value, &end_ns))
			end_ns = INT64_MAX;
	}
	return end_ns;
}

/* "api 4711, thread worker 4712", as far as that is known. */
static void append_thread_name(const struct timeline_thread *thread, struct buffer *out)
{
	text_append_json(out, *thread->comm ? thread->comm : UNKNOWN);
	if (*thread->pid)
		buffer_append_char(out, ' ');
	text_append_json(out, thread->pid);
	if (*thread->name || *thread->tid)
		buffer_append_string(out, ", thread");
	if (*thread->name)
		buffer_append_char(out, ' ');
	text_append_json(out, thread->name);
	if (*thread->tid)
		buffer_append_char(out, ' ');
	text_append_json(out, thread->tid);
}

/* Of those that the format knows. */
static const char *unit_of(const struct profile *profile)
{
	const char *unit = profile_value_unit(profile);

	return !strcmp(unit, "nanoseconds") || !strcmp(unit, "bytes") ? unit : "none";
}

static int append_thread(const struct timeline *timeline, const struct timeline_thread *thread,
			 struct buffer *out)
{
	_cleanup_(buffer_fini) struct buffer weights = { .limit = out->limit };
	int64_t end_ns;

	buffer_printf(out, "{\"type\":\"sampled\",\"unit\":\"%s\",\"name\":\"",
		      unit_of(timeline->profile));
	append_thread_name(thread, out);
	buffer_append_string(out, "\",\"samples\":[");
	end_ns = append_bars(timeline, thread, out, &weights);
	buffer_append_string(out, "],\n\"weights\":[");
	if (buffer_error(&weights))
		return buffer_error(&weights);
	if (weights.size)
		buffer_append(out, weights.data, weights.size);
	buffer_printf(out, "],\"startValue\":0,\"endValue\":%" PRId64 "}", end_ns);
	return buffer_error(out);
}

static int append_threads(const struct timeline *timeline, struct buffer *out)
{
	int r = 0;

	for (size_t i = 0; i < timeline->n_threads && r == 0; i++) {
		if (!timeline->threads[i].n_moments)
			continue;
		buffer_append_string(out, i ? ",\n" : "\n");
		r = append_thread(timeline, &timeline->threads[i], out);
	}
	return r;
}

/* The profile's functions are the frames, by the same numbers; one more stands for no stack. */
static void append_frames(const struct profile *profile, struct buffer *out)
{
	for (size_t i = 0; i < profile->n_functions && !buffer_error(out); i++) {
		const struct profile_function *function = &profile->functions[i];

		buffer_append_string(out, "\n{\"name\":\"");
		text_append_json(out, string_table_get(profile->strings, function->name));
		if (function->filename) {
			buffer_append_string(out, "\",\"file\":\"");
			text_append_json(out,
					 string_table_get(profile->strings, function->filename));
		}
		buffer_append_char(out, '"');
		if (function->start_line)
			buffer_printf(out, ",\"line\":%" PRIu32, function->start_line);
		buffer_append_string(out, "},");
	}
	buffer_append_string(out, "\n{\"name\":\"" UNKNOWN "\"}");
}

int speedscope_encode(const struct profile *profile, struct buffer *out)
{
	_cleanup_(timeline_fini) struct timeline timeline = { 0 };
	int r;

	r = timeline_init(profile, &timeline);
	if (r < 0)
		return r;
	buffer_append_string(out,
			     "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
			     "\"exporter\":\"pilotlight\",\"name\":\"CPU profile");
	timeline_append_lacks(&timeline, ", ", "", out);
	buffer_append_string(out, "\",\"activeProfileIndex\":0,\n\"profiles\":[");
	r = append_threads(&timeline, out);
	if (r < 0)
		return r;
	buffer_append_string(out, "],\n\"shared\":{\"frames\":[");
	append_frames(profile, out);
	buffer_append_string(out, "]}}\n");
	return buffer_error(out);
}
