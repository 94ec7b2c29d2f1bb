/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Life: one daemon's store and its history, as often as a test wants them to begin, and what is
 * read of them, as text. Store and history are those of store_fixture.h, whose file lives on.
 */

#include <stdint.h>

#include "profiler/base/clock.h"
#include "profiler/history_status.h"
#include "tests/unit/profiler/store_fixture.h"

#define LIFE_START_S (FIXTURE_START_NS / NS_PER_SECOND)

struct life {
	char folder[64];         /* or ":memory:" */
	int64_t retention_age_s; /* 0: more than a month */
	int64_t retention_bytes; /* 0: 64 MiB */
	void (*on_put_aside)(const char *name);
	struct store *store;
	struct history *history;
};

/* Of cmocka: *@state is a life in a folder of its own; it ends, and its folder goes. */
int life_set_up(void **state);
int life_tear_down(void **state);

/* A store as life_begin() has it, without history. */
struct store *life_store_new(void);

/* What is in the folder is kept from one to the next. */
void life_begin(struct life *life);
void life_end(struct life *life);

/* So many samples, 30 ms apart. */
void life_add_samples(struct life *life, int64_t start_s, int n_samples);

/* history_tick(), which must succeed. An end of INT64_MAX is that. */
void life_tick(struct life *life, int64_t end_s, int64_t now_s);

struct history_status life_status(struct life *life);

/* All that a range of @store says, with what it knows of the past, in one order: labels, frames,
 * count, value. Freed by the caller. */
char *life_read(struct store *store, int64_t start_s, int64_t end_s);

void assert_life_reads(struct store *store, int64_t start_s, int64_t end_s, const char *expected);
