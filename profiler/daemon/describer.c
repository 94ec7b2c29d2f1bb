/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/describer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/channel.h"
#include "profiler/daemon/binary_describer.h"
#include "profiler/daemon/process_reader.h"
#include "profiler/daemon/role.h"
#include "profiler/binary_table.h"
#include "profiler/process_table.h"
#include "profiler/stack_table.h"

enum {
	MAX_PROCESSES = 16384,
	MAX_THREADS = 65536,
	MAX_SAMPLES_AT_ONCE = 1024, /* in a packet */
	MAX_PROVISIONAL = 16,       /* stacks of a process that are described again */
};

struct describer {
	struct describer_options options;
	struct process_reader reader;
	uint32_t dictionary;
	size_t described_bytes;    /* of stacks, in this dictionary: what the server keeps of it */
	uint32_t period_starts[2]; /* dictionary at the start of this period, and of the last */
	struct binary_describer *binaries;
	struct process_table *processes;
	struct stack_table *stacks;
	int64_t unix_minus_monotonic_ns;
	struct sample samples[MAX_SAMPLES_AT_ONCE];
	size_t n_samples;
	uint64_t n_sent;              /* samples, to the server that runs now */
	struct message_stored stored; /* by the server that runs now */
	uint64_t stored_before;       /* by those before it */
	uint64_t dropped[DROP_REASON_COUNT];
};

DEFINE_CLEANUP(struct describer *, describer_free)

int describer_new(const struct describer_options *options, struct describer **ret_describer)
{
	const struct process_table_limits limits = { MAX_PROCESSES, MAX_THREADS };
	_cleanup_(describer_freep) struct describer *describer = calloc(1, sizeof(*describer));
	int r;

	if (!describer)
		return -ENOMEM;
	describer->options = *options;
	r = binary_describer_new(options->server, options->resolver, &describer->binaries);
	if (r == 0)
		r = process_reader_init(&describer->reader, describer->binaries);
	if (r == 0)
		r = process_table_new(&limits, &describer->processes);
	if (r == 0)
		r = stack_table_new(WIRE_MAX_STACKS, &describer->stacks);
	if (r < 0)
		return r;
	*ret_describer = steal(describer);
	return 0;
}

struct describer *describer_free(struct describer *describer)
{
	if (!describer)
		return NULL;
	binary_describer_free(describer->binaries);
	process_table_free(describer->processes);
	stack_table_free(describer->stacks);
	process_reader_fini(&describer->reader);
	free(describer);
	return NULL;
}

static int get_process(struct describer *describer, const struct process_key *key,
		       struct process **ret_process)
{
	int r;

	*ret_process = process_table_find(describer->processes, key);
	if (*ret_process)
		return 0;
	r = process_table_add(describer->processes, key, ret_process);
	if (r == 0)
		process_reader_read(&describer->reader, *ret_process);
	return r;
}

/*
 * Whether @frame shows that the walk went astray: code that does not keep its frame pointer makes
 * the kernel take any two words for a frame. Where the mappings are known, a return address in none
 * of them is no return address; without them, only one that is no user address at all.
 */
static bool is_astray(const struct process *process, const struct frame *frame)
{
	const uint64_t user_end = 1ULL << 56; /* of the largest address space there is */

	return frame->kind == FRAME_UNMAPPED &&
	       ((process->mappings && !process->is_gone) || frame->place >= user_end);
}

/*
 * Frames of callers hold return addresses; a byte less lies in the call. The leaf of each half is
 * where the CPU was, in user space perhaps behind a system call.
 */
static void describe_frames(struct describer *describer, struct process *process,
			    const struct sample_record *record, struct stack *stack)
{
	uint32_t n_kernel = record->n_kernel_frames;

	stack->outcome = record->outcome;
	for (uint32_t i = 0; i < stack->n_frames; i++) {
		bool is_leaf = i == 0 || i == n_kernel;
		uint64_t pc = record->frames[i] - !is_leaf;

		if (i < n_kernel) {
			stack->frames[i] = (struct frame){ FRAME_KERNEL, 0, pc };
			continue;
		}
		stack->frames[i] = process_reader_place(&describer->reader, process, pc);
		if (!is_leaf && is_astray(process, &stack->frames[i])) {
			stack->outcome = STACK_TRUNCATED_FRAME_POINTER;
			stack->n_frames = i;
		}
	}
}

