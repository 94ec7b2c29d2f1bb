/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/base/array.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

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
