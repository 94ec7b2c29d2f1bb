/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Made-up host: processes whose stacks of 10 to 50 frames have shared roots, are drawn by Zipf's
 * law, and lead through 20000 places in all libraries that this program has loaded; the same in
 * each run. For benchmarks: what goes wrong ends the program.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/frame.h"
#include "unwind/elf_file.h"

struct store;

enum {
	HOST_MOST_FRAMES = 50,
	HOST_MOST_FILES = 32,
	HOST_N_PLACES = 20000,
};

struct made_up_host {
	struct store *store; /* borrowed */
	uint32_t n_processes;
	uint32_t n_restarted; /* processes, one after another, and again from the first on */
	uint32_t n_stacks;
	char paths[HOST_MOST_FILES][256];
	struct elf_description descriptions[HOST_MOST_FILES];
	uint32_t n_files;
	struct frame places[HOST_N_PLACES];
	struct frame (*stacks)[HOST_MOST_FRAMES];
	uint32_t *n_frames; /* of each stack */
	double *share;      /* of samples that hit this stack or one before it */
	uint64_t random;
};

/* End the program if @r is an error. */
void must(int r, const char *what);

/* Never returns NULL. */
struct made_up_host *made_up_host_new(struct store *store, uint32_t n_processes, uint32_t n_stacks);
struct made_up_host *made_up_host_free(struct made_up_host *host);

/* Describe all that there is in a new dictionary; in the first one, files get their names. */
void made_up_host_describe(struct made_up_host *host, uint32_t dictionary);

/* @n processes end, the oldest first, and others do the same in their place. */
void made_up_host_restart(struct made_up_host *host, uint32_t n);

/* Add so many samples of one second on each of @n_cpus CPUs, @period_ns apart. */
struct made_up_second {
	int64_t start_unix_ns;
	int64_t period_ns;
	uint32_t n_cpus;
	uint32_t n_ticks;
};
void made_up_host_feed(struct made_up_host *host, const struct made_up_second *second);

/* CPU time of this thread: figures should not depend on what else the machine does. */
int64_t cpu_now(void);
double cpu_ms_since(int64_t start_ns);

/* A row of the figures. */
struct figure {
	const char *name;
	double value; /* NAN: the query was refused, which ends the program if there is a goal */
	const char *unit;
	const char *goal; /* may be "" */
	struct {
		const char *name;
		double value; /* NAN: it is not there */
	} peers[2];
};

/* Print it as JSON. */
void figure_print(const struct figure *figure);

/* The same of what has no peers; the end of them, if @name is NULL. */
void figures_print(const char *name, double value, const char *unit, const char *goal);
