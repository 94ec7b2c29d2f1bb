/* SPDX-License-Identifier: Apache-2.0 */
#include "export/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/label.h"
#include "profiler/profile.h"
#include "profiler/profile_words.h"

/* A thread, and a label set that is its own. */
struct claim {
	struct timeline_thread thread;
	uint32_t label_set;
};

/* Without times: each sample is a moment of its own. */
static int make_moments(struct timeline *timeline)
{
	const struct profile *profile = timeline->profile;
	struct profile_moment *moments = calloc(profile->n_samples + 1, sizeof(*moments));

	if (!moments)
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_samples; i++) {
		const struct profile_sample *sample = &profile->samples[i];

		if (!sample->count && !sample->value)
			continue;
		moments[timeline->n_moments++] = (struct profile_moment){
			.time_unix_ns = profile->start_unix_ns,
			.count = sample->count,
			.value = sample->value,
			.stack = sample->stack,
			.label_set = sample->label_set,
		};
	}
	timeline->owned_moments = moments;
	timeline->moments = moments;
	return 0;
}

static int find_moments(struct timeline *timeline)
{
	const struct profile *profile = timeline->profile;

	timeline->has_times = profile->n_moments > 0;
	timeline->start_unix_ns = profile->start_unix_ns;
	if (!timeline->has_times)
		return make_moments(timeline);
	timeline->moments = profile->moments;
	timeline->n_moments = profile->n_moments;
	for (size_t i = 0; i < profile->n_moments; i++) {
		if (profile->moments[i].is_coarse)
			timeline->n_coarse += profile->moments[i].count;
	}
	if (profile->start_unix_ns <= 0 ||
	    profile->start_unix_ns > profile->moments[0].time_unix_ns)
		timeline->start_unix_ns = profile->moments[0].time_unix_ns;
	return 0;
}

static int thread_compare(const struct timeline_thread *a, const struct timeline_thread *b)
{
	int order = strcmp(a->comm, b->comm);

	order = order ? order : strcmp(a->pid, b->pid);
	order = order ? order : strcmp(a->tid, b->tid);
	return order ? order : strcmp(a->name, b->name);
}

static int claim_compare(const void *left, const void *right)
{
	const struct claim *a = left, *b = right;

	return thread_compare(&a->thread, &b->thread);
}

static void make_claims(const struct timeline *timeline, struct claim *claims)
{
	const struct profile *profile = timeline->profile;

	for (uint32_t i = 0; i < profile->n_label_sets; i++) {
		claims[i] = (struct claim){
			.thread.comm = profile_comm(profile, i),
			.thread.name = profile_label_text(profile, i, LABEL_THREAD),
			.thread.pid = profile_label_text(profile, i, LABEL_PID),
			.thread.tid = profile_label_text(profile, i, LABEL_TID),
			.label_set = i,
		};
	}
	for (size_t i = 0; i < timeline->n_moments; i++) {
		const struct profile_moment *moment = &timeline->moments[i];

		claims[moment->label_set].thread.value += moment->value;
		claims[moment->label_set].thread.n_moments++;
	}
	qsort(claims, profile->n_label_sets, sizeof(*claims), claim_compare);
}

static int value_compare(const void *left, const void *right)
{
	const struct claim *a = left, *b = right;

	if (a->thread.value != b->thread.value)
		return a->thread.value < b->thread.value ? 1 : -1;
	return thread_compare(&a->thread, &b->thread);
}

/* Label sets of one thread become one claim; @heads[label set] is where it is. */
static size_t merge_claims(struct claim *claims, size_t n_claims, uint32_t *heads)
{
	size_t n_threads = 0;

	for (size_t i = 0; i < n_claims; i++) {
		struct claim *claim = &claims[i];
		struct claim *head = n_threads ? &claims[n_threads - 1] : NULL;

		if (head && !thread_compare(&head->thread, &claim->thread)) {
			head->thread.value += claim->thread.value;
			head->thread.n_moments += claim->thread.n_moments;
			heads[claim->label_set] = head->label_set;
		} else {
			heads[claim->label_set] = claim->label_set;
			claims[n_threads++] = *claim;
		}
	}
	return n_threads;
}

static int find_threads(struct timeline *timeline)
{
	size_t n_sets = timeline->profile->n_label_sets;
	_cleanup_(freep) struct claim *claims = calloc(n_sets + 1, sizeof(*claims));
	_cleanup_(freep) uint32_t *heads = calloc(n_sets + 1, sizeof(*heads));
	size_t first = 0;

	timeline->threads = calloc(n_sets + 1, sizeof(*timeline->threads));
	timeline->thread_of = calloc(n_sets + 1, sizeof(*timeline->thread_of));
	if (!claims || !heads || !timeline->threads || !timeline->thread_of)
		return -ENOMEM;
	make_claims(timeline, claims);
	timeline->n_threads = merge_claims(claims, n_sets, heads);
	qsort(claims, timeline->n_threads, sizeof(*claims), value_compare);
	for (size_t i = 0; i < timeline->n_threads; i++) {
		timeline->threads[i] = claims[i].thread;
		timeline->threads[i].first = first;
		timeline->thread_of[claims[i].label_set] = (uint32_t)i;
		first += claims[i].thread.n_moments;
	}
	for (size_t i = 0; i < n_sets; i++)
		timeline->thread_of[i] = timeline->thread_of[heads[i]];
	return 0;
}

static int find_order(struct timeline *timeline)
{
	_cleanup_(freep) size_t *ends = calloc(timeline->n_threads + 1, sizeof(*ends));

	timeline->order = calloc(timeline->n_moments + 1, sizeof(*timeline->order));
	if (!ends || !timeline->order)
		return -ENOMEM;
	for (size_t i = 0; i < timeline->n_threads; i++)
		ends[i] = timeline->threads[i].first;
	for (size_t i = 0; i < timeline->n_moments; i++) {
		uint32_t thread = timeline->thread_of[timeline->moments[i].label_set];

		timeline->order[ends[thread]++] = (uint32_t)i;
	}
	return 0;
}

int timeline_init(const struct profile *profile, struct timeline *ret_timeline)
{
	_cleanup_(timeline_fini) struct timeline timeline = { .profile = profile };
	int r;

	r = find_moments(&timeline);
	if (r == 0)
		r = find_threads(&timeline);
	if (r == 0)
		r = find_order(&timeline);
	if (r < 0)
		return r;
	*ret_timeline = timeline;
	timeline = (struct timeline){ 0 };
	return 0;
}

void timeline_append_lacks(const struct timeline *timeline, const char *before, const char *after,
			   struct buffer *out)
{
	uint64_t n_untimed = timeline->profile->n_untimed;

	if (n_untimed)
		buffer_printf(out, "%swithout the last %" PRIu64 " samples%s", before, n_untimed,
			      after);
	if (timeline->n_coarse)
		buffer_printf(out, "%s%" PRIu64 " samples in the middle of their second%s", before,
			      timeline->n_coarse, after);
}

void timeline_fini(struct timeline *timeline)
{
	free(timeline->threads);
	free(timeline->thread_of);
	free(timeline->order);
	free(timeline->owned_moments);
	*timeline = (struct timeline){ 0 };
}
