/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Container facts: what is known of the container and the pod that a process runs in, beside what
 * its cgroup's path says.
 */

#include <stddef.h>

#include "profiler/label.h"

/* Any text may be "": it is not known. All borrowed. */
struct container_facts {
	const char *container; /* its name */
	const char *pod;       /* the pod's name */
	const char *namespace; /* the pod's */
	const struct label *labels;
	size_t n_labels;
};
