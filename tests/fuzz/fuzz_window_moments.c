/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Window moments: bytes that somebody else has written are moments that are sorted, each within its
 * second, or damaged. What was read is written again, and reads as the same. A file is a byte,
 * which says whether the columns that follow are compressed as they are, and those.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/window_moments.h"

#define NS_OF_A_SECOND 1000000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* In a block of exact size, so that a read past its end is seen. */
static size_t take(const uint8_t *data, size_t size, bool is_compressed, char **ret_bytes)
{
	size_t bound = is_compressed ? size + 1 : ZSTD_compressBound(size);
	char *bytes = malloc(bound);

	must(bytes != NULL);
	if (is_compressed && size)
		memcpy(bytes, data, size);
	else if (!is_compressed)
		size = ZSTD_compress(bytes, bound, data, size, 1);
	must(!ZSTD_isError(size));
	*ret_bytes = realloc(bytes, size ? size : 1);
	must(*ret_bytes != NULL);
	return size;
}

static void check_again(struct window_moment *moments, size_t n_moments)
{
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	_cleanup_(freep) struct window_moment *again = NULL;
	size_t n_again;

	must(window_moments_encode(moments, n_moments, &bytes) == 0);
	must(window_moments_decode(bytes.data, bytes.size, &again, &n_again) == 0);
	must(n_again == n_moments);
	for (size_t i = 0; i < n_moments; i++)
		must(again[i].thread == moments[i].thread && again[i].stack == moments[i].stack &&
		     again[i].second == moments[i].second && again[i].off_ns == moments[i].off_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) struct window_moment *moments = NULL;
	_cleanup_(freep) char *bytes = NULL;
	size_t n_bytes, n_moments;

	if (!size)
		return 0;
	n_bytes = take(data + 1, size - 1, data[0] & 1, &bytes);
	if (window_moments_decode(bytes, n_bytes, &moments, &n_moments) < 0)
		return 0;
	for (size_t i = 0; i < n_moments; i++)
		must(moments[i].off_ns < NS_OF_A_SECOND && moments[i].count > 0);
	check_again(moments, n_moments);
	return 0;
}
