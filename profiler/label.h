/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Label: what samples are selected and grouped by: a name and a value.
 *
 * Names are those of Prometheus: letters, digits and _, no digit first. A label whose value is ""
 * is one that is not there.
 */

#include <stdbool.h>
#include <stddef.h>

struct label {
	const char *name;
	const char *value;
};

/* What every process or thread has, if it can be known; docs/api.md has them all. */
#define LABEL_CGROUP  "cgroup"
#define LABEL_COMM    "comm" /* the process's name */
#define LABEL_EXE     "exe"  /* path of the program, as its process sees it */
#define LABEL_PID     "pid"
#define LABEL_SERVICE "service_name"
#define LABEL_THREAD  "thread" /* the thread's name */
#define LABEL_TID     "tid"

/* Of one sample, as numbers of a pprof file: names that Datadog's profilers have begun. */
#define LABEL_END_TIMESTAMP "end_timestamp_ns"       /* when it was taken, since 1970 */
#define LABEL_PRECISION     "timestamp_precision_ns" /* of that, unless it is exact */
#define LABEL_CPU           "cpu"

/* The value of the label @name, or "". Borrowed from @labels. */
const char *label_find(const struct label *labels, size_t n_labels, const char *name);

/* Whether @name can be that of a label. */
bool label_name_is_valid(const char *name);
