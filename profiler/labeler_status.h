/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Labeler status: what a labeler has counted, ever.
 */

#include <stdint.h>

struct labeler_status {
	uint64_t n_refused; /* labels that were one too many for their process */
	uint64_t n_limited; /* matches of rules that were given up */
};
