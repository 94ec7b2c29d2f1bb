/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of gzip's: what is damaged is refused, and what is good is no larger than it may be.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>

#include "export/gzip.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

#define LIMIT_BYTES (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buffer_fini) struct buffer out = { .limit = LIMIT_BYTES };
	int r = gzip_expand(data, size, &out);

	assert(r == 0 || r == -EBADMSG || r == -EFBIG || r == -ENOMEM);
	assert(out.size <= LIMIT_BYTES);
	return 0;
}
