/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/window_moments.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/columns.h"
#include "profiler/varint.h"

enum { COLUMNS = 6 };

/* More than this no moment takes, in all of its columns. */
#define MOMENT_MAX_BYTES 40UL

static int moment_compare(const void *left, const void *right)
{
	const struct window_moment *a = left, *b = right;

	if (a->thread != b->thread)
		return a->thread < b->thread ? -1 : 1;
	if (a->stack != b->stack)
		return a->stack < b->stack ? -1 : 1;
	if (a->second != b->second)
		return a->second < b->second ? -1 : 1;
	return (a->off_ns > b->off_ns) - (a->off_ns < b->off_ns);
}

/* Whether moment @i is of the thread of the one before it; and of its stack; and of its second. */
static bool follows_thread(const struct window_moment *moments, size_t i)
{
	return i && moments[i].thread == moments[i - 1].thread;
}

static bool follows_stack(const struct window_moment *moments, size_t i)
{
	return follows_thread(moments, i) && moments[i].stack == moments[i - 1].stack;
}

static bool follows_second(const struct window_moment *moments, size_t i)
{
	return follows_stack(moments, i) && moments[i].second == moments[i - 1].second;
}

static uint32_t thread_before(const struct window_moment *moments, size_t i)
{
	return i ? moments[i - 1].thread : 0;
}

static uint32_t stack_before(const struct window_moment *moments, size_t i)
{
	return follows_thread(moments, i) ? moments[i - 1].stack : 0;
}

static uint32_t second_before(const struct window_moment *moments, size_t i)
{
	return follows_stack(moments, i) ? moments[i - 1].second : 0;
}

static uint32_t off_before(const struct window_moment *moments, size_t i)
{
	return follows_second(moments, i) ? moments[i - 1].off_ns : 0;
}

int window_moments_encode(struct window_moment *moments, size_t n_moments, struct buffer *ret_bytes)
{
	_cleanup_(buffer_fini) struct buffer columns = { 0 };

	if (n_moments > WINDOW_MOMENTS_MAX)
		return -E2BIG;
	if (n_moments)
		qsort(moments, n_moments, sizeof(*moments), moment_compare);
	varint_append(&columns, n_moments);
	for (size_t i = 0; i < n_moments; i++)
		varint_append(&columns, moments[i].thread - thread_before(moments, i));
	for (size_t i = 0; i < n_moments; i++)
		varint_append(&columns, moments[i].stack - stack_before(moments, i));
	for (size_t i = 0; i < n_moments; i++)
		varint_append(&columns, moments[i].second - second_before(moments, i));
	for (size_t i = 0; i < n_moments; i++)
		varint_append(&columns, moments[i].off_ns - off_before(moments, i));
	for (size_t i = 0; i < n_moments; i++)
		varint_append(&columns, moments[i].cpu);
	for (size_t i = 0; i < n_moments; i++)
		varint_append(&columns, moments[i].count);
	return columns_compress(&columns, ret_bytes);
}

static int read_off(struct varint_reader *reader, uint32_t before, uint32_t *ret_off_ns)
{
	int r = columns_read_after(reader, before, ret_off_ns);

	return r == 0 && *ret_off_ns >= NS_PER_SECOND ? -EBADMSG : r;
}

static int read_moments(struct varint_reader *reader, struct window_moment *moments, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = columns_read_after(reader, thread_before(moments, i), &moments[i].thread);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = columns_read_after(reader, stack_before(moments, i), &moments[i].stack);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = columns_read_after(reader, second_before(moments, i), &moments[i].second);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = read_off(reader, off_before(moments, i), &moments[i].off_ns);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = columns_read_after(reader, 0, &moments[i].cpu);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = columns_read_count(reader, &moments[i].count);
	return r == 0 && reader->next != reader->end ? -EBADMSG : r;
}

int window_moments_decode(const void *bytes, size_t n_bytes, struct window_moment **ret_moments,
			  size_t *ret_n_moments)
{
	_cleanup_(freep) struct window_moment *moments = NULL;
	_cleanup_(columns_fini) struct columns columns = { 0 };
	struct varint_reader reader;
	uint64_t n_moments = 0;
	int r;

	r = columns_expand(&columns, bytes, n_bytes, WINDOW_MOMENTS_MAX * MOMENT_MAX_BYTES,
			   &reader);
	if (r == 0)
		r = varint_read(&reader, &n_moments);
	if (r < 0)
		return r;
	/* Each takes a byte in each column, so no number can ask for much. */
	if (n_moments > WINDOW_MOMENTS_MAX ||
	    n_moments > (size_t)(reader.end - reader.next) / COLUMNS)
		return -EBADMSG;
	moments = calloc(n_moments + 1, sizeof(*moments));
	if (!moments)
		return -ENOMEM;
	r = read_moments(&reader, moments, n_moments);
	if (r < 0)
		return r;
	*ret_moments = steal(moments);
	*ret_n_moments = n_moments;
	return 0;
}
