/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Labeler: from what /proc says of a process to its labels.
 */

struct label_set;

/* Any text may be "": it is not known. */
struct process_facts {
	const char *comm;
	const char *exe;
	const char *cgroup;
};

/* Add the labels of such a process to @ret_labels. Returns 0 or -ENOMEM. */
int labeler_label(const struct process_facts *facts, struct label_set *ret_labels);
