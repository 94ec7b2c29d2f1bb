/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

/*
 * Lifecycle: when processes become another program, and when they end. An object of its own: where
 * the kernel refuses it, sampling goes on, and the daemon learns of processes from their samples.
 */

#include "bpf/file_request.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Set before loading: stacks are walked by unwind tables. */
const volatile uint8_t by_tables = 1;

/* A tick may interrupt us here, on the same counters; hence the atomic addition. */
static __always_inline void count_lost(void)
{
	struct cpu_counters *count = my_counters();

	if (count)
		__sync_fetch_and_add(&count->lifecycle_lost, 1);
}

static __always_inline void send(uint32_t type, struct task_struct *task)
{
	struct lifecycle_record record = {};

	fill_header(&record.header, type, task);
	if (bpf_ringbuf_output(&ring, &record, sizeof(record), BPF_RB_NO_WAKEUP))
		count_lost();
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(follow_fork, struct task_struct *parent, struct task_struct *child)
{
	uint32_t parent_pid = parent->tgid, child_pid = child->tgid;
	uint8_t one = 1;

	if (select_processes && parent_pid != child_pid &&
	    bpf_map_lookup_elem(&selected, &parent_pid) &&
	    bpf_map_update_elem(&selected, &child_pid, &one, BPF_ANY))
		count_lost();
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct vma);
} vma_scratches SEC(".maps");

/* Have the table of what is mapped at @pc made, so that it is there when the first tick hits it. */
static __always_inline void preload(struct task_struct *task, uint64_t pc)
{
	uint32_t zero = 0;
	struct vma *vma = bpf_map_lookup_elem(&vma_scratches, &zero);

	if (vma && find_vma(vma, pc, task) == VMA_FOUND && vma->key.inode &&
	    !bpf_map_lookup_elem(&unwind_files, &vma->key))
		ask_for_file(vma, task, ASKED_BY_EXEC);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(send_exec, struct task_struct *task)
{
	if (!is_selected(task->tgid))
		return 0;
	if (task->mm && by_tables)
		preload(task, task->mm->start_code);
	send(RECORD_EXEC, task);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(send_exit, struct task_struct *task)
{
	uint32_t pid = task->tgid;

	if (task->signal->live.counter) /* other threads of the process live on */
		return 0;
	if (!select_processes || !bpf_map_delete_elem(&selected, &pid))
		send(RECORD_EXIT, task);
	return 0;
}
