/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/message.h"
#include "profiler/process_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Touch all that a receiver would touch of a message that was taken for valid. */
static unsigned long read_all(const struct message *message)
{
	struct process_message process;
	unsigned long sum = 0;

	switch (message->type) {
	case MESSAGE_PROCESS:
		process_message_read(message, &process);
		for (size_t i = 0; i < process.container.n_labels; i++)
			sum += strlen(process.container.labels[i].value);
		sum += strlen(process.parent_container.namespace);
		/* fall through */
	case MESSAGE_FILE:
	case MESSAGE_THREAD:
	case MESSAGE_ENCODE:
		sum += strlen(message_text(message, 0));
		break;
	case MESSAGE_STACK:
		for (uint32_t i = 0; i < ((const struct message_stack *)message->body)->n_frames;
		     i++)
			sum += message_frames(message)[i].place;
		break;
	default:
		for (size_t i = 0; i < message->body_bytes; i++)
			sum += ((const unsigned char *)message->body)[i];
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *copy = malloc(size + 1); /* aligned, as a receiver's buffer is */
	const void *packet = copy;
	volatile unsigned long sum = 0;
	struct message message;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	while (message_next(&packet, &size, &message) > 0)
		sum += read_all(&message);
	(void)sum;
	free(copy);
	return 0;
}
