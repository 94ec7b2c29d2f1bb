/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Network fence: a file fence that leaves what libraries for the network read: themselves,
 * certificates, and what says how names of hosts are resolved.
 */

#include "profiler/daemon/file_fence.h"

#define NETWORK_FENCE_MAX_GATES 8

/* Open no files any more but those, and what @gates lead to, as file_fence_raise() has it. Where
 * there is no Landlock, the process may open what its user may. Returns 0 or -errno. */
int network_fence_raise(const struct file_gate *gates);
