/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/describer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/memory_file.h"
#include "profiler/channel.h"
#include "profiler/daemon/binary_describer.h"
#include "profiler/daemon/container_describer.h"
#include "profiler/daemon/dictionary_writer.h"
#include "profiler/daemon/jit_describer.h"
#include "profiler/daemon/kernel_describer.h"
#include "profiler/daemon/pending_list.h"
#include "profiler/daemon/process_reader.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/stack_describer.h"
#include "profiler/daemon/table_loader.h"
#include "profiler/daemon/walker.h"
#include "profiler/binary_table.h"
#include "profiler/process_table.h"
#include "profiler/stack_table.h"

enum {
	MAX_PROCESSES = 16384,
	MAX_THREADS = 65536,
	MAX_SAMPLES_AT_ONCE = 1024, /* in a packet */
	MAX_UNANSWERED = 1024,      /* samples that the server has not stored, to go on */
	MAX_PENDING = 256,          /* samples that wait for a table, of some 20 KB each */
};

/* How long a sample waits for the table of a file: longer than the resolver takes for a large one.
 */
#define PENDING_WAIT_NS (10 * NS_PER_SECOND)

struct describer {
	struct describer_options options;
	struct process_reader reader;
	struct pending_list *pending;
	uint64_t tables_seen; /* changes of tables that pending samples know of */
	struct dictionary_writer dictionary;
	uint32_t period_starts[2]; /* dictionary at the start of this period, and of the last */
	struct binary_describer *binaries;
	struct jit_describer *jits;
	struct kernel_describer kernel;
	struct process_table *processes;
	struct stack_describer stacks;
	int64_t unix_minus_monotonic_ns;
	struct sample samples[MAX_SAMPLES_AT_ONCE];
	size_t n_samples;
	uint64_t n_sent;              /* samples, to the server that runs now */
	struct message_stored stored; /* by the server that runs now */
	uint64_t stored_before;       /* by those before it */
	uint64_t n_capture_lost;      /* pending samples that found no room to wait */
	uint64_t dropped[DROP_REASON_COUNT];
};

DEFINE_CLEANUP(struct describer *, describer_free)

