/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

/*
 * Sampler: a tick of the CPU clock becomes one record in the ring.
 *
 * The two stacks are walked into scratch memory of this CPU and hashed. A stack whose hash was sent
 * before leaves as its hash; only a new one takes its frames along. The hash is remembered after
 * the record is in the ring, so whoever reads the ring in order has always seen the frames first.
 */

#include "bpf/ring.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct scratch {
	struct sample_record record;
	uint64_t frames[2 * WIRE_MAX_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct scratch);
} scratches SEC(".maps");

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

static __always_inline int is_selected(uint32_t pid)
{
	return !select_processes || bpf_map_lookup_elem(&selected, &pid);
}

/* How many frames a call of bpf_get_stack() wrote, from what it returned. */
static __always_inline uint32_t frame_count(long stack_bytes)
{
	uint32_t n = stack_bytes < 0 ? 0 : (uint32_t)stack_bytes / sizeof(uint64_t);

	return n > WIRE_MAX_FRAMES ? WIRE_MAX_FRAMES : n;
}

static __always_inline void walk_stacks(void *ctx, struct scratch *scratch, uint32_t task_flags)
{
	const uint32_t half_bytes = WIRE_MAX_FRAMES * sizeof(uint64_t);
	struct sample_record *record = &scratch->record;
	uint32_t n_kernel, n_user = 0;

	n_kernel = frame_count(bpf_get_stack(ctx, scratch->frames, half_bytes, 0));
	record->outcome = STACK_KERNEL_ONLY;
	if (!(task_flags & PF_KTHREAD)) {
		n_user = frame_count(bpf_get_stack(ctx, &scratch->frames[n_kernel], half_bytes,
						   BPF_F_USER_STACK));
		record->outcome = n_user ? STACK_WHOLE : STACK_NO_USER;
	}
	if (n_kernel == WIRE_MAX_FRAMES || n_user == WIRE_MAX_FRAMES)
		record->outcome = STACK_TRUNCATED_DEPTH;
	record->n_kernel_frames = n_kernel;
	record->n_user_frames = n_user;
}

static __always_inline uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9fb21c651e98df25ULL;
	return hash ^ (hash >> 32);
}

/* The frames, and all that tells what they mean: addresses of a process between two execs. */
static __always_inline uint64_t hash_stack(const struct scratch *scratch)
{
	const struct sample_record *record = &scratch->record;
	uint32_t n = record->n_kernel_frames + record->n_user_frames;
	uint64_t hash = mix(record->header.process.start_time_ns, record->header.process.pid);

	hash = mix(hash, record->header.process.exec_id);
	hash = mix(hash, (uint64_t)record->n_kernel_frames << 32 | record->n_user_frames);
	for (uint32_t i = 0; i < 2 * WIRE_MAX_FRAMES; i++) {
		if (i >= n)
			break;
		hash = mix(hash, scratch->frames[i]);
	}
	return hash;
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

	if (is_new)
		size += (record->n_kernel_frames + record->n_user_frames) * sizeof(uint64_t);
	asm volatile("" : "+r"(size)); /* lest clang checks one copy and passes on another */
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

static __always_inline void fill_sample(struct sample_record *record, struct task_struct *task)
{
	fill_header(&record->header, RECORD_SAMPLE, task);
	record->tid = task->pid;
	record->kind = SAMPLE_CPU;
	record->value = period_ns;
	record->weight = 1;
	__builtin_memcpy(record->comm, task->group_leader->comm, WIRE_COMM_BYTES);
	__builtin_memcpy(record->thread, task->comm, WIRE_COMM_BYTES);
}

SEC("perf_event")
int sample_cpu(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cpu_counters *count = my_counters();
	uint32_t zero = 0;
	struct scratch *scratch;

	if (!count)
		return 0;
	count->ticks++;
	if (!task->pid) {
		count->idle++;
		return 0;
	}
	if (!is_selected(task->tgid)) {
		count->dropped[DROP_NOT_SELECTED]++;
		return 0;
	}
	scratch = bpf_map_lookup_elem(&scratches, &zero);
	if (!scratch) {
		count->dropped[DROP_NO_SCRATCH]++;
		return 0;
	}
	fill_sample(&scratch->record, task);
	walk_stacks(ctx, scratch, task->flags);
	scratch->record.stack_hash = hash_stack(scratch);
	submit(scratch, count);
	return 0;
}
