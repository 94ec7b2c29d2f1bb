/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a query costs, on a host that is made up but not gentle (made_up_host.h): 60 processes, 3000
 * stacks, at 2 × 99 Hz for ten minutes, in four dictionaries.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "profiler/base/clock.h"
#include "profiler/heatmap.h"
#include "profiler/pattern.h"
#include "profiler/profile.h"
#include "profiler/profile_filter.h"
#include "profiler/profile_top.h"
#include "profiler/query.h"
#include "profiler/series_set.h"
#include "profiler/store.h"
#include "tests/bench/made_up_host.h"

enum {
	N_PROCESSES = 60,
	N_STACKS = 3000,
	N_CPUS = 2,
	FREQUENCY_HZ = 99,
	N_SECONDS = 600,
	DICTIONARY_SECONDS = 150,
	N_WORKERS = 2,
	N_REQUESTS = 200,
};

#define START_NS  (1700000000LL * NS_PER_SECOND)
#define PERIOD_NS (NS_PER_SECOND / FREQUENCY_HZ)

static struct query last(int seconds)
{
	return (struct query){ START_NS + (N_SECONDS - seconds) * NS_PER_SECOND,
			       START_NS + N_SECONDS * NS_PER_SECOND, NULL };
}

static void query_last(struct store *store, int seconds)
{
	const struct query query = last(seconds);
	struct profile *profile;

	must(query_run(store, &query, &profile), "query");
	profile_free(profile);
}

/* As query_last(), but only what leads through functions with an "a", and the top of it. */
static void focus_last(struct store *store, int seconds)
{
	const struct query query = last(seconds);
	struct profile *profile, *focused;
	char error[PATTERN_ERROR_BYTES];
	struct profile_filter filter = { 0 };
	struct profile_top top;

	must(pattern_new_anywhere("a", &filter.focus, error), "pattern");
	must(query_run(store, &query, &profile), "query");
	must(profile_filter_apply(&filter, profile, NULL, &focused), "filter");
	must(profile_top_init(focused, TOP_BY_SELF, &top), "top");
	profile_top_fini(&top);
	profile_free(focused);
	profile_free(profile);
	pattern_free(filter.focus);
}

static void timeline_last(struct store *store, int seconds)
{
	static const char *const names[] = { "comm" };
	const struct query query = last(seconds);
	const struct series_options options = { names, 1, NS_PER_SECOND, 10 };
	struct series_set set;

	must(series_set_init(store, &query, &options, &set), "timeline");
	series_set_fini(&set);
}

static void heatmap_last(struct store *store, int seconds)
{
	const struct query query = last(seconds);
	const struct heatmap_options options = { N_SECONDS, 50 };
	struct heatmap heatmap;

	must(heatmap_init(store, &query, &options, &heatmap), "heat map");
	heatmap_fini(&heatmap);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of some runs, in ms of CPU time. */
static double time_query(struct store *store, void (*ask)(struct store *store, int seconds),
			 int seconds)
{
	double ms[31];

	for (size_t i = 0; i < ARRAY_SIZE(ms); i++) {
		int64_t start_ns = cpu_now();

		ask(store, seconds);
		ms[i] = cpu_ms_since(start_ns);
	}
	qsort(ms, ARRAY_SIZE(ms), sizeof(ms[0]), compare_doubles);
	return ms[ARRAY_SIZE(ms) / 2];
}

static void *worker_main(void *store)
{
	for (int i = 0; i < N_REQUESTS / N_WORKERS; i++)
		query_last(store, 5);
	return NULL;
}

/* All of N_REQUESTS, in ms of wall time. */
static double time_requests(struct store *store)
{
	int64_t start_ns = clock_monotonic_ns();
	pthread_t workers[N_WORKERS];

	for (int i = 0; i < N_WORKERS; i++)
		must(-pthread_create(&workers[i], NULL, worker_main, store), "thread");
	for (int i = 0; i < N_WORKERS; i++)
		pthread_join(workers[i], NULL);
	return (double)(clock_monotonic_ns() - start_ns) / NS_PER_MS;
}

static double feed(struct made_up_host *host)
{
	int64_t start_ns;
	double ms = 0;

	for (int second = 0; second < N_SECONDS; second++) {
		const struct made_up_second fed = { START_NS + second * NS_PER_SECOND, PERIOD_NS,
						    N_CPUS, FREQUENCY_HZ };

		if (second % DICTIONARY_SECONDS == 0)
			made_up_host_describe(host, 1 + (uint32_t)(second / DICTIONARY_SECONDS));
		start_ns = cpu_now();
		made_up_host_feed(host, &fed);
		ms += cpu_ms_since(start_ns);
	}
	return ms * 1e6 / (N_SECONDS * N_CPUS * FREQUENCY_HZ);
}

int main(void)
{
	struct store_options options = { .memory_bytes = 256 << 20,
					 .retention_ns = N_SECONDS * NS_PER_SECOND,
					 .period_ns = PERIOD_NS };
	struct made_up_host *host;
	struct store *store;
	struct store_status status;
	int64_t start_ns;
	double ns_per_sample;

	must(store_new(&options, &store), "store");
	host = made_up_host_new(store, N_PROCESSES, N_STACKS);
	ns_per_sample = feed(host);
	store_get_status(store, &status);

	start_ns = cpu_now();
	query_last(store, 5);
	figures_print("5 s, nothing cached", cpu_ms_since(start_ns), "ms of CPU", "");
	figures_print("5 s", time_query(store, query_last, 5), "ms of CPU", "<= 3");
	start_ns = cpu_now();
	query_last(store, N_SECONDS);
	figures_print("10 min, little cached", cpu_ms_since(start_ns), "ms of CPU", "");
	figures_print("10 min", time_query(store, query_last, N_SECONDS), "ms of CPU", "<= 60");
	figures_print("10 min, focused, and its top", time_query(store, focus_last, N_SECONDS),
		      "ms of CPU", "");
	figures_print("timeline of 10 min by comm", time_query(store, timeline_last, N_SECONDS),
		      "ms of CPU", "");
	figures_print("heat map of 10 min", time_query(store, heatmap_last, N_SECONDS), "ms of CPU",
		      "");
	figures_print("200 requests of 5 s by 2 workers", time_requests(store), "ms", "");
	figures_print("taking in a sample", ns_per_sample, "ns of CPU", "");
	figures_print("memory of 10 min", (double)status.memory_bytes / (1 << 20), "MiB", "");
	figures_print(NULL, 0, "", "");
	made_up_host_free(host);
	store_free(store);
	return 0;
}
