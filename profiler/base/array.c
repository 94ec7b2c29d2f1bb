/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/base/array.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), start_off;
	int r = array_reserve(items, capacity, count, item_size);

	if (r < 0 || !*items)
		return r;
	start_off = (uintptr_t)*items % page_bytes;
	/* Where it fails, pages come as they are written. */
	(void)madvise((char *)*items - start_off, start_off + count * item_size,
		      MADV_POPULATE_WRITE);
	return 0;
}
