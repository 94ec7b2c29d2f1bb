/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/thread_labels.h"

#include <inttypes.h>
#include <stdio.h>

#include "profiler/dictionary.h"

void thread_labels_init(struct thread_labels *ret_labels, const struct dictionary *dictionary,
			uint32_t thread_i)
{
	const struct thread_text *thread = dictionary_thread(dictionary, thread_i);
	const struct process_text *process = dictionary_process(dictionary, thread->process);
	const char *const values[LABEL_COUNT] = {
		[LABEL_CGROUP] = process->cgroup, [LABEL_COMM] = process->comm,
		[LABEL_EXE] = process->exe,       [LABEL_PID] = ret_labels->pid,
		[LABEL_THREAD] = thread->name,    [LABEL_TID] = ret_labels->tid,
	};

	snprintf(ret_labels->pid, sizeof(ret_labels->pid), "%" PRIu32, process->pid);
	snprintf(ret_labels->tid, sizeof(ret_labels->tid), "%" PRIu32, thread->tid);
	for (int i = 0; i < LABEL_COUNT; i++)
		ret_labels->labels[i] = (struct label){ label_names[i], values[i] };
}
