/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/label.h"

const char *const label_names[LABEL_COUNT] = {
	[LABEL_CGROUP] = "cgroup", [LABEL_COMM] = "comm",     [LABEL_EXE] = "exe",
	[LABEL_PID] = "pid",       [LABEL_THREAD] = "thread", [LABEL_TID] = "tid",
};
