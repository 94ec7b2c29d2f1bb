/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/dictionary_writer.h"

#include <string.h>

#include "profiler/base/array.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/binary_describer.h"
#include "profiler/daemon/jit_describer.h"
#include "profiler/daemon/role.h"
#include "profiler/process_table.h"
#include "profiler/stack_table.h"

int dictionary_writer_begin(struct dictionary_writer *writer)
{
	const struct message_number message = { .number = writer->number + 1 };
	int r = channel_send(writer->server->channel, MESSAGE_DICTIONARY, &message,
			     sizeof(message));

	if (r < 0)
		return r;
	writer->number = message.number;
	writer->stack_bytes = 0;
	jit_describer_begin_dictionary(writer->jits, message.number);
	binary_describer_begin_dictionary(writer->binaries, message.number);
	return 0;
}

/* Cuts what is longer than a message may say: a cgroup's path has no bound of its own. */
static struct iovec text_part(char *text)
{
	static char empty[1];
	size_t length = text ? strlen(text) : 0;

	if (!text)
		return (struct iovec){ empty, 1 };
	if (length >= MESSAGE_MAX_TEXT_BYTES) {
		length = MESSAGE_MAX_TEXT_BYTES - 1;
		text[length] = '\0';
	}
	return (struct iovec){ text, length + 1 };
}

static int send_process(struct dictionary_writer *writer, struct process *process)
{
	struct message_process message = {
		.process = process->number,
		.pid = process->key.pid,
		.parent_pid = process->parent.pid,
		.is_kernel = process->is_kernel,
		.is_parent_kernel = process->parent.is_kernel,
	};
	const struct iovec parts[] = {
		{ &message, sizeof(message) },    text_part(process->comm),
		text_part(process->exe),          text_part(process->cgroup),
		text_part(process->parent.comm),  text_part(process->parent.exe),
		text_part(process->parent.cgroup)
	};
	int r = channel_send_parts(writer->server->channel, MESSAGE_PROCESS, parts,
				   ARRAY_SIZE(parts));

	if (r == 0)
		process->dictionary = writer->number;
	return r;
}

/* Its name may change while it runs: what the last sample said counts. */
int dictionary_writer_add_process(struct dictionary_writer *writer, struct process *process,
				  const char comm[WIRE_COMM_BYTES])
{
	bool is_renamed = strncmp(process->comm, comm, sizeof(process->comm) - 1) != 0;

	if (is_renamed)
		memcpy(process->comm, comm, sizeof(process->comm) - 1);
	process->last_used = writer->number;
	if (process->dictionary == writer->number && !is_renamed)
		return 0;
	return send_process(writer, process);
}

int dictionary_writer_add_thread(struct dictionary_writer *writer, const struct process *process,
				 struct thread *thread)
{
	struct message_thread message = { thread->number, process->number, thread->tid, 0 };
	const struct iovec parts[] = { { &message, sizeof(message) }, text_part(thread->name) };
	int r;

	thread->last_used = writer->number;
	if (thread->dictionary == writer->number)
		return 0;
	r = channel_send_parts(writer->server->channel, MESSAGE_THREAD, parts, ARRAY_SIZE(parts));
	if (r == 0)
		thread->dictionary = writer->number;
	return r;
}

/* The file of the first of @frames. What the first stack asks of a file is named before the rest
 * of it. */
static int describe_file(struct dictionary_writer *writer, const struct frame *frames,
			 size_t n_frames)
{
	struct binary *binary;

	if (jit_describer_owns(frames[0].file))
		return jit_describer_describe(writer->jits, frames[0].file);
	binary = binary_describer_find(writer->binaries, frames[0].file);
	if (!binary)
		return 0;
	if (!binary->is_named)
		binary_note_places(binary, frames, n_frames);
	return binary_describer_describe(writer->binaries, binary);
}

int dictionary_writer_add_stack(struct dictionary_writer *writer, struct stack *stack)
{
	struct message_stack message = { stack->number, stack->n_frames };
	const struct iovec parts[] = { { &message, sizeof(message) },
				       { stack->frames,
					 stack->n_frames * sizeof(stack->frames[0]) } };
	int r;

	stack->last_used = writer->number;
	if (stack->dictionary == writer->number)
		return 0;
	writer->stack_bytes += parts[0].iov_len + parts[1].iov_len;
	for (uint32_t i = 0; i < stack->n_frames; i++) {
		r = describe_file(writer, &stack->frames[i], stack->n_frames - i);
		if (r < 0)
			return r;
	}
	r = channel_send_parts(writer->server->channel, MESSAGE_STACK, parts, ARRAY_SIZE(parts));
	if (r == 0)
		stack->dictionary = writer->number;
	return r;
}
