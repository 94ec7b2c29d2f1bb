/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Main mapping: which program is a profile about? Readers of pprof name a profile after its first
 * mapping, and Pyroscope stores symbols by it.
 *
 * It is the mapping of the program that the label `exe` of most samples names, or else of the file
 * in which most samples have their leaf; between equals the earlier one. The kernel, the vdso and
 * their like, whose names are in brackets, are programs only when there is nothing else.
 */

#include <stddef.h>

struct profile;

/* Returns 0 and sets *@ret_mapping, an index (0 if there is no mapping), or -ENOMEM. */
int main_mapping_find(const struct profile *profile, size_t *ret_mapping);
