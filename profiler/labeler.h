/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Labeler: from what /proc says of a process to its labels.
 *
 *     comm, exe, cgroup, container, those of its parent  --labeler_label-->  service_name, unit …
 *
 * service_name is the name of the container, else of the unit, if it is a service, else of the
 * program; "kernel" of all threads of the kernel's; and comm, if nothing else is known. What the
 * user has decided comes on top: static labels, then rules.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/labeler_status.h"

struct container_facts;
struct label_set;
struct labeler;
struct labeling;

/* Any text may be "": it is not known. */
struct process_facts {
	uint32_t pid;
	bool is_kernel;
	const char *comm;
	const char *exe;
	const char *cgroup;
	const struct process_facts *parent;      /* or NULL; what its own is makes no difference */
	const struct container_facts *container; /* likewise: nothing is known beside the cgroup */
};

/* Returns 0 and sets *@ret_labeler (owned by the caller), or -ENOMEM. */
int labeler_new(struct labeler **ret_labeler);

/* Accepts NULL. Always returns NULL. */
struct labeler *labeler_free(struct labeler *labeler);

/* Do from now on what @labeling says, which is taken, and left empty. Returns 0, or -EINVAL or
 * -ENOMEM: then everything stays as it was. */
int labeler_configure(struct labeler *labeler, struct labeling *labeling);

/*
 * Set @ret_labels, which is empty, to the labels of such a process; its pid is one of them, unless
 * rules have taken it away. Returns 0, 1: the process is to be left out, or -ENOMEM.
 */
int labeler_label(struct labeler *labeler, const struct process_facts *facts,
		  struct label_set *ret_labels);

struct labeler_status labeler_get_status(const struct labeler *labeler);
