/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/thread_labels.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "profiler/dictionary.h"

/* One that the process has by the same name makes room: a sample knows better. */
static void add(struct thread_labels *labels, const char *name, const char *value)
{
	size_t i = labels->n_labels;

	if (!*value)
		return;
	while (i > 0 && strcmp(labels->labels[i - 1].name, name) > 0) {
		labels->labels[i] = labels->labels[i - 1];
		i--;
	}
	labels->labels[i] = (struct label){ name, value };
	labels->n_labels++;
}

/* A pid that the process has as a text is one that a rule has made. */
static bool is_known_better(const struct process_text *process, const char *name)
{
	return (process->pid && !strcmp(name, LABEL_PID)) || !strcmp(name, LABEL_THREAD) ||
	       !strcmp(name, LABEL_TID);
}

void thread_labels_init(struct thread_labels *ret_labels, const struct dictionary *dictionary,
			uint32_t thread_i)
{
	const struct thread_text *thread = dictionary_thread(dictionary, thread_i);
	const struct process_text *process = dictionary_process(dictionary, thread->process);

	snprintf(ret_labels->pid, sizeof(ret_labels->pid), "%" PRIu32, process->pid);
	snprintf(ret_labels->tid, sizeof(ret_labels->tid), "%" PRIu32, thread->tid);
	ret_labels->n_labels = 0;
	for (size_t i = 0; i < process->n_labels; i++)
		if (!is_known_better(process, process->labels[i].name))
			add(ret_labels, process->labels[i].name, process->labels[i].value);
	add(ret_labels, LABEL_PID, process->pid ? ret_labels->pid : "");
	add(ret_labels, LABEL_THREAD, thread->name);
	add(ret_labels, LABEL_TID, ret_labels->tid);
}