/* A stack with a pc that is not mapped yet, in a process that lives: the kernel half shall send its
 * frames once more, for the mappings may be there when it is seen again. */
static void note_unmapped(struct describer *describer, struct process *process, struct stack *stack)
{
	for (uint32_t i = 0; i < stack->n_frames; i++)
		stack->is_provisional |= stack->frames[i].kind == FRAME_UNMAPPED;
	stack->is_provisional &= !process->is_gone && process->n_provisional < MAX_PROVISIONAL;
	if (!stack->is_provisional)
		return;
	process->n_provisional++;
	describer->options.on_forget_stack(describer->options.context, stack->hash);
}

static int get_stack(struct describer *describer, struct process *process,
		     const struct sample_record *record, size_t size, struct stack **ret_stack)
{
	uint32_t n_frames = record->n_kernel_frames + record->n_user_frames;
	bool has_frames = size == sizeof(*record) + n_frames * sizeof(record->frames[0]);
	struct stack *stack = stack_table_find(describer->stacks, record->stack_hash);
	int r;

	if (stack && stack->is_provisional && has_frames) {
		stack_table_remove(describer->stacks, stack);
		stack = NULL;
	}
	if (stack) {
		*ret_stack = stack;
		return 0;
	}
	if (!has_frames)
		return -ENOENT;
	r = stack_table_add(describer->stacks, record->stack_hash, n_frames, ret_stack);
	if (r < 0) {
		describer->options.on_forget_stack(describer->options.context, record->stack_hash);
		return r;
	}
	describe_frames(describer, process, record, *ret_stack);
	note_unmapped(describer, process, *ret_stack);
	return 0;
}

static struct channel *server_channel(const struct describer *describer)
{
	return describer->options.server->channel;
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

static int send_process(struct describer *describer, struct process *process)
{
	struct message_process message = { process->number, process->key.pid };
	const struct iovec parts[] = { { &message, sizeof(message) },
				       text_part(process->comm),
				       text_part(process->exe),
				       text_part(process->cgroup) };
	int r = channel_send_parts(server_channel(describer), MESSAGE_PROCESS, parts,
				   ARRAY_SIZE(parts));

	if (r == 0)
		process->dictionary = describer->dictionary;
	return r;
}

/* Its name may change while it runs: what the last sample said counts. */
static int describe_process(struct describer *describer, struct process *process,
			    const char comm[WIRE_COMM_BYTES])
{
	bool is_renamed = strncmp(process->comm, comm, sizeof(process->comm) - 1) != 0;

	if (is_renamed)
		memcpy(process->comm, comm, sizeof(process->comm) - 1);
	process->last_used = describer->dictionary;
	if (process->dictionary == describer->dictionary && !is_renamed)
		return 0;
	return send_process(describer, process);
}

static int describe_thread(struct describer *describer, const struct process *process,
			   struct thread *thread)
{
	struct message_thread message = { thread->number, process->number, thread->tid, 0 };
	const struct iovec parts[] = { { &message, sizeof(message) }, text_part(thread->name) };
	int r;

