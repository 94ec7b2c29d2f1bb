/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/dictionary_writer.h"

#include <string.h>

#include "profiler/base/array.h"
#include "profiler/binary_table.h"
#include "profiler/cgroup_path.h"
#include "profiler/channel.h"
#include "profiler/container_facts.h"
#include "profiler/container_table.h"
#include "profiler/daemon/binary_describer.h"
#include "profiler/daemon/jit_describer.h"
#include "profiler/daemon/role.h"
#include "profiler/process_message.h"
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

/* "" for what is not known; and what is longer than a message may say is cut. */
static const char *bounded_text(char *text)
{
	return text_part(text).iov_base;
}

static uint64_t find_container(const struct dictionary_writer *writer, const char *cgroup,
			       struct container_facts *ret_facts)
{
	struct cgroup_path path;

	cgroup_path_parse(cgroup, &path);
	return container_table_find(writer->containers, &path, ret_facts);
}

static int send_process(struct dictionary_writer *writer, struct process *process)
{
	struct message_process message = { .process = process->number };
	struct iovec parts[PROCESS_MESSAGE_MAX_PARTS];
	struct container_facts container, parent_container;
	const struct process_facts parent = {
		.pid = process->parent.pid,
		.is_kernel = process->parent.is_kernel,
		.comm = process->parent.comm,
		.exe = bounded_text(process->parent.exe),
		.cgroup = bounded_text(process->parent.cgroup),
		.container = &parent_container,
	};
	const struct process_facts facts = {
		.pid = process->key.pid,
		.is_kernel = process->is_kernel,
		.comm = process->comm,
		.exe = bounded_text(process->exe),
		.cgroup = bounded_text(process->cgroup),
		.parent = &parent,
		.container = &container,
	};
	int r;

	find_container(writer, facts.cgroup, &container);
	find_container(writer, parent.cgroup, &parent_container);
	r = channel_send_parts(writer->server->channel, MESSAGE_PROCESS, parts,
			       process_message_write(&facts, &message, parts));
	if (r < 0)
		return r;
	process->dictionary = writer->number;
	process->containers_told = container_table_change(writer->containers);
	return 0;
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

/* What is not taken now is told at the next use. */
static void tell_container(void *context, struct process *process)
{
	struct dictionary_writer *writer = context;
	struct container_facts facts;

	if (process->dictionary != writer->number ||
	    (find_container(writer, bounded_text(process->cgroup), &facts) <=
		     process->containers_told &&
	     find_container(writer, bounded_text(process->parent.cgroup), &facts) <=
		     process->containers_told))
		return;
	if (send_process(writer, process) < 0)
		process->dictionary = 0;
}

void dictionary_writer_tell_containers(struct dictionary_writer *writer,
				       const struct process_table *processes)
{
	uint64_t change = container_table_change(writer->containers);

	if (change == writer->containers_told || !writer->server->channel || !writer->number)
		return;
	process_table_each(processes, tell_container, writer);
	writer->containers_told = change;
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
