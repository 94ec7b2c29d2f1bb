/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/past_moments.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/history_moments.h"
#include "profiler/history_windows.h"
#include "profiler/past_sample.h"
#include "profiler/query_budget.h"
#include "profiler/window.h"

/* Moments of a range, as samples without a value. */
struct moments {
	const struct past_wish *wish;
	struct past_sample *samples;
	size_t n_samples;
	size_t capacity;
	size_t most;
};

static void moments_fini(struct moments *moments)
{
	free(moments->samples);
}

static int on_moment(void *context, int64_t unix_s, const struct window_moment *moment)
{
	struct moments *moments = context;
	int r = moments->n_samples < moments->most ? 0 : -ENOBUFS;

	if (r == 0)
		r = array_reserve((void **)&moments->samples, &moments->capacity,
				  moments->n_samples + 1, sizeof(*moments->samples));
	if (r < 0)
		return r;
	moments->samples[moments->n_samples++] = (struct past_sample){
		.unix_s = unix_s,
		.off_ns = moment->off_ns,
		.cpu = moment->cpu < WINDOW_NO_CPU ? (uint16_t)moment->cpu : WINDOW_NO_CPU - 1,
		.is_exact = true,
		.thread = moment->thread,
		.stack = moments->wish->detail == PAST_MOMENTS ? moment->stack : 0,
		.count = moment->count,
	};
	return 0;
}

/* Of which sum a sample is. */
static int sum_compare(const struct past_sample *a, const struct past_sample *b)
{
	if (a->unix_s != b->unix_s)
		return a->unix_s < b->unix_s ? -1 : 1;
	if (a->thread != b->thread)
		return a->thread < b->thread ? -1 : 1;
	return (a->stack > b->stack) - (a->stack < b->stack);
}

static int sample_compare(const void *left, const void *right)
{
	const struct past_sample *a = left, *b = right;
	int order = sum_compare(a, b);

	return order ? order : (a->off_ns > b->off_ns) - (a->off_ns < b->off_ns);
}

static void sort(struct past_sample *samples, size_t n_samples)
{
	if (n_samples)
		qsort(samples, n_samples, sizeof(*samples), sample_compare);
}

/* Take @moment out of @sum, with its share of the value. */
static void take(struct past_sample *sum, struct past_sample *moment)
{
	moment->value =
		moment->count == sum->count ? sum->value : sum->value / sum->count * moment->count;
	sum->count -= moment->count;
	sum->value -= moment->value;
}

/* Both are sorted; the result has room for all of both. Returns how many it has. */
static size_t join(struct past_sample *sums, size_t n_sums, const struct moments *moments,
		   struct past_sample *ret_samples)
{
	size_t n_samples = 0, moment_i = 0;

	for (size_t i = 0; i < n_sums; i++) {
		struct past_sample *sum = &sums[i];

		for (; moment_i < moments->n_samples; moment_i++) {
			struct past_sample *moment = &moments->samples[moment_i];
			int order = sum_compare(moment, sum);

			if (order > 0 || (order == 0 && !sum->count))
				break;
			if (order < 0 || moment->count > sum->count)
				continue;
			take(sum, moment);
			ret_samples[n_samples++] = *moment;
		}
		if (sum->count)
			ret_samples[n_samples++] = *sum;
	}
	return n_samples;
}

/* They are told twice for a while; and no query is to fail for their sake. */
static size_t most_moments(const struct query_budget *budget)
{
	return (budget ? budget->bytes : QUERY_BYTES) / 4 / sizeof(struct past_sample);
}

/* Leave out the oldest, which come last, that have no room beside @n_sums. */
static void make_room(struct moments *moments, size_t n_sums)
{
	const struct query_budget *budget = moments->wish->budget;
	size_t most = budget ? budget->bytes / 2 / sizeof(struct past_sample) : SIZE_MAX;
	size_t n_left = most > n_sums ? most - n_sums : 0;

	if (moments->n_samples > n_left)
		moments->n_samples = n_left;
}

int past_moments_split(struct database *database, const struct past_wish *wish,
		       struct past_sample **samples, size_t *n_samples, uint64_t *n_damaged)
{
	const struct history_range range = { .start_unix_s = wish->start_unix_s,
					     .end_unix_s = wish->end_unix_s };
	_cleanup_(moments_fini) struct moments moments = {
		.wish = wish,
		.most = most_moments(wish->budget),
	};
	struct past_sample *split;
	int r = history_moments_each(database, &range, on_moment, &moments, n_damaged);

	if (r < 0 && r != -ENOBUFS)
		return r;
	make_room(&moments, *n_samples);
	if (!moments.n_samples)
		return 0;
	split = calloc(*n_samples + moments.n_samples, sizeof(*split));
	if (!split)
		return -ENOMEM;
	for (size_t i = 0; wish->detail != PAST_MOMENTS && i < *n_samples; i++)
		(*samples)[i].stack = 0;
	sort(*samples, *n_samples);
	sort(moments.samples, moments.n_samples);
	*n_samples = join(*samples, *n_samples, &moments, split);
	free(*samples);
	*samples = split;
	return 0;
}
