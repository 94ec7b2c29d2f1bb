/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

/*
 * VMA trial: what the walk through mappings says of a pc of the process that asks. It is run by
 * hand, before the walk is trusted, and never attached.
 */

#include "bpf/vma.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct vma_answer);
} answers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct vma);
} vma_scratches SEC(".maps");

SEC("raw_tp")
int ask(struct bpf_raw_tracepoint_args *ctx)
{
	uint32_t zero = 0;
	struct vma_answer *answer = bpf_map_lookup_elem(&answers, &zero);
	struct vma *vma = bpf_map_lookup_elem(&vma_scratches, &zero);

	if (!answer || !vma)
		return 0;
	*answer = (struct vma_answer){ .flavour = vma_flavour() };
	if (find_vma(vma, ctx->args[0], current_task()) != VMA_FOUND)
		return 0;
	answer->is_found = 1;
	answer->start_pc = vma->start_pc;
	answer->end_pc = vma->end_pc;
	answer->file_off = vma->file_off;
	answer->key = vma->key;
	return 0;
}
