/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/window.h"

#include <errno.h>
#include <stdlib.h>

int64_t window_start_of(int64_t time_unix_ns)
{
	int64_t into = time_unix_ns % WINDOW_NS;

	if (into < 0)
		into += WINDOW_NS;
	return time_unix_ns - into;
}

int window_new(int64_t start_unix_ns, struct dictionary *dictionary, struct window **ret_window)
{
	struct window *window = calloc(1, sizeof(*window));

	if (!window)
		return -ENOMEM;
	window->start_unix_ns = start_unix_ns;
	window->dictionary = dictionary;
	*ret_window = window;
	return 0;
}

struct window *window_free(struct window *window)
{
	struct window_block *next;

	if (!window)
		return NULL;
	for (struct window_block *block = window->first; block; block = next) {
		next = block->next;
		free(block);
	}
	free(window);
	return NULL;
}

static int block_add(struct window *window)
{
	struct window_block *block = malloc(sizeof(*block));

	if (!block)
		return -ENOMEM;
	block->next = NULL;
	if (window->last)
		window->last->next = block;
	else
		window->first = block;
	window->last = block;
	window->n_blocks++;
	return 0;
}

int window_add(struct window *window, const struct window_sample *sample)
{
	size_t sample_i = window->n_samples % WINDOW_BLOCK_SAMPLES;
	int r;

	if (window->n_samples == window->n_blocks * WINDOW_BLOCK_SAMPLES) {
		r = block_add(window);
		if (r < 0)
			return r;
	}
	window->last->samples[sample_i] = *sample;
	window->n_samples++;
	return 0;
}

size_t window_bytes(const struct window *window)
{
	return sizeof(*window) + window->n_blocks * sizeof(struct window_block);
}
