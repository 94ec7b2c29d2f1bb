/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

/*
 * Walks: the sampler's walk through the program's stack, timed beside the kernel's own by frame
 * pointer, on the same stack at the same moment. Each goes first in turn, so that none finds the
 * caches always warm.
 */

#include "bpf/unwind.h"
#include "tests/bench/bpf/walks.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16384);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, 127 * sizeof(uint64_t));
} stack_ids SEC(".maps");

struct stack {
	uint64_t pcs[UNWIND_MAX_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct stack);
} stacks SEC(".maps");

uint64_t n_walks;
struct timed_walk walks[WALKS_MAX];

static __always_inline void walk_by(uint64_t way, struct bpf_perf_event_data *ctx,
				    struct timed_walk *timed)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct walk_state *state = my_walk();
	uint32_t zero = 0;
	struct stack *stack = bpf_map_lookup_elem(&stacks, &zero);
	uint64_t start_ns = bpf_ktime_get_ns(), ns;

	if (!state || !stack)
		return;
	if (way == WALK_BY_TABLES) {
		timed->outcome = begin_walk(state, ctx, task) ? run_walk() : STACK_NO_USER;
		timed->n_frames[0] = state->walk.n_frames;
	} else if (way == WALK_BY_GET_STACK) {
		long n = bpf_get_stack(ctx, stack, sizeof(*stack), BPF_F_USER_STACK);

		timed->n_frames[1] = n < 0 ? 0 : n / sizeof(uint64_t);
	} else {
		bpf_get_stackid(ctx, &stack_ids, BPF_F_USER_STACK | BPF_F_REUSE_STACKID);
	}
	ns = bpf_ktime_get_ns() - start_ns;
	WALK_KEEP(way);
	if (way < WALK_WAY_COUNT)
		timed->ns[way] = ns;
}

static __always_inline int time_walks(struct bpf_perf_event_data *ctx)
{
	uint64_t i = __sync_fetch_and_add(&n_walks, 1);
	struct timed_walk *timed = &walks[i % WALKS_MAX];

	timed->first = i % WALK_WAY_COUNT;
	for (uint32_t n = 0; n < WALK_WAY_COUNT; n++)
		walk_by((timed->first + n) % WALK_WAY_COUNT, ctx, timed);
	return 0;
}

/* A tick: caches are as the program has left them. */
SEC("perf_event")
int time_sampled_walks(struct bpf_perf_event_data *ctx)
{
	return time_walks(ctx);
}

/* A place in the program that is passed again and again: caches are warm. The registers are what
 * the context of both kinds of programs begins with. */
SEC("uprobe")
int time_hot_walks(struct pt_regs *ctx)
{
	return time_walks((struct bpf_perf_event_data *)ctx);
}
