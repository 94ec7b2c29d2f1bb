/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reader check: what every reader of profiles owes, whatever bytes it gets.
 */

#include <stddef.h>
#include <stdint.h>

#include "import/reader.h"

/* It makes a complaint, or a profile in which everything refers to what is there, and which every
 * encoder can write. */
void reader_check(int (*read)(const char *bytes, size_t size, struct profile **ret_profile,
			      struct complaint *complaint),
		  const uint8_t *data, size_t size);
