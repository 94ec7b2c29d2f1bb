/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a query costs, on a host that is made up but not gentle: 60 processes, 3000 stacks of 10 to
 * 50 frames with shared roots, drawn by Zipf's law, over 20000 places in all libraries that this
 * program has loaded, at 2 × 99 Hz for ten minutes, in four dictionaries.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/label.h"
#include "profiler/heatmap.h"
#include "profiler/pattern.h"
#include "profiler/profile.h"
#include "profiler/profile_filter.h"
#include "profiler/profile_top.h"
#include "profiler/query.h"
#include "profiler/series_set.h"
#include "profiler/store.h"
#include "unwind/debug_files.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_file.h"
#include "unwind/symbol_file_build.h"

enum {
	N_PROCESSES = 60,
	N_STACKS = 3000,
	MOST_FRAMES = 50,
	N_CPUS = 2,
	FREQUENCY_HZ = 99,
	N_SECONDS = 600,
	DICTIONARY_SECONDS = 150,
	N_PLACES = 20000,
	MOST_FILES = 32,
	N_WORKERS = 2,
	N_REQUESTS = 200,
};

#define START_NS  (1700000000LL * NS_PER_SECOND)
#define PERIOD_NS (NS_PER_SECOND / FREQUENCY_HZ)

DEFINE_CLEANUP(struct elf_file *, elf_file_free)

struct host {
	struct store *store;
	char paths[MOST_FILES][256];
	struct elf_description descriptions[MOST_FILES];
	uint32_t n_files;
	struct frame places[N_PLACES];
	struct frame stacks[N_STACKS][MOST_FRAMES];
	uint32_t n_frames[N_STACKS];
	double share[N_STACKS]; /* of samples that hit this stack or one before it */
	uint64_t random;
};

static void must(int r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "bench_query: %s: %s\n", what, strerror(-r));
	exit(1);
}

/* xorshift64: the same host in each run. */
static uint32_t draw(struct host *host, uint32_t below)
{
	host->random ^= host->random << 13;
	host->random ^= host->random >> 7;
	host->random ^= host->random << 17;
	return (uint32_t)((host->random >> 20) % below);
}

static int on_object(struct dl_phdr_info *info, size_t size, void *context)
{
	struct host *host = context;
	const char *path = info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe";
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_(elf_file_freep) struct elf_file *file = NULL;

	(void)size;
	if (fd < 0 || host->n_files == MOST_FILES || elf_file_open(fd, &file) < 0)
		return 0;
	host->descriptions[host->n_files] = *elf_file_describe(file);
	snprintf(host->paths[host->n_files++], sizeof(host->paths[0]), "%s", path);
	return 0;
}

static struct symbol_file *build_symbols(const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_(closep) int symbol_fd = memfd_create("symbols", MFD_CLOEXEC);
	_cleanup_(elf_file_freep) struct elf_file *file = NULL;
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct symbol_build_report report;
	struct symbol_file *symbols;

	must(elf_file_open(fd, &file), path);
	if (symbol_file_build(&(struct debug_files){ .binary = file }, SYMBOL_LINES, &bytes,
			      &report) < 0)
		must(symbol_file_build(&(struct debug_files){ .binary = file }, SYMBOL_FUNCTIONS,
				       &bytes, &report),
		     path);
	must(file_write_fd(symbol_fd, bytes.data, bytes.size), "memfd");
	must(symbol_file_map(symbol_fd, &symbols), path);
	return symbols;
}

static void name_files(struct host *host)
{
	for (uint32_t i = 0; i < host->n_files; i++) {
		must(store_describe_file(host->store, i + 1, &host->descriptions[i]), "describe");
		must(store_name_file(host->store, i + 1, NAMES_LINES,
				     build_symbols(host->paths[i])),
		     "name");
	}
}

static struct frame draw_place(struct host *host)
{
	uint32_t file = draw(host, host->n_files);
	const struct elf_segment *segment = &host->descriptions[file].segments[0];

	return (struct frame){ .kind = FRAME_NATIVE,
			       .file = file + 1,
			       .place = segment->file_off +
					draw(host, (uint32_t)segment->size_bytes) };
}

/* Few places are in many stacks, and many in few. */
static struct frame draw_frame(struct host *host)
{
	double skewed = draw(host, 1 << 30) / (double)(1 << 30);

	return host->places[(uint32_t)(skewed * skewed * skewed * N_PLACES)];
}

/* Each stack branches off from an earlier one, somewhere. */
static void draw_stacks(struct host *host)
{
	double sum = 0;

	for (uint32_t i = 0; i < N_PLACES; i++)
		host->places[i] = draw_place(host);
	for (uint32_t i = 0; i < N_STACKS; i++) {
		uint32_t n_frames = 10 + draw(host, MOST_FRAMES - 10);
		uint32_t parent = i ? draw(host, i) : 0;
		uint32_t n_shared = i ? draw(host, host->n_frames[parent]) : 0;

		if (n_shared > n_frames)
			n_shared = n_frames - 1;
		host->n_frames[i] = n_frames;
		for (uint32_t k = 0; k < n_frames - n_shared; k++)
			host->stacks[i][k] = draw_frame(host);
		memcpy(&host->stacks[i][n_frames - n_shared],
		       &host->stacks[parent][host->n_frames[parent] - n_shared],
		       n_shared * sizeof(struct frame));
		sum += 1.0 / (i + 1);
		host->share[i] = sum;
	}
}

