/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Store fixture: a store with one process, thread, file and stack in it, for tests.
 */

#include <stddef.h>
#include <stdint.h>

struct label;
struct store;

/* What store_fixture_new() describes. Times start on a full second. */
enum {
	FIXTURE_PID = 4711,
	FIXTURE_FILE = 5,
	FIXTURE_PROCESS = 10,
	FIXTURE_THREAD = 20,
	FIXTURE_STACK = 30,
};
#define FIXTURE_TICK_NS  10000000LL
#define FIXTURE_START_NS 1700000000000000000LL

/* An empty store of @memory_bytes which keeps ten minutes. Fails the test if it cannot. */
struct store *store_fixture_new_empty(size_t memory_bytes);

/*
 * Begin dictionary @number and describe: the process of "api" (/usr/bin/api), its thread "worker",
 * and a stack of two frames at file offsets 0x1100 and 0x1200 of /usr/bin/api, beneath one of the
 * kernel.
 */
void store_fixture_describe(struct store *store, uint32_t number);

/* A store with all of it. */
struct store *store_fixture_new(void);

/* Add one sample of the fixture's thread and stack; returns what store_add_samples() does. */
size_t store_fixture_add_sample(struct store *store, int64_t time_unix_ns);

/* Add another process, with these labels, and one sample of it at the start. */
void store_fixture_add_other(struct store *store, const struct label *labels, uint32_t n_labels);
