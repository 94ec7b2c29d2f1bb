/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Capture: a sample that cannot be walked further takes its registers and its stack along.
 */

#include "bpf/unwind.h"

enum {
	GO_LAST_WORDS = 16, /* before the thread pointer: where g is looked for */
	GO_FIRST_CURG = 16, /* word of m: further up than m.gsignal, which is a g as well */
};

/* A sample in the making. */
struct scratch {
	struct sample_record record;
	uint64_t frames[WIRE_MAX_FRAMES + UNWIND_MAX_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct scratch);
} scratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WIRE_PENDING_BYTES);
} pending_ring SEC(".maps");

struct capture {
	struct pending_record record;
	uint64_t frames[WIRE_MAX_FRAMES + UNWIND_MAX_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct capture);
} captures SEC(".maps");

static __always_inline long read_words(uint64_t *to, const uint32_t n, uint64_t address)
{
	return bpf_probe_read_user(to, n * sizeof(*to), (void *)address);
}

/* At most @max_bytes of the stack from @sp on, page by page: it may end in any of them. */
static __always_inline uint32_t copy_stack(uint8_t *to, uint64_t sp, const uint64_t max_bytes)
{
	uint64_t n = PAGE_BYTES - (sp & (PAGE_BYTES - 1));
	uint64_t done = 0;

	if (!bpf_probe_read_user(to, max_bytes, (void *)sp))
		return max_bytes;
	for (uint64_t i = 0; i < max_bytes / PAGE_BYTES; i++) {
		WALK_KEEP(n);
		WALK_KEEP(done);
		if (n > PAGE_BYTES || done > max_bytes - PAGE_BYTES ||
		    bpf_probe_read_user(to + done, n, (void *)(sp + done)))
			break;
		done += n;
		n = PAGE_BYTES;
	}
	return done;
}

/* Whether @g, as it seems, is one of Go's: it names an m, whose g0, its first word, names that too.
 */
static __always_inline int is_g(struct pending_go *go, uint64_t g)
{
	uint64_t m_of_g0 = 0;

	if (!g || (g & 7) || read_words(&go->m, 1, g + UNWIND_GO_M_OFF) || !go->m ||
	    read_words(go->m_words, WIRE_GO_M_WORDS, go->m) ||
	    read_words(&m_of_g0, 1, go->m_words[0] + UNWIND_GO_M_OFF))
		return 0;
	go->g = g;
	return m_of_g0 == go->m;
}

/*
 * The rules that tell where Go's runtime keeps what it knows of a thread are in the table that is
 * not there. But what it keeps is known by its form. The thread pointer may point into m, where
 * others of its g's are further down.
 */
__attribute__((noinline)) int find_g(void)
{
	uint32_t zero = 0;
	struct capture *capture = bpf_map_lookup_elem(&captures, &zero);
	uint64_t words[GO_LAST_WORDS];
	uint64_t from;

	if (!capture)
		return 0;
	capture->record.go.g_at = 0;
	from = capture->record.thread_pointer - sizeof(words);
	if (!capture->record.thread_pointer || read_words(words, GO_LAST_WORDS, from))
		return 0;
	for (int i = GO_LAST_WORDS - 1; i >= 0; i--) {
		if (!is_g(&capture->record.go, words[i]))
			continue;
		capture->record.go.g_at = from + i * sizeof(words[0]);
		break;
	}
	return 0;
}

__attribute__((noinline)) int find_goroutine(void)
{
	uint32_t zero = 0;
	struct capture *capture = bpf_map_lookup_elem(&captures, &zero);
	struct pending_go *go;

	if (!capture)
		return 0;
	go = &capture->record.go;
	go->goroutine = 0;
	for (int i = GO_FIRST_CURG; i < WIRE_GO_M_WORDS; i++) {
		uint64_t g = go->m_words[i];

		if (!g || (g & 7) || g == go->m_words[0] ||
		    read_words(go->saved, UNWIND_GO_SAVED_WORDS, g + UNWIND_GO_M_OFF) ||
		    go->saved[0] != go->m)
			continue;
		go->goroutine = g;
		break;
	}
	return 0;
}

