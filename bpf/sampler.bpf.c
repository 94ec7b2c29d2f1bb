/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

/*
 * Sampler: a tick of the CPU clock becomes one record in the ring.
 *
 * The two stacks are walked into scratch memory of this CPU and hashed: the kernel's by the kernel,
 * the program's by its unwind tables. A stack whose hash was sent
 * before leaves as its hash; only a new one takes its frames along. The hash is remembered after
 * the record is in the ring, so whoever reads the ring in order has always seen the frames first.
 */

#include "bpf/capture.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Hashes of stacks that were sent. One that is pushed out is sent again: nothing is lost. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WIRE_MAX_STACKS);
	__type(key, uint64_t);
	__type(value, uint8_t);
} sent_stacks SEC(".maps");

/* Processes that were seen: a new one wakes the reader at once, while it can still look at it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct process_key);
	__type(value, uint8_t);
} seen_processes SEC(".maps");

/* What one sample stands for; user space changes it with the rate. */
volatile uint64_t period_ns = 0;

/* Set before loading. */
const volatile uint64_t wakeup_bytes = WIRE_RING_BYTES / 4;

enum walk_kind { WALK_BY_TABLES, WALK_BY_FRAME_POINTERS };

/* How many frames a call of bpf_get_stack() wrote, from what it returned. */
static __always_inline uint32_t frame_count(long stack_bytes)
{
	uint32_t n = stack_bytes < 0 ? 0 : (uint32_t)stack_bytes / sizeof(uint64_t);

	return n > WIRE_MAX_FRAMES ? WIRE_MAX_FRAMES : n;
}

static __always_inline uint64_t hash_kernel_stack(const struct scratch *scratch, uint32_t n)
{
	uint64_t hash = n;

	for (uint32_t i = 0; i < WIRE_MAX_FRAMES; i++) {
		if (i >= n)
			break;
		hash = walk_mix(hash, scratch->frames[i]);
	}
	return hash;
}

/* The user half goes behind the kernel's frames. */
static __always_inline void copy_user_stack(struct scratch *scratch, const struct walk *walk,
					    uint32_t n_kernel)
{
	for (uint32_t i = 0; i < UNWIND_MAX_FRAMES; i++) {
		uint64_t to = n_kernel + i;

		if (i >= walk->n_frames)
			break;
		WALK_KEEP(to);
		if (to >= WIRE_MAX_FRAMES + UNWIND_MAX_FRAMES)
			break;
		scratch->frames[to] = walk->frames[i];
	}
}

/* A pc means something in its process only, between two execs; a place in a file, everywhere. */
static __always_inline uint64_t hash_process(uint64_t hash, const struct process_key *process)
{
	hash = walk_mix(hash, process->start_time_ns);
	hash = walk_mix(hash, process->pid);
	return walk_mix(hash, process->exec_id);
}

static __always_inline void walk_kernel(struct bpf_perf_event_data *ctx, struct scratch *scratch)
{
	const uint32_t kernel_bytes = WIRE_MAX_FRAMES * sizeof(uint64_t);
	struct sample_record *record = &scratch->record;

	record->n_kernel_frames = frame_count(bpf_get_stack(ctx, scratch->frames, kernel_bytes, 0));
	record->n_user_frames = 0;
	record->stack_hash = hash_kernel_stack(scratch, record->n_kernel_frames);
}

static __always_inline void count_by_frame_pointer(struct cpu_counters *count,
						   const struct walk *walk)
{
	for (uint32_t kind = 0; kind < UNWIND_FILE_KIND_COUNT; kind++)
		count->frames_by_fp[kind] += walk_count_by_frame_pointer(walk, kind);
}

/*
 * Walk the program's stack. Returns whether the sample was captured: it is finished in user space,
 * and we are done with it.
 */
static __always_inline int walk_user(struct bpf_perf_event_data *ctx, struct scratch *scratch,
				     struct task_struct *task, struct cpu_counters *count)
{
	struct sample_record *record = &scratch->record;
	struct walk_state *state = my_walk();

	record->outcome = STACK_KERNEL_ONLY;
	if (TASK_READ(task, flags) & PF_KTHREAD)
		return 0;
	record->outcome = STACK_NO_USER;
	if (!state || !begin_walk(state, ctx, task))
		return 0;
	record->outcome = run_walk();
	/* In execve() mappings are the new program's before registers are. */
	if (record->outcome == STACK_TRUNCATED_NO_MAPPING && !state->walk.n_frames &&
	    is_in_kernel(ctx))
		record->outcome = STACK_NO_USER;
	if (record->outcome == STACK_PENDING) {
		if (!send_capture()) {
			count->captured++;
			count_by_frame_pointer(count, &state->walk);
			return 1;
		}
		count->capture_lost++;
		state->walk.goes_on = 1; /* by frame pointer, as far as they lead */
		run_walk();
	}
	count_by_frame_pointer(count, &state->walk);
	record->n_user_frames = state->walk.n_frames;
	record->stack_hash = walk_mix(record->stack_hash ^ record->outcome, state->walk.hash);
	if (state->walk.n_pcs)
		record->stack_hash = hash_process(record->stack_hash, &record->header.process);
	return 0;
}

