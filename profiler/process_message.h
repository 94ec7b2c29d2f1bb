/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Process message: what the sampler tells the server of a process and its parent, as it goes
 * through the channel, and as the labeler takes it.
 *
 * Texts, in this order: comm, exe, cgroup, names of container, pod and namespace; those of the
 * parent; names and values of the labels of the process's pod, and of the parent's.
 */

#include <sys/uio.h>

#include "profiler/container_facts.h"
#include "profiler/container_list.h"
#include "profiler/labeler.h"
#include "profiler/message.h"

#define PROCESS_MESSAGE_MAX_PARTS (1 + MESSAGE_PROCESS_TEXTS + 4 * POD_MAX_LABELS)

/* To be read there only: its parts lead to each other. */
struct process_message {
	struct process_facts facts, parent;
	struct container_facts container, parent_container;
	struct label labels[POD_MAX_LABELS], parent_labels[POD_MAX_LABELS];
};

/*
 * Set up @ret_parts for channel_send_parts(). @facts, and its parent's, must have a container; none
 * of its texts is NULL. @head, of which the caller has set what no fact is, is completed, and the
 * first part. All borrowed. Texts of MESSAGE_MAX_TEXT_BYTES are the longest. Returns how many parts
 * there are.
 */
size_t process_message_write(const struct process_facts *facts, struct message_process *head,
			     struct iovec ret_parts[PROCESS_MESSAGE_MAX_PARTS]);

/* Read a MESSAGE_PROCESS that message_next() took. Borrowed: @ret_process lives as long as that. */
void process_message_read(const struct message *message, struct process_message *ret_process);