int describer_new(const struct describer_options *options, struct describer **ret_describer)
{
	const struct process_table_limits limits = { MAX_PROCESSES, MAX_THREADS };
	const struct binary_describer_options binaries = {
		.server = options->server,
		.resolver = options->resolver,
		.fetcher = options->fetcher,
		.debuginfod_urls = options->debuginfod_urls,
		.tables = options->tables,
		.cache = options->cache,
		.debug_folders = options->debug_folders,
		.names_bytes = options->memory_bytes,
	};
	_cleanup_(describer_freep) struct describer *describer = calloc(1, sizeof(*describer));
	int r;

	if (!describer)
		return -ENOMEM;
	describer->options = *options;
	r = binary_describer_new(&binaries, &describer->binaries);
	kernel_describer_init(&describer->kernel, options->server, options->resolver,
			      describer->binaries, options->debug_folders);
	if (r == 0)
		r = jit_describer_new(options->server, options->resolver, options->memory_bytes,
				      &describer->jits);
	describer->dictionary = (struct dictionary_writer){
		.server = options->server,
		.binaries = describer->binaries,
		.jits = describer->jits,
		.containers = container_describer_table(options->containers),
	};
	if (r == 0)
		r = process_reader_init(&describer->reader, describer->binaries, describer->jits,
					options->containers);
	describer->stacks = (struct stack_describer){
		.reader = &describer->reader,
		.tables = options->tables,
		.kernel = &describer->kernel,
		.on_forget_stack = options->on_forget_stack,
		.context = options->context,
	};
	if (r == 0)
		r = pending_list_new(MAX_PENDING, PENDING_WAIT_NS, &describer->pending);
	if (r == 0)
		r = process_table_new(&limits, &describer->processes);
	if (r == 0)
		r = stack_table_new(WIRE_MAX_STACKS, &describer->stacks.table);
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
	jit_describer_free(describer->jits);
	kernel_describer_fini(&describer->kernel);
	process_table_free(describer->processes);
	stack_table_free(describer->stacks.table);
	process_reader_fini(&describer->reader);
	pending_list_free(describer->pending);
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

static struct channel *server_channel(const struct describer *describer)
{
	return describer->options.server->channel;
}

/* Tell the server of what the sample refers to, and fill it in. */
static int describe_sample(struct describer *describer, const struct sample_record *record,
			   struct process *process, struct stack *stack)
{
	struct dictionary_writer *dictionary = &describer->dictionary;
	struct thread *thread;
	int r;

	jit_describer_note_sample(describer->jits, process->jit);
	r = process_table_get_thread(describer->processes, process, record->tid, record->thread,
				     &thread);
	if (r == 0)
		r = dictionary_writer_add_process(dictionary, process, record->comm);
	if (r == 0)
		r = dictionary_writer_add_thread(dictionary, process, thread);
	if (r == 0)
		r = dictionary_writer_add_stack(dictionary, stack);
	if (r < 0)
		return r;
	binary_describer_count_hits(describer->binaries, stack->frames, stack->n_frames);
	if (binary_describer_wants_files(describer->binaries))
		process_reader_read_mapped(&describer->reader, process);
	describer->samples[describer->n_samples++] = (struct sample){
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
	       record->n_user_frames <= UNWIND_MAX_FRAMES && record->kind < SAMPLE_KIND_COUNT &&
	       record->outcome < STACK_OUTCOME_COUNT;
}

static void take_sample(struct describer *describer, const struct sample_record *record,
			size_t size)
{
	struct process *process;
	struct stack *stack;
	int r;

	if (!sample_is_valid(record, size)) {
		describer->dropped[DROP_BAD_RECORD]++;
		return;
	}
	if (describer->n_samples == MAX_SAMPLES_AT_ONCE)
		describer_flush(describer);
	r = get_process(describer, &record->header.process, &process);
	if (r == 0)
		r = stack_describer_get(&describer->stacks, process, record, size, &stack);
	if (r == 0)
		r = describe_sample(describer, record, process, stack);
	if (r < 0)
		describer->dropped[reason_of_error(r)]++;
}

/*
 * Walk the stack of @record to its end, and take the sample. Returns false if a table is awaited
 * still, unless this @is_last_try.
 */
static bool finish_pending(struct describer *describer, struct process *process,
			   const struct pending_record *record, bool is_last_try)
{
	const struct sample_record *sample = &record->sample;
	const uint32_t n_so_far = sample->n_kernel_frames + sample->n_user_frames;
	struct frame frames[MESSAGE_MAX_FRAMES];
	struct walker walker = {
		.reader = &describer->reader,
		.tables = describer->options.tables,
		.process = process,
		.goes_on = is_last_try,
	};
	enum stack_outcome outcome;
	struct stack *stack;
	size_t n_more = 0;
	int r;

	outcome = walker_run(&walker, record, frames + n_so_far, &n_more);
	if (outcome == STACK_PENDING && !is_last_try)
		return false;
	if (outcome == STACK_TRUNCATED_NO_MAPPING && process->is_gone && !process->mappings)
		outcome = STACK_PENDING; /* it had ended before we could read them */
	stack_describer_describe(&describer->stacks, process, sample, frames);
	if (describer->n_samples == MAX_SAMPLES_AT_ONCE)
		describer_flush(describer);
	r = stack_describer_get_finished(&describer->stacks, frames, n_so_far + n_more, outcome,
					 &stack);
	if (r == 0)
		r = describe_sample(describer, sample, process, stack);
	if (r < 0)
		describer->dropped[reason_of_error(r)]++;
	return true;
}

/* Mappings of a process that has ended are of use only to samples of it that wait. */
static void drop_mappings(struct process *process)
{
	if (process->is_gone && !process->n_pending)
		process_set_mappings(process, NULL);
}

static bool try_pending(void *context, const struct pending_record *record, bool is_last_try)
{
	struct describer *describer = context;
	struct process *process =
		process_table_find(describer->processes, &record->sample.header.process);

	assert(process); /* it stays as long as samples of it wait */
	if (!finish_pending(describer, process, record, is_last_try))
		return false;
	process->n_pending--;
	drop_mappings(process);
	return true;
}

/* It waits; or is finished as far as that is possible now, where too many wait. */
static int add_pending(struct describer *describer, struct process *process,
		       const struct pending_record *record, size_t size)
{
	int r = pending_list_add(describer->pending, record, size, clock_monotonic_ns());

	if (r == -ENOSPC) {
		describer->n_capture_lost++;
		finish_pending(describer, process, record, true);
		return 0;
	}
	if (r == 0)
		process->n_pending++;
	return r;
}

void describer_take_pending(struct describer *describer, const void *bytes, size_t size)
{
	const struct pending_record *record = bytes;
	struct process *process;
	int r;

	if (size < sizeof(*record) || record->stack_bytes > WIRE_STACK_BYTES ||
	    record->go.stack_bytes > WIRE_STACK_BYTES / 2 ||
	    !sample_is_valid(&record->sample, size) ||
	    size != sizeof(*record) +
			    (record->sample.n_kernel_frames + record->sample.n_user_frames) *
				    sizeof(uint64_t)) {
		describer->dropped[DROP_BAD_RECORD]++;
		return;
	}
	r = get_process(describer, &record->sample.header.process, &process);
	if (r == 0 && !process->n_mappings_read)
		process_reader_read_mapped(&describer->reader, process);
	if (r == 0)
		r = add_pending(describer, process, record, size);
	if (r < 0)
		describer->dropped[reason_of_error(r)]++;
}

void describer_finish_pending(struct describer *describer)
{
	uint64_t n_changes = table_loader_change_count(describer->options.tables);
	bool is_news = n_changes != describer->tables_seen;

	describer->tables_seen = n_changes;
	pending_list_run(describer->pending, clock_monotonic_ns(), is_news, try_pending, describer);
}

/* A file that cannot be opened now may be by the next process; one that never can is left alone. */
static void take_file(struct describer *describer, const struct file_record *record, size_t size)
{
	_cleanup_(closep) int fd = -1;
	int r;

	if (size < sizeof(*record)) {
		describer->dropped[DROP_BAD_RECORD]++;
		return;
	}
	fd = process_reader_open(&describer->reader, &record->header.process);
	r = fd < 0 ? fd : binary_describer_take_file(describer->binaries, record, fd);
	if (r < 0)
		table_loader_reject(describer->options.tables, &record->key, record->file,
				    r != -ESRCH && r != -ENOENT && r != -ESTALE);
}

/* The process that had this key until then will not be seen again: what is open of it may go. And
 * mappings that were read later are those of another program. */
static void take_end(struct describer *describer, const struct process_key *key, uint64_t time_ns)
{
	struct process *process = process_table_find(describer->processes, key);

	if (!process)
		return;
	process->is_gone = true;
	jit_describer_note_end(describer->jits, process->jit);
	if (process->mappings_read_ns >= (int64_t)time_ns)
		process_set_mappings(process, NULL);
	drop_mappings(process);
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
		take_end(describer, &before, header->time_ns);
		break;
	case RECORD_EXIT:
		take_end(describer, &header->process, header->time_ns);
		break;
	case RECORD_FILE:
		take_file(describer, record, size);
		break;
	default:
		describer->dropped[DROP_BAD_RECORD]++;
	}
}

void describer_flush(struct describer *describer)
{
	int r;

	describer->unix_minus_monotonic_ns = clock_unix_ns() - clock_monotonic_ns();
	dictionary_writer_tell_containers(&describer->dictionary, describer->processes);
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

static uint64_t unanswered_count(const struct describer *describer)
{
	const struct message_stored *stored = &describer->stored;

	return describer->n_sent - stored->n_stored - stored->n_refused - stored->n_left_out;
}

bool describer_is_settled(const struct describer *describer)
{
	return !unanswered_count(describer);
}

bool describer_has_pending(const struct describer *describer)
{
	return pending_list_count(describer->pending) > 0;
}

uint64_t describer_stored_count(const struct describer *describer)
{
	return describer->stored_before + describer->stored.n_stored;
}

uint64_t describer_sent_count(const struct describer *describer)
{
	return describer->n_sent;
}

bool describer_is_server_ready(const struct describer *describer)
{
	return server_channel(describer) && describer->dictionary.number &&
	       unanswered_count(describer) <= MAX_UNANSWERED;
}

int describer_begin_dictionary(struct describer *describer)
{
	int r;

	describer->unix_minus_monotonic_ns = clock_unix_ns() - clock_monotonic_ns();
	r = dictionary_writer_begin(&describer->dictionary);
	return r < 0 ? r : kernel_describer_describe(&describer->kernel);
}

/* Forget the processes and stacks that no dictionary from @dictionary on has used. */
static void forget_unused(struct describer *describer, uint32_t dictionary)
{
	process_table_forget_unused(describer->processes, dictionary);
	stack_table_forget_unused(describer->stacks.table, dictionary,
				  describer->options.on_forget_stack, describer->options.context);
	jit_describer_forget_unused(describer->jits, dictionary);
}

void describer_end_period(struct describer *describer)
{
	forget_unused(describer, describer->period_starts[0]);
	binary_describer_forget_unused(describer->binaries, describer->period_starts[1]);
	if (server_channel(describer))
		(void)describer_begin_dictionary(describer);
	describer->period_starts[1] = describer->period_starts[0];
	describer->period_starts[0] = describer->dictionary.number;
	kernel_describer_request(&describer->kernel);
}

static bool is_crowded(const struct describer *describer)
{
	return describer->dictionary.stack_bytes >= describer->options.memory_bytes / 8 ||
	       stack_table_count(describer->stacks.table) >= WIRE_MAX_STACKS / 4 * 3 ||
	       process_table_count(describer->processes) >= MAX_PROCESSES / 4 * 3 ||
	       process_table_thread_count(describer->processes) >= MAX_THREADS / 4 * 3;
}

/* Tables that fill up forget at once what was not used since the last time that they did. */
void describer_relieve(struct describer *describer)
{
	bool has_too_many_files = binary_describer_is_crowded(describer->binaries);
	uint32_t last = describer->dictionary.number;

	if (!has_too_many_files && !is_crowded(describer))
		return;
	if (!server_channel(describer) || describer_begin_dictionary(describer) < 0)
		return;
	forget_unused(describer, last);
	if (has_too_many_files)
		binary_describer_forget_unused(describer->binaries, last);
}

void describer_tend_files(struct describer *describer)
{
	jit_describer_look(describer->jits);
	binary_describer_close_idle(describer->binaries);
	if (kernel_describer_has_news(&describer->kernel))
		stack_describer_meet_again(&describer->stacks);
	kernel_describer_refresh(&describer->kernel);
	if (kernel_describer_has_moved(&describer->kernel) && server_channel(describer))
		(void)describer_begin_dictionary(describer);
}

void describer_find_last_names(struct describer *describer)
{
	jit_describer_look_at_once(describer->jits);
}

uint32_t describer_unread_count(const struct describer *describer)
{
	struct sampler_status status = { 0 };

	describer_get_status(describer, &status);
	return status.n_builds_queued + status.jit.n_queued + status.fetches.n_queued;
}

void describer_on_server_end(struct describer *describer)
{
	describer->stored_before += describer->stored.n_stored;
	describer->dropped[DROP_STORE_FULL] += describer->stored.n_refused;
	describer->dropped[DROP_LABEL_RULE] += describer->stored.n_left_out;
	/* Those that were not sent yet refer to what only that server was told. */
	describer->dropped[DROP_SERVER_LOST] += unanswered_count(describer) + describer->n_samples;
	describer->n_samples = 0;
	describer->stored = (struct message_stored){ 0 };
	describer->n_sent = 0;
	binary_describer_on_server_end(describer->binaries);
}

void describer_on_resolver_start(struct describer *describer)
{
	binary_describer_on_resolver_start(describer->binaries);
	jit_describer_on_resolver_start(describer->jits);
	kernel_describer_request(&describer->kernel);
}

int describer_on_server_message(struct describer *describer, const struct message *message)
{
	const struct message_stored *stored = message->body;

	if (message->type != MESSAGE_STORED ||
	    stored->n_stored + stored->n_refused + stored->n_left_out > describer->n_sent)
		return -EBADMSG;
	describer->stored = *stored;
	return 0;
}

int describer_on_resolver_message(struct describer *describer, const struct message *message,
				  int fds[MESSAGE_MAX_FDS])
{
	const struct message_number *file = message->body; /* as all begin that are of a file */

	for (int i = 0; i < MESSAGE_MAX_FDS; i++)
		if (fds[i] >= 0 && !memory_file_is_sealed(fds[i]))
			return -EBADMSG;
	if (message->body_bytes >= sizeof(*file) && jit_describer_owns(file->number))
		return jit_describer_on_message(describer->jits, message, fds);
	if (kernel_describer_owns(message))
		return kernel_describer_on_message(&describer->kernel, message, fds);
	return binary_describer_on_message(describer->binaries, message, fds);
}

struct binary_describer *describer_binaries(const struct describer *describer)
{
	return describer->binaries;
}

void describer_get_status(const struct describer *describer, struct sampler_status *ret_status)
{
	for (int i = 0; i < DROP_REASON_COUNT; i++)
		ret_status->dropped[i] += describer->dropped[i];
	ret_status->capture_lost += describer->n_capture_lost;
	ret_status->stored_before = describer->stored_before;
	ret_status->processes_seen = describer->reader.n_seen;
	ret_status->processes_unreadable = describer->reader.n_unreadable;
	ret_status->mappings_read = describer->reader.n_mappings_read;
	ret_status->n_processes = (uint32_t)process_table_count(describer->processes);
	ret_status->n_stacks = (uint32_t)stack_table_count(describer->stacks.table);
	binary_describer_get_status(describer->binaries, ret_status);
	jit_describer_get_status(describer->jits, &ret_status->jit);
}
