/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Folded reader: lines of `process;root;…;leaf N`, as flame graph scripts write them, and we do.
 *
 * What the marks _[i], _[k] and _[j] say of frames is kept, and what was \xHH is what it was. Empty
 * lines, and those that begin with #, are none.
 */

#include <stddef.h>

struct complaint;
struct profile;

/* Returns 0 and sets *@ret_profile (owned by the caller), -EBADMSG: see @complaint, or -ENOMEM. */
int folded_read(const char *bytes, size_t size, struct profile **ret_profile,
		struct complaint *complaint);
