/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

/*
 * Preload: ask for the tables of all that processes which we follow have mapped for execution when
 * we start, so that they are there when it is hit. An object of its own, of which one program is
 * loaded: from 5.12 on the kernel iterates over mappings, before that over tasks only.
 */

#include "bpf/file_request.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_MAPPINGS 4096 /* of a task, that are looked at one by one */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct vma);
} vma_scratches SEC(".maps");

static __always_inline void preload(struct task_struct *task, struct vm_area_struct *found,
				    int is_direct)
{
	uint32_t zero = 0;
	struct vma *vma = bpf_map_lookup_elem(&vma_scratches, &zero);

	if (!vma || !(READ_FIELD(is_direct, found, vm_flags) & VM_EXEC) ||
	    !READ_FIELD(is_direct, found, vm_file))
		return;
	if (take_vma(vma, found, READ_FIELD(is_direct, found, vm_start),
		     READ_FIELD(is_direct, found, vm_mm), is_direct) == VMA_FOUND &&
	    !bpf_map_lookup_elem(&unwind_files, &vma->key))
		ask_for_file(vma, task, ASKED_BY_PRELOAD);
}

SEC("iter/task_vma")
int preload_mapping(struct bpf_iter__task_vma *ctx)
{
	struct vm_area_struct *found = ctx->vma;
	struct task_struct *task = ctx->task;

	if (task && found && is_selected(task->tgid))
		preload(task, found, 1);
	return 0;
}

/* Global, so that it is verified once; which takes numbers only. */
__attribute__((noinline)) int preload_at(uint64_t task, uint64_t found)
{
	preload((void *)task, (void *)found, 0);
	return 0;
}

/* Along the list of a process's mappings, which may change under us: reads never fault, and it
 * ends. */
SEC("iter/task")
int preload_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct vm_area_struct___6_0 *found;
	struct task_struct *leader;

	if (!task || task->pid != task->tgid || !task->mm || !is_selected(task->tgid))
		return 0;
	leader = BPF_CORE_READ(task, group_leader); /* itself, as a number */
	found = BPF_CORE_READ((struct mm_struct___6_0 *)task->mm, mmap);
	for (int i = 0; found && i < MAX_MAPPINGS; i++) {
		preload_at((uint64_t)leader, (uint64_t)found);
		found = BPF_CORE_READ(found, vm_next);
	}
	return 0;
}