/*
 * Have the kernel walk the program's stack: as far as frame pointers lead, and all frames are pcs.
 * Those of callers are return addresses; a byte less lies in the call.
 */
static __always_inline void walk_user_by_frame_pointers(struct bpf_perf_event_data *ctx,
							struct sample_record *record,
							struct task_struct *task)
{
	const uint32_t user_bytes = WIRE_MAX_FRAMES * sizeof(uint64_t);
	struct walk_state *state = my_walk();
	struct walk *walk;
	uint32_t n;

	record->outcome = STACK_KERNEL_ONLY;
	if (TASK_READ(task, flags) & PF_KTHREAD)
		return;
	record->outcome = STACK_NO_USER;
	if (!state)
		return;
	walk = &state->walk;
	n = frame_count(bpf_get_stack(ctx, walk->frames, user_bytes, BPF_F_USER_STACK));
	if (!n)
		return;
	record->outcome = STACK_FRAME_POINTERS;
	for (uint32_t i = 0; i < WIRE_MAX_FRAMES; i++) {
		if (i >= n)
			break;
		walk->frames[i] -= i > 0;
		record->stack_hash = walk_mix(record->stack_hash, walk->frames[i]);
	}
	walk->n_frames = record->n_user_frames = n;
	record->stack_hash = hash_process(record->stack_hash, &record->header.process);
}

/* Whether the reader must come now: a process that it does not know, or a ring that fills up. */
static __always_inline uint64_t wakeup_flag(const struct process_key *process)
{
	uint8_t seen = 1;

	if (!bpf_map_lookup_elem(&seen_processes, process)) {
		bpf_map_update_elem(&seen_processes, process, &seen, BPF_ANY);
		return BPF_RB_FORCE_WAKEUP;
	}
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > wakeup_bytes)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

static __always_inline void submit(struct scratch *scratch, struct cpu_counters *count)
{
	struct sample_record *record = &scratch->record;
	uint64_t flag = wakeup_flag(&record->header.process);
	uint64_t size = sizeof(*record);
	uint8_t sent = 1;
	int is_new = !bpf_map_lookup_elem(&sent_stacks, &record->stack_hash);

	if (is_new) {
		struct walk_state *state = my_walk();

		if (state && record->n_user_frames)
			copy_user_stack(scratch, &state->walk, record->n_kernel_frames);
		size += (record->n_kernel_frames + record->n_user_frames) * sizeof(uint64_t);
	}
	WALK_KEEP(size);
	if (size > sizeof(*scratch))
		size = sizeof(*scratch);
	if (bpf_ringbuf_output(&ring, scratch, size, flag)) {
		count->dropped[DROP_RING_FULL]++;
		return;
	}
	count->submitted++;
	if (is_new) {
		count->stacks_sent++;
		bpf_map_update_elem(&sent_stacks, &record->stack_hash, &sent, BPF_ANY);
	}
}

static __always_inline void copy_name(char *to, const struct task_struct *task)
{
	if (KNOWS_TASK)
		__builtin_memcpy(to, task->comm, WIRE_COMM_BYTES);
	else
		bpf_core_read(to, WIRE_COMM_BYTES, &task->comm);
}

static __always_inline void fill_sample(struct sample_record *record, struct task_struct *task)
{
	fill_header(&record->header, RECORD_SAMPLE, task);
	record->tid = TASK_READ(task, pid);
	record->kind = SAMPLE_CPU;
	record->value = period_ns;
	record->weight = 1;
	copy_name(record->comm, TASK_READ(task, group_leader));
	copy_name(record->thread, task);
}

static __always_inline int take_sample(struct bpf_perf_event_data *ctx, enum walk_kind kind)
{
	struct task_struct *task = current_task();
	struct cpu_counters *count = my_counters();
	uint32_t zero = 0;
	struct scratch *scratch;

	if (!count)
		return 0;
	count->ticks++;
	if (!TASK_READ(task, pid)) {
		count->idle++;
		return 0;
	}
	if (!is_selected(TASK_READ(task, tgid))) {
		count->dropped[DROP_NOT_SELECTED]++;
		return 0;
	}
	scratch = bpf_map_lookup_elem(&scratches, &zero);
	if (!scratch) {
		count->dropped[DROP_NO_SCRATCH]++;
		return 0;
	}
	fill_sample(&scratch->record, task);
	walk_kernel(ctx, scratch);
	if (kind == WALK_BY_FRAME_POINTERS)
		walk_user_by_frame_pointers(ctx, &scratch->record, task);
	else if (walk_user(ctx, scratch, task, count)) {
		count->submitted++;
		return 0;
	}
	submit(scratch, count);
	return 0;
}

SEC("perf_event")
int sample_cpu(struct bpf_perf_event_data *ctx)
{
	return take_sample(ctx, WALK_BY_TABLES);
}

/* Instead of it, where the walk by tables is not wanted, or cannot be trusted. */
SEC("perf_event")
int sample_by_frame_pointers(struct bpf_perf_event_data *ctx)
{
	return take_sample(ctx, WALK_BY_FRAME_POINTERS);
}