/* The stack from where the walk stands on; and, if that is a thread's of Go, its goroutine's. */
__attribute__((noinline)) int copy_stacks(void)
{
	const uint64_t half = WIRE_STACK_BYTES / 2;
	uint32_t zero = 0;
	struct capture *capture = bpf_map_lookup_elem(&captures, &zero);
	struct pending_record *record;

	if (!capture)
		return 0;
	record = &capture->record;
	record->go.stack_bytes = 0;
	if (!record->go.g_at || !record->go.goroutine || record->go.g != record->go.m_words[0]) {
		record->stack_bytes = copy_stack(record->stack, record->sp, WIRE_STACK_BYTES);
		return 0;
	}
	record->stack_bytes = copy_stack(record->stack, record->sp, half);
	record->go.stack_bytes = copy_stack(record->stack + half, record->go.saved[1], half);
	return 0;
}

/*
 * The frames so far, behind the record: those of the kernel, then those of the program. Global
 * functions, lest the verifier follows each way out of one loop into the other.
 */
__attribute__((noinline)) int copy_kernel_frames(void)
{
	uint32_t zero = 0;
	struct capture *capture = bpf_map_lookup_elem(&captures, &zero);
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);

	if (!capture || !scratch)
		return 0;
	for (uint32_t i = 0; i < WIRE_MAX_FRAMES; i++) {
		if (i >= scratch->record.n_kernel_frames)
			break;
		capture->frames[i] = scratch->frames[i];
	}
	return 0;
}

__attribute__((noinline)) int copy_user_frames(void)
{
	uint32_t zero = 0;
	struct capture *capture = bpf_map_lookup_elem(&captures, &zero);
	struct walk_state *state = my_walk();
	uint64_t n_kernel;

	if (!capture || !state)
		return 0;
	n_kernel = capture->record.sample.n_kernel_frames;
	for (uint32_t i = 0; i < UNWIND_MAX_FRAMES; i++) {
		uint64_t to = n_kernel + i;

		if (i >= state->walk.n_frames)
			break;
		WALK_KEEP(to);
		if (to >= WIRE_MAX_FRAMES + UNWIND_MAX_FRAMES)
			break;
		capture->frames[to] = state->walk.frames[i];
	}
	return 0;
}

/* Its place may be below the stack that goes along. Returns whether rbx is among the registers. */
static __always_inline int fetch_rbx(struct walk *walk)
{
	uint64_t rbx;

	if (!ARCH_TELLS_RBX || walk_find_register(walk, WALK_RBX, &rbx) != STEP_ON)
		return 0;
	walk->registers[WALK_RBX] = rbx;
	return 1;
}

/*
 * Send the sample in the making, whose kernel frames are there, with what is needed to finish it.
 * Returns 0, or not. Global, so that it is verified once.
 */
__attribute__((noinline)) int send_capture(void)
{
	uint32_t zero = 0;
	struct capture *capture = bpf_map_lookup_elem(&captures, &zero);
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);
	struct walk_state *state = my_walk();
	uint64_t size = sizeof(struct pending_record);
	struct pending_record *record;

	if (!capture || !scratch || !state)
		return 1;
	record = &capture->record;
	record->sample = scratch->record;
	record->sample.n_user_frames = state->walk.n_frames;
	record->pc = state->walk.pc;
	record->sp = state->walk.sp;
	record->fp = state->walk.fp;
	record->thread_pointer = state->walk.thread_pointer;
	record->has_rbx = fetch_rbx(&state->walk);
	__builtin_memcpy(record->registers, state->walk.registers, sizeof(record->registers));
	record->has_registers = state->walk.has_registers;
	record->has_sp = state->walk.has_sp;
	record->is_leaf = state->walk.is_leaf;
	find_g();
	find_goroutine();
	copy_stacks();
	copy_kernel_frames();
	copy_user_frames();
	size += (record->sample.n_kernel_frames + record->sample.n_user_frames) * sizeof(uint64_t);
	WALK_KEEP(size);
	if (size > sizeof(*capture))
		size = sizeof(*capture);
	return bpf_ringbuf_output(&pending_ring, capture, size, BPF_RB_FORCE_WAKEUP) != 0;
}
