/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Window moments: when exactly, and on which CPU, each sample of a window of history was taken, as
 * bytes. They are kept beside the window's rows (window_rows.h) for as long as somebody may ask.
 *
 * Columns (columns.h), each the difference from the moment before it where they are sorted:
 *
 *     n_moments; thread[]; stack[]; second[]; off_ns[]; cpu[]; count[]
 */

#include <stddef.h>
#include <stdint.h>

#define WINDOW_MOMENTS_MAX (1U << 19) /* in one piece */

struct buffer;

/* Of threads and stacks there are the numbers that history has given them. */
struct window_moment {
	uint32_t thread;
	uint32_t stack;
	uint32_t second; /* since the start of the window */
	uint32_t off_ns; /* within that */
	uint32_t cpu;
	uint64_t count;
};

/*
 * Sort @moments by thread, stack and time, and append them to @ret_bytes. Returns 0, -E2BIG if
 * there are more than WINDOW_MOMENTS_MAX, or -ENOMEM.
 */
int window_moments_encode(struct window_moment *moments, size_t n_moments,
			  struct buffer *ret_bytes);

/*
 * Returns 0 and sets *@ret_moments (owned by the caller: freed), sorted, each within its second and
 * with a count; -EBADMSG if the bytes are damaged; or -ENOMEM.
 */
int window_moments_decode(const void *bytes, size_t n_bytes, struct window_moment **ret_moments,
			  size_t *ret_n_moments);
