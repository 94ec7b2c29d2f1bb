/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernel half loader: the kernel half as the options ask for it, and a word to the user of what
 * this kernel does not give.
 */

#include <stdbool.h>

#include "profiler/daemon/kernel_half.h"

struct options;
struct sampler_status;

/*
 * Load it for @options, for all processes or only those it @selects, and note in @status what it is
 * like. What fails is logged.
 *
 * Returns 0 and sets *@ret_half (owned by the caller), or -errno.
 */
int kernel_half_load(const struct options *options, bool selects,
		     const struct kernel_half_events *events, struct sampler_status *status,
		     struct kernel_half **ret_half);
