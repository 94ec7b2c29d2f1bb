/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What unwind tables cost: CPU time to compile them, and bytes, as JSON.
 *
 *     bench_tables ELF…
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "unwind/elf_file.h"
#include "unwind/unwind_table.h"
#include "unwind/unwind_table_build.h"

/* The fastest of so many runs: what else runs here is not our cost. */
#define N_RUNS 15

#define GOAL_MS_PER_MB     5
#define GOAL_BYTES_PER_ROW 4

struct measure {
	int r;
	int64_t best_ns;
	double table_bytes;
	struct unwind_table_report report;
};

static int build(int fd, struct measure *measure)
{
	_cleanup_(buffer_fini) struct buffer bytes = { .limit = UNWIND_TABLE_MAX_BYTES };
	int64_t start_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID), ns;
	struct elf_file *elf;
	int r = elf_file_open(fd, &elf);

	if (r < 0)
		return r;
	r = unwind_table_build(elf, &bytes, &measure->report);
	elf_file_free(elf);
	if (r < 0)
		return r;
	ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start_ns;
	if (ns < measure->best_ns)
		measure->best_ns = ns;
	measure->table_bytes = (double)bytes.size;
	return 0;
}

/* In children, as the resolver does it: so no run finds the memory of the one before. They write
 * into @measure, which is shared. */
static int measure(int fd, struct measure *measure)
{
	measure->best_ns = INT64_MAX;
	for (int i = 0; i < N_RUNS; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			measure->r = build(fd, measure);
			_exit(EXIT_SUCCESS);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) < 0)
			return -errno;
		if (measure->r < 0)
			return measure->r;
	}
	return 0;
}

static void print(const char *name, const struct measure *measure)
{
	const struct unwind_table_report *report = &measure->report;
	double ms = (double)measure->best_ns / NS_PER_MS;

	if (report->frame_bytes)
		printf("{\"name\": \"%s: compile\", \"value\": %.3f, \"unit\": \"ms/MB\", "
		       "\"goal\": %d},\n",
		       name, ms / ((double)report->frame_bytes / 1e6), GOAL_MS_PER_MB);
	printf("{\"name\": \"%s: compile, in all\", \"value\": %.3f, \"unit\": \"ms\"},\n", name,
	       ms);
	printf("{\"name\": \"%s: size\", \"value\": %.3f, \"unit\": \"B/row\", \"goal\": %d},\n",
	       name, measure->table_bytes / report->n_rows, GOAL_BYTES_PER_ROW);
	printf("{\"name\": \"%s: rows\", \"value\": %" PRIu32 ", \"unit\": \"\"}", name,
	       report->n_rows);
}

int main(int argc, char **argv)
{
	const char *separator = "";
	struct measure *result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (result == MAP_FAILED)
		return EXIT_FAILURE;
	printf("{\"rows\": [\n");
	for (int i = 1; i < argc; i++) {
		_cleanup_(closep) int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
		int r = measure(fd, result);

		if (r < 0) {
			fprintf(stderr, "%s: %s, skipped\n", argv[i], strerror(-r));
			continue;
		}
		printf("%s", separator);
		print(basename(argv[i]), result);
		separator = ",\n";
	}
	printf("]}\n");
	return EXIT_SUCCESS;
}
