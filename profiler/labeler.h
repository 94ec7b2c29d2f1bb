/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Labeler: from what /proc says of a process to its labels.
 *
 *     comm, exe, cgroup, those of its parent  --labeler_label-->  service_name, unit, pod …
 *
 * service_name is the name of the container, else of the unit, if it is a service, else of the
 * program; "kernel" of all threads of the kernel's; and comm, if nothing else is known.
 */

#include <stdbool.h>

struct label_set;

/* Any text may be "": it is not known. */
struct process_facts {
	bool is_kernel;
	const char *comm;
	const char *exe;
	const char *cgroup;
	const struct process_facts *parent; /* or NULL; what its own is makes no difference */
};

/* Add the labels of such a process to @ret_labels. Returns 0 or -ENOMEM. */
int labeler_label(const struct process_facts *facts, struct label_set *ret_labels);
