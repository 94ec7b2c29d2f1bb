/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

/*
 * Preload: ask for the tables of all that is mapped for execution when we start, so that they are
 * there when it is hit. An object of its own: where the kernel has no such iterator (before 5.12),
 * files are asked for when they are hit.
 */

#include "bpf/file_request.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define VM_EXEC 4

struct vma_scratch {
	struct vma vma;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct vma_scratch);
} vma_scratches SEC(".maps");

SEC("iter/task_vma")
int preload(struct bpf_iter__task_vma *ctx)
{
	struct vm_area_struct *found = ctx->vma;
	struct task_struct *task = ctx->task;
	struct vma_scratch *scratch;
	uint32_t zero = 0;

	if (!task || !found || !(found->vm_flags & VM_EXEC) || !found->vm_file)
		return 0;
	scratch = bpf_map_lookup_elem(&vma_scratches, &zero);
	if (!scratch ||
	    take_vma(&scratch->vma, found, found->vm_start, found->vm_mm, 1) != VMA_FOUND)
		return 0;
	if (!bpf_map_lookup_elem(&unwind_files, &scratch->vma.key))
		ask_for_file(&scratch->vma, task, ASKED_BY_PRELOAD);
	return 0;
}
