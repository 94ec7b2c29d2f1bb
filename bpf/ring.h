/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Ring: the maps that all objects share, and who a task is. The loader makes every object use the
 * maps of the first one.
 */

#include "bpf/kernel.h"
#include "bpf/wire.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WIRE_RING_BYTES);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct cpu_counters);
} counters SEC(".maps");

/* Processes to follow, by pid; empty and unread unless select_processes is set. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_MAX_SELECTED);
	__type(key, uint32_t);
	__type(value, uint8_t);
} selected SEC(".maps");

/* Set before loading: only processes in `selected` count. */
const volatile uint8_t select_processes = 0;

static __always_inline int is_selected(uint32_t pid)
{
	return !select_processes || bpf_map_lookup_elem(&selected, &pid);
}

static __always_inline struct cpu_counters *my_counters(void)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(&counters, &zero);
}

static __always_inline void fill_header(struct record_header *header, uint32_t type,
					struct task_struct *task)
{
	struct task_struct *leader = TASK_READ(task, group_leader);

	header->type = type;
	header->cpu = bpf_get_smp_processor_id();
	header->time_ns = bpf_ktime_get_ns();
	header->process.pid = TASK_READ(task, tgid);
	header->process.start_time_ns = TASK_READ(leader, start_boottime);
	header->process.exec_id = (uint32_t)TASK_READ(task, self_exec_id);
}
