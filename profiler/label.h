/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Label: what samples are selected and grouped by. Names are those of DESIGN.md §4 in the texts of
 * every format; values are the texts of their thread and process.
 */

#include <stddef.h>

struct label {
	const char *name;
	const char *value;
};

enum label_name { /* in the order of their texts */
		  LABEL_CGROUP,
		  LABEL_COMM, /* the process's name */
		  LABEL_EXE,  /* path of the program, as its process sees it */
		  LABEL_PID,
		  LABEL_THREAD, /* the thread's name */
		  LABEL_TID,
		  LABEL_COUNT,
};

/* "cgroup", "comm" … */
extern const char *const label_names[LABEL_COUNT];
