/* SPDX-License-Identifier: Apache-2.0 */
#include "export/pprof_sample.h"

#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/varint.h"

/* A tag is the field's number and 2, for bytes whose length comes first (Protocol Buffers,
 * "Encoding"). Each takes one byte. */
enum {
	TAG_BYTES = 1,
	TAG_SAMPLE = 2 << 3 | 2,    /* in Profile */
	TAG_LOCATIONS = 1 << 3 | 2, /* in Sample */
	TAG_VALUES = 2 << 3 | 2,
};

static size_t size_of_values(const struct pprof_sample *sample)
{
	size_t size = 0;

	for (size_t i = 0; i < sample->n_values; i++)
		size += varint_size((uint64_t)sample->values[i]);
	return size;
}

/* Of a field with so many bytes in it; one without is left out. */
static size_t size_of_field(size_t n_bytes)
{
	return n_bytes ? TAG_BYTES + varint_size(n_bytes) + n_bytes : 0;
}

static unsigned char *write_values(unsigned char *at, const struct pprof_sample *sample,
				   size_t n_bytes)
{
	if (!n_bytes)
		return at;
	*at++ = TAG_VALUES;
	at = varint_write(at, n_bytes);
	for (size_t i = 0; i < sample->n_values; i++)
		at = varint_write(at, (uint64_t)sample->values[i]);
	return at;
}

void pprof_stack_append(struct buffer *out, const uint32_t *frames, size_t n_frames)
{
	unsigned char *at;
	size_t n_bytes = 0;

	for (size_t i = 0; i < n_frames; i++)
		n_bytes += varint_size(frames[i] + 1UL);
	at = n_bytes ? buffer_append_zeros(out, size_of_field(n_bytes)) : NULL;
	if (!at)
		return;
	*at++ = TAG_LOCATIONS;
	at = varint_write(at, n_bytes);
	for (size_t i = 0; i < n_frames; i++)
		at = varint_write(at, frames[i] + 1UL);
}

static unsigned char *write_bytes(unsigned char *at, const void *bytes, size_t n_bytes)
{
	if (n_bytes)
		memcpy(at, bytes, n_bytes);
	return at + n_bytes;
}

void pprof_sample_append(struct buffer *out, const struct pprof_sample *sample)
{
	size_t n_values = size_of_values(sample);
	size_t n_bytes = sample->n_stack_bytes + size_of_field(n_values) + sample->n_label_bytes;
	unsigned char *at = buffer_append_zeros(out, TAG_BYTES + varint_size(n_bytes) + n_bytes);

	if (!at)
		return;
	*at++ = TAG_SAMPLE;
	at = varint_write(at, n_bytes);
	at = write_bytes(at, sample->stack, sample->n_stack_bytes);
	at = write_values(at, sample, n_values);
	write_bytes(at, sample->labels, sample->n_label_bytes);
}
