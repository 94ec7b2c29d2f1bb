/* SPDX-License-Identifier: Apache-2.0 */
#include "web/function_meter.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/string_table.h"
#include "profiler/function_counts.h"
#include "profiler/label.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "profiler/query_budget.h"
#include "profiler/selector.h"
#include "web/work_queue.h"

#define READ_CPU_NS (2LL * 1000 * 1000 * 1000)
#define READ_BYTES  (64UL << 20)

DEFINE_CLEANUP(struct function_meter *, function_meter_free)

struct function_meter {
	struct work work; /* of the thread, while it is busy, with what is next to it */
	struct query query;
	struct profile *profile; /* NULL: it could not be read */
	struct store *store;
	struct selector *selector;
	struct work_queue *queue;
	bool is_busy;
	int64_t next_ns; /* when to read again */
	struct function_counts counts;
	uint64_t n_readings;
	uint64_t n_failed;
};

/* As the grammar of selectors has it: a string in quotes. */
static void append_quoted(struct buffer *out, const char *text)
{
	buffer_append_char(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buffer_append_char(out, '\\');
		buffer_append_char(out, *text);
	}
	buffer_append_char(out, '"');
}

int function_meter_select(const char *regex, struct selector **ret_selector, char *ret_error,
			  size_t error_bytes)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	buffer_append_string(&text, "{" LABEL_SERVICE "=~");
	append_quoted(&text, regex);
	buffer_append(&text, "}", sizeof("}"));
	if (buffer_error(&text))
		return buffer_error(&text);
	return selector_parse(text.data, ret_selector, ret_error, error_bytes);
}

/* On the meter's own thread. */
static void read_profile(struct work *work)
{
	struct function_meter *meter = (struct function_meter *)work;
	struct query_budget budget;

	query_budget_init(&budget, READ_CPU_NS, READ_BYTES);
	meter->query.budget = &budget;
	if (query_run_leaves(meter->store, &meter->query, &meter->profile) < 0)
		meter->profile = NULL;
}

int function_meter_new(struct store *store, const char *regex, uint32_t n_of_service,
		       struct function_meter **ret_meter)
{
	_cleanup_(function_meter_freep) struct function_meter *meter = calloc(1, sizeof(*meter));
	char error[256];
	int r;

	if (!meter)
		return -ENOMEM;
	meter->store = store;
	meter->work.run = read_profile;
	meter->counts.n_of_service = n_of_service;
	meter->query.end_unix_ns = clock_unix_ns() - METER_LAG_NS;
	r = function_meter_select(regex, &meter->selector, error, sizeof(error));
	if (r < 0)
		return r;
	meter->query.selector = meter->selector;
	r = work_queue_new(1, &meter->queue);
	if (r < 0)
		return r;
	*ret_meter = steal(meter);
	return 0;
}

struct function_meter *function_meter_free(struct function_meter *meter)
{
	if (!meter)
		return NULL;
	work_queue_free(meter->queue);
	profile_free(meter->profile);
	selector_free(meter->selector);
	function_counts_fini(&meter->counts);
	free(meter);
	return NULL;
}

/* The function that @sample was taken in. */
static const char *leaf_of(const struct profile *profile, const struct profile_sample *sample)
{
	const struct profile_stack *stack = &profile->stacks[sample->stack];
	const struct profile_location *location;

	if (!stack->n_frames)
		return NULL;
	location = &profile->locations[profile->frames[stack->first_frame]];
	return string_table_get(
		profile->strings,
		profile->functions[profile->lines[location->first_line].function].name);
}

static int count_profile(struct function_meter *meter, int64_t now_ns)
{
	const struct profile *profile = meter->profile;
	_cleanup_(freep) struct function_sum *sums = calloc(profile->n_samples + 1, sizeof(*sums));
	size_t n_sums = 0;

	if (!sums)
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_samples; i++) {
		const struct profile_sample *sample = &profile->samples[i];
		const char *leaf = leaf_of(profile, sample);

		if (!leaf)
			continue;
		sums[n_sums++] = (struct function_sum){
			.service = profile_label_text(profile, sample->label_set, LABEL_SERVICE),
			.function = leaf,
			.cpu_ns = sample->value,
		};
	}
	return function_counts_add(&meter->counts, sums, n_sums, now_ns);
}

static void take(struct function_meter *meter, int64_t now_ns)
{
	if (!work_queue_take_done(meter->queue))
		return;
	meter->is_busy = false;
	meter->n_readings++;
	if (!meter->profile || count_profile(meter, now_ns) < 0)
		meter->n_failed++;
	meter->profile = profile_free(meter->profile);
}

/* From where the last reading ended, unless the clock was put back. */
static void begin(struct function_meter *meter)
{
	int64_t end_unix_ns = clock_unix_ns() - METER_LAG_NS;

	meter->query.start_unix_ns = meter->query.end_unix_ns;
	meter->query.end_unix_ns = end_unix_ns;
	if (meter->query.start_unix_ns >= end_unix_ns)
		return;
	meter->is_busy = true;
	work_queue_add(meter->queue, &meter->work);
}

void function_meter_advance(struct function_meter *meter, int64_t now_ns)
{
	if (meter->is_busy)
		take(meter, now_ns);
	if (meter->is_busy || now_ns < meter->next_ns)
		return;
	meter->next_ns = now_ns + METER_INTERVAL_NS;
	begin(meter);
}

const struct function_counts *function_meter_counts(const struct function_meter *meter)
{
	return &meter->counts;
}

uint64_t function_meter_reading_count(const struct function_meter *meter)
{
	return meter->n_readings;
}

uint64_t function_meter_failed_count(const struct function_meter *meter)
{
	return meter->n_failed;
}
