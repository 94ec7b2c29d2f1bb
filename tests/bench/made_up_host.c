/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/made_up_host.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/binary_key.h"
#include "profiler/label.h"
#include "profiler/store.h"
#include "unwind/debug_files.h"
#include "unwind/symbol_file.h"
#include "unwind/symbol_file_build.h"

DEFINE_CLEANUP(struct elf_file *, elf_file_free)

void must(int r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(-r));
	exit(1);
}

/* xorshift64: the same host in each run. */
static uint32_t draw(struct made_up_host *host, uint32_t below)
{
	host->random ^= host->random << 13;
	host->random ^= host->random >> 7;
	host->random ^= host->random << 17;
	return (uint32_t)((host->random >> 20) % below);
}

static int on_object(struct dl_phdr_info *info, size_t size, void *context)
{
	struct made_up_host *host = context;
	const char *path = info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe";
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_(elf_file_freep) struct elf_file *file = NULL;

	(void)size;
	if (fd < 0 || host->n_files == HOST_MOST_FILES || elf_file_open(fd, &file) < 0)
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

static void name_files(struct made_up_host *host)
{
	for (uint32_t i = 0; i < host->n_files; i++) {
		const struct binary_key key = { .build_id = host->descriptions[i].build_id,
						.size_bytes = i + 1 };

		must(store_describe_file(host->store, i + 1, &host->descriptions[i]), "describe");
		must(store_set_file_key(host->store, i + 1, &key), "key");
		must(store_name_file(host->store, i + 1, NAMES_LINES,
				     build_symbols(host->paths[i])),
		     "name");
	}
}

static struct frame draw_place(struct made_up_host *host)
{
	uint32_t file = draw(host, host->n_files);
	const struct elf_segment *segment = &host->descriptions[file].segments[0];

	return (struct frame){ .kind = FRAME_NATIVE,
			       .file = file + 1,
			       .place = segment->file_off +
					draw(host, (uint32_t)segment->size_bytes) };
}

/* Few places are in many stacks, and many in few. */
static struct frame draw_frame(struct made_up_host *host)
{
	double skewed = draw(host, 1 << 30) / (double)(1 << 30);

	return host->places[(uint32_t)(skewed * skewed * skewed * HOST_N_PLACES)];
}

/* Each stack branches off from an earlier one, somewhere. */
static void draw_stacks(struct made_up_host *host)
{
	double sum = 0;

	for (uint32_t i = 0; i < HOST_N_PLACES; i++)
		host->places[i] = draw_place(host);
	for (uint32_t i = 0; i < host->n_stacks; i++) {
		uint32_t n_frames = 10 + draw(host, HOST_MOST_FRAMES - 10);
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

/* What runs in place @i, from 0 on; numbers are from 1 on, and never used again. */
static uint32_t process_at(const struct made_up_host *host, uint32_t i)
{
	uint32_t n_before = (host->n_restarted + host->n_processes - 1 - i) / host->n_processes;

	return n_before * host->n_processes + i + 1;
}

static void describe_process(struct made_up_host *host, uint32_t i)
{
	uint32_t number = process_at(host, i);
	char comm[32], path[64];
	const struct label labels[] = { { "cgroup", "/system.slice" },
					{ "comm", comm },
					{ "exe", path } };
	const struct store_process process = { number, 1000 + number, labels, 3 };

	snprintf(comm, sizeof(comm), "service-%u", i + 1);
	snprintf(path, sizeof(path), "/usr/bin/service-%u", i + 1);
	must(store_add_process(host->store, &process), "process");
	must(store_add_thread(host->store, number, number, 1000 + number, comm), "thread");
}

void made_up_host_describe(struct made_up_host *host, uint32_t dictionary)
{
	must(store_begin_dictionary(host->store, dictionary), "dictionary");
	for (uint32_t i = 0; i < host->n_files; i++)
		must(store_add_file(host->store, i + 1, host->paths[i]), "file");
	for (uint32_t i = 0; i < host->n_processes; i++)
		describe_process(host, i);
	for (uint32_t i = 0; i < host->n_stacks; i++)
		must(store_add_stack(host->store, i, host->stacks[i], host->n_frames[i]), "stack");
	if (dictionary == 1)
		name_files(host);
}

void made_up_host_restart(struct made_up_host *host, uint32_t n)
{
	while (n--) {
		uint32_t i = host->n_restarted++ % host->n_processes;

		describe_process(host, i);
	}
}

static uint32_t draw_stack(struct made_up_host *host)
{
	double at = draw(host, 1 << 30) / (double)(1 << 30) * host->share[host->n_stacks - 1];
	uint32_t low = 0, high = host->n_stacks - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (host->share[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct made_up_host *made_up_host_new(struct store *store, uint32_t n_processes, uint32_t n_stacks)
{
	struct made_up_host *host = calloc(1, sizeof(*host));

	must(host ? 0 : -ENOMEM, "host");
	host->store = store;
	host->n_processes = n_processes;
	host->n_stacks = n_stacks;
	host->stacks = calloc(n_stacks, sizeof(*host->stacks));
	host->n_frames = calloc(n_stacks, sizeof(*host->n_frames));
	host->share = calloc(n_stacks, sizeof(*host->share));
	must(host->stacks && host->n_frames && host->share ? 0 : -ENOMEM, "host");
	host->random = 88172645463325252ULL;
	dl_iterate_phdr(on_object, host);
	draw_stacks(host);
	return host;
}

struct made_up_host *made_up_host_free(struct made_up_host *host)
{
	free(host->stacks);
	free(host->n_frames);
	free(host->share);
	free(host);
	return NULL;
}

void made_up_host_feed(struct made_up_host *host, const struct made_up_second *second)
{
	size_t n_samples = (size_t)second->n_cpus * second->n_ticks;
	struct sample *samples = calloc(n_samples, sizeof(*samples));

	must(samples ? 0 : -ENOMEM, "samples");
	for (uint32_t i = 0; i < n_samples; i++) {
		uint32_t stack = draw_stack(host);

		samples[i] = (struct sample){
			.time_unix_ns =
				second->start_unix_ns + i / second->n_cpus * second->period_ns,
			.value = (uint64_t)second->period_ns,
			.weight = 1,
			.thread = process_at(host, stack % host->n_processes),
			.stack = stack,
			.cpu = (uint16_t)(i % second->n_cpus),
		};
	}
	if (store_add_samples(host->store, samples, n_samples) != n_samples)
		must(-ENOMEM, "samples");
	free(samples);
}

int64_t cpu_now(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

double cpu_ms_since(int64_t start_ns)
{
	return (double)(cpu_now() - start_ns) / NS_PER_MS;
}

static void print_peers(const struct figure *figure)
{
	const char *separator = "";

	printf(", \"beside\": {");
	for (size_t i = 0; i < ARRAY_SIZE(figure->peers) && figure->peers[i].name; i++) {
		if (isnan(figure->peers[i].value))
			continue;
		printf("%s\"%s\": %.3g", separator, figure->peers[i].name, figure->peers[i].value);
		separator = ", ";
	}
	printf("}}");
}

void figure_print(const struct figure *figure)
{
	static bool is_later;

	printf("%s\n", is_later ? "," : "{\"rows\": [");
	is_later = true;
	printf("  {\"name\": \"%s\", ", figure->name);
	if (isnan(figure->value) && *figure->goal) {
		fprintf(stderr, "%s: the query was refused\n", figure->name);
		exit(1);
	}
	if (isnan(figure->value))
		printf("\"value\": null, \"unit\": \"refused\"");
	else
		printf("\"value\": %.3g, \"unit\": \"%s\"", figure->value, figure->unit);
	printf(", \"goal\": \"%s\"", figure->goal);
	print_peers(figure);
}

void figures_print(const char *name, double value, const char *unit, const char *goal)
{
	if (name)
		figure_print(&(struct figure){ name, value, unit, goal, { { 0 } } });
	else
		printf("\n]}\n");
}
