/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Window: the samples of one second, by their own time, of one dictionary.
 *
 * One thread adds, under the store's lock. Samples never move, so whoever holds the window and was
 * told how many there are reads them without it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOW_NS (1000 * 1000 * 1000LL) /* how much time a window holds */

struct dictionary;

struct window_sample {
	uint64_t value;
	uint64_t weight;
	uint32_t time_off_ns; /* since the window's start */
	uint32_t thread;      /* indices of the dictionary */
	uint32_t stack;
	uint16_t cpu;
	uint16_t kind; /* enum sample_kind */
};

/* The CPU of a sample of which history has the second alone. */
#define WINDOW_NO_CPU UINT16_MAX

#define WINDOW_BLOCK_SAMPLES 31 /* makes a block of 1000 bytes */

struct window_block {
	struct window_block *next;
	struct window_sample samples[WINDOW_BLOCK_SAMPLES];
};

struct window {
	int64_t start_unix_ns;
	struct dictionary *dictionary; /* held */
	uint32_t refs;                 /* kept by the store */
	struct window *next_free;      /* in the list of those to be freed */
	size_t n_samples;
	size_t n_written; /* of those, in history; kept by the store */
	size_t n_blocks;
	struct window_block *first, *last;
};

/* The start of the window that @time_unix_ns belongs to. */
int64_t window_start_of(int64_t time_unix_ns);

/* Returns 0 and sets *@ret_window (owned by the caller), or -ENOMEM. */
int window_new(int64_t start_unix_ns, struct dictionary *dictionary, struct window **ret_window);

/* Accepts NULL. Always returns NULL. Leaves the dictionary alone. */
struct window *window_free(struct window *window);

/* Add a copy of @sample. Returns 0 or -ENOMEM. */
int window_add(struct window *window, const struct window_sample *sample);

/* Whether history has all of it; under the store's lock. */
static inline bool window_is_written(const struct window *window)
{
	return window->n_written == window->n_samples;
}

/* Memory in use, without the dictionary. */
size_t window_bytes(const struct window *window);