static void describe(struct host *host, uint32_t dictionary)
{
	char comm[16], path[64];

	must(store_begin_dictionary(host->store, dictionary), "dictionary");
	for (uint32_t i = 0; i < host->n_files; i++)
		must(store_add_file(host->store, i + 1, host->paths[i]), "file");
	for (uint32_t i = 1; i <= N_PROCESSES; i++) {
		const struct label labels[] = { { "cgroup", "/system.slice" },
						{ "comm", comm },
						{ "exe", path } };
		const struct store_process process = { i, 1000 + i, labels, 3 };

		snprintf(comm, sizeof(comm), "service-%u", i);
		snprintf(path, sizeof(path), "/usr/bin/service-%u", i);
		must(store_add_process(host->store, &process), "process");
		must(store_add_thread(host->store, i, i, 1000 + i, comm), "thread");
	}
	for (uint32_t i = 0; i < N_STACKS; i++)
		must(store_add_stack(host->store, i, host->stacks[i], host->n_frames[i]), "stack");
}

static uint32_t draw_stack(struct host *host)
{
	double at = draw(host, 1 << 30) / (double)(1 << 30) * host->share[N_STACKS - 1];
	uint32_t low = 0, high = N_STACKS - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (host->share[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void feed_second(struct host *host, int second)
{
	struct sample samples[N_CPUS * FREQUENCY_HZ];

	for (uint32_t i = 0; i < ARRAY_SIZE(samples); i++) {
		uint32_t stack = draw_stack(host);

		samples[i] = (struct sample){
			.time_unix_ns = START_NS + second * NS_PER_SECOND + i / N_CPUS * PERIOD_NS,
			.value = PERIOD_NS,
			.weight = 1,
			.thread = 1 + stack % N_PROCESSES,
			.stack = stack,
			.cpu = i % N_CPUS,
		};
	}
	if (store_add_samples(host->store, samples, ARRAY_SIZE(samples)) != ARRAY_SIZE(samples))
		must(-ENOMEM, "samples");
}

/* CPU time of this thread: figures should not depend on what else the machine does. */
static int64_t cpu_now(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static double cpu_ms_since(int64_t start_ns)
{
	return (double)(cpu_now() - start_ns) / NS_PER_MS;
}

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

static void print_row(const char *name, double value, const char *unit, const char *goal)
{
	static bool is_later;

	printf("%s\n  {\"name\": \"%s\", \"value\": %.3g, \"unit\": \"%s\", \"goal\": \"%s\"}",
	       is_later ? "," : "{\"rows\": [", name, value, unit, goal);
	is_later = true;
}

static double feed(struct host *host)
{
	int64_t start_ns;
	double ms = 0;

	for (int second = 0; second < N_SECONDS; second++) {
		if (second % DICTIONARY_SECONDS == 0)
			describe(host, 1 + (uint32_t)(second / DICTIONARY_SECONDS));
		if (second == 0)
			name_files(host);
		start_ns = cpu_now();
		feed_second(host, second);
		ms += cpu_ms_since(start_ns);
	}
	return ms * 1e6 / (N_SECONDS * N_CPUS * FREQUENCY_HZ);
}

int main(void)
{
	struct store_options options = { .memory_bytes = 256 << 20,
					 .retention_ns = N_SECONDS * NS_PER_SECOND,
					 .period_ns = PERIOD_NS };
	struct host *host = calloc(1, sizeof(*host));
	struct store_status status;
	int64_t start_ns;
	double ns_per_sample;

	if (!host)
		return 1;
	host->random = 88172645463325252ULL;
	must(store_new(&options, &host->store), "store");
	dl_iterate_phdr(on_object, host);
	draw_stacks(host);
	ns_per_sample = feed(host);
	store_get_status(host->store, &status);

	start_ns = cpu_now();
	query_last(host->store, 5);
	print_row("5 s, nothing cached", cpu_ms_since(start_ns), "ms of CPU", "");
	print_row("5 s", time_query(host->store, query_last, 5), "ms of CPU", "<= 3");
	start_ns = cpu_now();
	query_last(host->store, N_SECONDS);
	print_row("10 min, little cached", cpu_ms_since(start_ns), "ms of CPU", "");
	print_row("10 min", time_query(host->store, query_last, N_SECONDS), "ms of CPU", "<= 60");
	print_row("10 min, focused, and its top", time_query(host->store, focus_last, N_SECONDS),
		  "ms of CPU", "");
	print_row("timeline of 10 min by comm", time_query(host->store, timeline_last, N_SECONDS),
		  "ms of CPU", "");
	print_row("heat map of 10 min", time_query(host->store, heatmap_last, N_SECONDS),
		  "ms of CPU", "");
	print_row("200 requests of 5 s by 2 workers", time_requests(host->store), "ms", "");
	print_row("taking in a sample", ns_per_sample, "ns of CPU", "");
	print_row("memory of 10 min", (double)status.memory_bytes / (1 << 20), "MiB", "");
	printf("\n]}\n");
	store_free(host->store);
	free(host);
	return 0;
}
