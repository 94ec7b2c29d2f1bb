/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/base/array.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define FEW_BYTES (16 << 10) /* not worth a system call */

int array_reserve(void **items, size_t *capacity, size_t count, size_t item_size)
{
	size_t new_capacity = *capacity ? *capacity : 8;
	void *grown;

	if (count <= *capacity)
		return 0;
	while (new_capacity < count) {
		if (new_capacity > SIZE_MAX / 2)
			return -ENOMEM;
		new_capacity *= 2;
	}
	if (item_size && new_capacity > SIZE_MAX / item_size)
		return -ENOMEM;
	grown = realloc(*items, new_capacity * item_size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*capacity = new_capacity;
	return 0;
}

int array_prepare(void **items, size_t *capacity, size_t count, size_t item_size)
{
	int r = array_reserve(items, capacity, count, item_size);

	if (r == 0 && *items)
		array_populate(*items, count * item_size);
	return r;
}

void array_populate(void *items, size_t n_bytes)
{
	size_t start_off = (uintptr_t)items % (size_t)sysconf(_SC_PAGESIZE);

	/* Where it fails, pages come as they are written. */
	if (n_bytes >= FEW_BYTES)
		(void)madvise((char *)items - start_off, start_off + n_bytes, MADV_POPULATE_WRITE);
}