	thread->last_used = describer->dictionary;
	if (thread->dictionary == describer->dictionary)
		return 0;
	r = channel_send_parts(server_channel(describer), MESSAGE_THREAD, parts, ARRAY_SIZE(parts));
	if (r == 0)
		thread->dictionary = describer->dictionary;
	return r;
}

static int describe_stack(struct describer *describer, struct stack *stack)
{
	struct message_stack message = { stack->number, stack->n_frames };
	const struct iovec parts[] = { { &message, sizeof(message) },
				       { stack->frames,
					 stack->n_frames * sizeof(stack->frames[0]) } };
	int r;

	stack->last_used = describer->dictionary;
	if (stack->dictionary == describer->dictionary)
		return 0;
	describer->described_bytes += parts[0].iov_len + parts[1].iov_len;
	for (uint32_t i = 0; i < stack->n_frames; i++) {
		struct binary *binary =
			binary_describer_find(describer->binaries, stack->frames[i].file);

		r = binary ? binary_describer_describe(describer->binaries, binary) : 0;
		if (r < 0)
			return r;
	}
	r = channel_send_parts(server_channel(describer), MESSAGE_STACK, parts, ARRAY_SIZE(parts));
	if (r == 0)
		stack->dictionary = describer->dictionary;
	return r;
}

static int describe_sample(struct describer *describer, const struct sample_record *record,
			   size_t size, struct sample *ret_sample)
{
	struct process *process;
	struct thread *thread;
	struct stack *stack;
	int r;

	r = get_process(describer, &record->header.process, &process);
	if (r == 0)
		r = process_table_get_thread(describer->processes, process, record->tid,
					     record->thread, &thread);
	if (r == 0)
		r = get_stack(describer, process, record, size, &stack);
	if (r == 0)
		r = describe_process(describer, process, record->comm);
	if (r == 0)
		r = describe_thread(describer, process, thread);
	if (r == 0)
		r = describe_stack(describer, stack);
	if (r < 0)
		return r;
	*ret_sample = (struct sample){
		.time_unix_ns =
			(int64_t)record->header.time_ns + describer->unix_minus_monotonic_ns,
		.value = record->value,
		.weight = record->weight,
		.thread = thread->number,
		.stack = stack->number,
		.cpu = (uint16_t)record->header.cpu,
		.kind = record->kind,
		.outcome = (uint16_t)stack->outcome,
	};
	return 0;
}

static enum drop_reason reason_of_error(int error)
{
	switch (error) {
	case -ENOENT:
		return DROP_NO_STACK;
	case -ENOSPC:
		return DROP_TABLE_FULL;
	case -ENOMEM:
		return DROP_NO_MEMORY;
	default:
		return DROP_SERVER_BUSY;
	}
}

static bool sample_is_valid(const struct sample_record *record, size_t size)
{
	return size >= sizeof(*record) && record->n_kernel_frames <= WIRE_MAX_FRAMES &&
	       record->n_user_frames <= WIRE_MAX_FRAMES && record->kind < SAMPLE_KIND_COUNT &&
	       record->outcome < STACK_OUTCOME_COUNT;
}

static void take_sample(struct describer *describer, const struct sample_record *record,
			size_t size)
{
	int r;

	if (!sample_is_valid(record, size)) {
		describer->dropped[DROP_BAD_RECORD]++;
		return;
	}
	if (describer->n_samples == MAX_SAMPLES_AT_ONCE)
		describer_flush(describer);
	r = describe_sample(describer, record, size, &describer->samples[describer->n_samples]);
	if (r < 0)
		describer->dropped[reason_of_error(r)]++;
	else
		describer->n_samples++;
}

/* The process that had this key will not be seen again: what is open of it may go. */
static void take_end(struct describer *describer, struct process_key key)
{
	struct process *process = process_table_find(describer->processes, &key);

	if (!process)
		return;
	process->is_gone = true;
	process_set_mappings(process, NULL);
}

void describer_take_record(struct describer *describer, const void *record, size_t size)
{
	const struct record_header *header = record;
	struct process_key before = header->process;

	if (size < sizeof(struct lifecycle_record)) {
		describer->dropped[DROP_BAD_RECORD]++;
		return;
	}
	switch (header->type) {
	case RECORD_SAMPLE:
		take_sample(describer, record, size);
		break;
	case RECORD_EXEC:
		before.exec_id--;
		take_end(describer, before);
		break;
	case RECORD_EXIT:
		take_end(describer, header->process);
		break;
	default:
		describer->dropped[DROP_BAD_RECORD]++;
	}
}

void describer_flush(struct describer *describer)
{
	int r;

	describer->unix_minus_monotonic_ns = clock_unix_ns() - clock_monotonic_ns();
	if (!describer->n_samples)
		return;
	r = channel_send(server_channel(describer), MESSAGE_SAMPLES, describer->samples,
			 describer->n_samples * sizeof(describer->samples[0]));
	if (r < 0)
		describer->dropped[reason_of_error(r)] += describer->n_samples;
	else
		describer->n_sent += describer->n_samples;
	describer->n_samples = 0;
}

bool describer_is_settled(const struct describer *describer)
{
	return describer->stored.n_stored + describer->stored.n_refused == describer->n_sent;
}

uint64_t describer_stored_count(const struct describer *describer)
{
	return describer->stored_before + describer->stored.n_stored;
}

bool describer_is_server_ready(const struct describer *describer)
{
	return server_channel(describer) && describer->dictionary &&
	       describer_is_settled(describer);
}

int describer_begin_dictionary(struct describer *describer)
{
	const struct message_number message = { .number = describer->dictionary + 1 };
	int r;

	r = channel_send(server_channel(describer), MESSAGE_DICTIONARY, &message, sizeof(message));
	if (r < 0)
		return r;
	describer->dictionary = message.number;
	describer->described_bytes = 0;
	describer->unix_minus_monotonic_ns = clock_unix_ns() - clock_monotonic_ns();
	return binary_describer_begin_dictionary(describer->binaries, message.number);
}

/* Forget the processes and stacks that no dictionary from @dictionary on has used. */
static void forget_unused(struct describer *describer, uint32_t dictionary)
{
	process_table_forget_unused(describer->processes, dictionary);
	stack_table_forget_unused(describer->stacks, dictionary, describer->options.on_forget_stack,
				  describer->options.context);
}

void describer_end_period(struct describer *describer)
{
	forget_unused(describer, describer->period_starts[0]);
	binary_describer_forget_unused(describer->binaries, describer->period_starts[1]);
	if (server_channel(describer))
		(void)describer_begin_dictionary(describer);
	describer->period_starts[1] = describer->period_starts[0];
	describer->period_starts[0] = describer->dictionary;
}

/* Tables that fill up forget at once what was not used since the last time that they did. */
void describer_relieve(struct describer *describer)
{
	uint32_t last = describer->dictionary;

	if (describer->described_bytes < describer->options.memory_bytes / 8 &&
	    stack_table_count(describer->stacks) < WIRE_MAX_STACKS / 4 * 3 &&
	    process_table_count(describer->processes) < MAX_PROCESSES / 4 * 3 &&
	    process_table_thread_count(describer->processes) < MAX_THREADS / 4 * 3)
		return;
	if (server_channel(describer) && describer_begin_dictionary(describer) == 0)
		forget_unused(describer, last);
}

void describer_on_server_end(struct describer *describer)
{
	uint64_t answered = describer->stored.n_stored + describer->stored.n_refused;

	describer->stored_before += describer->stored.n_stored;
	describer->dropped[DROP_STORE_FULL] += describer->stored.n_refused;
	describer->dropped[DROP_SERVER_LOST] += describer->n_sent - answered;
	describer->stored = (struct message_stored){ 0 };
	describer->n_sent = 0;
}

void describer_on_resolver_start(struct describer *describer)
{
	binary_describer_on_resolver_start(describer->binaries);
}

void describer_request_kernel_names(struct describer *describer)
{
	binary_describer_request_kernel(describer->binaries);
}

int describer_on_server_message(struct describer *describer, const struct message *message)
{
	const struct message_stored *stored = message->body;

	if (message->type != MESSAGE_STORED ||
	    stored->n_stored + stored->n_refused > describer->n_sent)
		return -EBADMSG;
	describer->stored = *stored;
	return 0;
}

int describer_on_resolver_message(struct describer *describer, const struct message *message,
				  int fds[MESSAGE_MAX_FDS])
{
	return binary_describer_on_message(describer->binaries, message, fds);
}

void describer_get_status(const struct describer *describer, struct sampler_status *ret_status)
{
	for (int i = 0; i < DROP_REASON_COUNT; i++)
		ret_status->dropped[i] += describer->dropped[i];
	ret_status->stored_before = describer->stored_before;
	ret_status->processes_seen = describer->reader.n_seen;
	ret_status->processes_unreadable = describer->reader.n_unreadable;
	ret_status->mappings_read = describer->reader.n_mappings_read;
	ret_status->n_processes = (uint32_t)process_table_count(describer->processes);
	ret_status->n_stacks = (uint32_t)stack_table_count(describer->stacks);
	binary_describer_get_status(describer->binaries, ret_status);
}
