/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile words: what a profile calls its values and its processes. All are borrowed from it.
 */

#include <stdint.h>

struct profile;

/* What profile_sample.value is in: "nanoseconds", or whatever a file said; and of what: "cpu". */
const char *profile_value_unit(const struct profile *profile);
const char *profile_value_name(const struct profile *profile);

/* The process's name of a label set, or else the program's, or "". */
const char *profile_comm(const struct profile *profile, uint32_t label_set);
