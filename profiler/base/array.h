/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Array: growing room for items in a plain C array.
 *
 *     r = array_reserve((void **)&items, &capacity, n + 1, sizeof(*items));
 *     items[n++] = item;
 */

#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Make room for at least @count items of @item_size bytes in *@items, whose room for *@capacity
 * items at least doubles when it does not suffice. New room is not initialised.
 *
 * Returns 0, or -ENOMEM with everything as it was.
 */
int array_reserve(void **items, size_t *capacity, size_t count, size_t item_size);

/*
 * array_reserve() for a large array whose length can be foretold: the kernel gives the memory for
 * @count items at once, from Linux 5.14 on. Page by page, as they are first written, that would
 * take it twice as long.
 */
int array_prepare(void **items, size_t *capacity, size_t count, size_t item_size);

/* The same for @n_bytes of room that is there already, from malloc(), and about to be filled. */
void array_populate(void *items, size_t n_bytes);
