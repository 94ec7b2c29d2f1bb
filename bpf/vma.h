/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * VMA: which mapping does a pc lie in? A walk through the tree of the current task's mappings
 * without any lock, in three flavours:
 *
 *     6.2 and later  maple tree, read through bpf_rdonly_cast()
 *     6.1            maple tree, read by bpf_probe_read_kernel()
 *     5.10 to 6.0    red-black tree, likewise
 *
 * The tree may change under us. Reads never fault, a mapping must still be one of this mm's that
 * holds the pc, and what comes of it is the key of a file: the worst that can happen is a frame
 * less. (The kernel's own iterator of mappings does the same: kernel/bpf/task_iter.c.)
 *
 * The layout of maple nodes is that of include/linux/maple_tree.h. The loader tries the walk on its
 * own mappings before it trusts it (bpf/vma_trial.bpf.c).
 */

#include "bpf/kernel.h"
#include "bpf/wire.h"

#define MAPLE_NODE_MASK  255UL
#define MAPLE_TYPE_SHIFT 3
#define MAPLE_TYPE_MASK  15
#define MAPLE_LEAF_64    1
#define MAPLE_RANGE_64   2
#define MAPLE_ARANGE_64  3
#define MAPLE_MAX_DEPTH  8
#define RB_MAX_DEPTH     40
#define VM_EXEC          4

/* The mapping that was found, as far as it is needed. */
struct vma {
	uint64_t start_pc, end_pc, file_off;
	uint64_t is_executable;
	struct file_key key; /* all zero: no file */
	uint64_t node[32];   /* room for a maple node */
};

enum { VMA_FOUND, VMA_NONE };

/* log2 of the bytes of a page. Set before loading. */
const volatile uint32_t page_shift = 12;

extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

#define AS_KERNEL(type, pointer)                                                                   \
	((struct type *)bpf_rdonly_cast((void *)(pointer), bpf_core_type_id_kernel(struct type)))

/* From 6.13 on, bit 31 says that someone has asked for the time since it was set: stat(2) does. */
#define CHANGE_TIME_NS_MASK 0x7fffffff

static __always_inline uint64_t change_time_of(struct inode *inode, int is_direct)
{
	uint64_t seconds, ns;

	if (bpf_core_field_exists(((struct inode___6_11 *)0)->i_ctime_sec)) {
		struct inode___6_11 *newer = (void *)inode;

		seconds = READ_FIELD(is_direct, newer, i_ctime_sec);
		ns = READ_FIELD(is_direct, newer, i_ctime_nsec);
	} else if (bpf_core_field_exists(((struct inode___6_6 *)0)->__i_ctime)) {
		struct inode___6_6 *newer = (void *)inode;

		seconds = BPF_CORE_READ(newer, __i_ctime.tv_sec);
		ns = BPF_CORE_READ(newer, __i_ctime.tv_nsec);
	} else {
		seconds = BPF_CORE_READ(inode, i_ctime.tv_sec);
		ns = BPF_CORE_READ(inode, i_ctime.tv_nsec);
	}
	return seconds << 32 | (ns & CHANGE_TIME_NS_MASK);
}

/* @is_direct: @found is a pointer that the verifier knows, else every read is a probe. */
static __always_inline int take_vma(struct vma *vma, struct vm_area_struct *found, uint64_t pc,
				    struct mm_struct *mm, int is_direct)
{
	struct mm_struct *owner = READ_FIELD(is_direct, found, vm_mm);
	struct super_block *super;
	struct inode *inode;
	struct file *file;

	vma->start_pc = READ_FIELD(is_direct, found, vm_start);
	vma->end_pc = READ_FIELD(is_direct, found, vm_end);
	if (owner != mm || pc < vma->start_pc || pc >= vma->end_pc)
		return VMA_NONE;
	vma->file_off = READ_FIELD(is_direct, found, vm_pgoff) << page_shift;
	vma->is_executable = READ_FIELD(is_direct, found, vm_flags) & VM_EXEC;
	vma->key = (struct file_key){};
	file = READ_FIELD(is_direct, found, vm_file);
	if (!file)
		return VMA_FOUND;
	inode = READ_FIELD(is_direct, file, f_inode);
	super = READ_FIELD(is_direct, inode, i_sb);
	vma->key.inode = READ_FIELD(is_direct, inode, i_ino);
	vma->key.device = READ_FIELD(is_direct, super, s_dev);
	vma->key.generation = READ_FIELD(is_direct, inode, i_generation);
	vma->key.change_time = change_time_of(inode, is_direct);
	return VMA_FOUND;
}

/* Which slot of a node of @n_pivots holds @pc: the first whose pivot is not below it. */
#define FIND_SLOT(pivots, end, pc, n_pivots)                                                       \
	({                                                                                         \
		uint64_t slot_ = 0;                                                                \
		for (uint32_t i_ = 0; i_ < (n_pivots); i_++) {                                     \
			if (i_ >= (end) || (pivots)[i_] >= (pc))                                   \
				break;                                                             \
			slot_++;                                                                   \
		}                                                                                  \
		slot_;                                                                             \
	})

/* How many pivots of a range node count: the kernel's ma_data_end(). */
static __always_inline uint32_t range_node_end(uint64_t last_pivot, uint32_t meta_end)
{
	if (!last_pivot)
		return meta_end < 15 ? meta_end : 15;
	return last_pivot == ~0UL ? 14 : 15;
}

static __always_inline int find_vma_by_probe(struct vma *vma, uint64_t pc, struct mm_struct *mm)
{
	uint64_t entry = (uint64_t)BPF_CORE_READ(mm, mm_mt.ma_root);

	for (int depth = 0; depth < MAPLE_MAX_DEPTH; depth++) {
		uint32_t type = (entry >> MAPLE_TYPE_SHIFT) & MAPLE_TYPE_MASK;
		uint64_t slot;

		if (entry < 4096 || bpf_probe_read_kernel(vma->node, sizeof(vma->node),
							  (void *)(entry & ~MAPLE_NODE_MASK)))
			return VMA_NONE;
		if (type == MAPLE_ARANGE_64) {
			slot = FIND_SLOT(vma->node + 1, ((uint8_t *)vma->node)[240], pc, 9);
			entry = vma->node[(10 + slot) & 31];
		} else {
			slot = FIND_SLOT(vma->node + 1,
					 range_node_end(vma->node[15], ((uint8_t *)vma->node)[248]),
					 pc, 15);
			entry = vma->node[(16 + slot) & 31];
		}
		if (type == MAPLE_LEAF_64)
			return entry < 4096 || (entry & 3)
				       ? VMA_NONE
				       : take_vma(vma, (void *)entry, pc, mm, 0);
	}
	return VMA_NONE;
}

static __always_inline uint64_t word_at(uint64_t address)
{
	return AS_KERNEL(timespec64, address)->tv_sec;
}

static __always_inline int find_vma_by_cast(struct vma *vma, uint64_t pc, struct mm_struct *mm)
{
	uint64_t entry = (uint64_t)mm->mm_mt.ma_root;

	for (int depth = 0; depth < MAPLE_MAX_DEPTH; depth++) {
		uint32_t type = (entry >> MAPLE_TYPE_SHIFT) & MAPLE_TYPE_MASK;
		uint64_t base = entry & ~MAPLE_NODE_MASK, slot;

		if (entry < 4096)
			return VMA_NONE;
		if (type == MAPLE_ARANGE_64) {
			struct maple_arange_64 *node = AS_KERNEL(maple_arange_64, base);
			uint32_t end = node->meta.end;

			slot = FIND_SLOT(node->pivot, end, pc, 9);
			slot = 10 + slot;
		} else {
			struct maple_range_64 *node = AS_KERNEL(maple_range_64, base);
			uint64_t last = node->pivot[14];
			uint32_t end = range_node_end(
				last, last ? 0 : AS_KERNEL(maple_metadata, base + 248)->end);

			slot = FIND_SLOT(node->pivot, end, pc, 15);
			slot = 16 + slot;
		}
		asm volatile("" : "+r"(slot));
		entry = word_at(base + 8 * (slot & 31));
		if (type == MAPLE_LEAF_64)
			return entry < 4096 || (entry & 3)
				       ? VMA_NONE
				       : take_vma(vma, AS_KERNEL(vm_area_struct, entry), pc, mm, 1);
	}
	return VMA_NONE;
}

static __always_inline int find_vma_in_rb_tree(struct vma *vma, uint64_t pc, struct mm_struct *mm)
{
	const uint64_t node_off = bpf_core_field_offset(struct vm_area_struct___6_0, vm_rb);
	struct rb_node *node = BPF_CORE_READ((struct mm_struct___6_0 *)mm, mm_rb.rb_node);

	for (int depth = 0; node && depth < RB_MAX_DEPTH; depth++) {
		struct vm_area_struct *found = (void *)node - node_off;

		if (pc < BPF_CORE_READ(found, vm_start))
			node = BPF_CORE_READ(node, rb_left);
		else if (pc >= BPF_CORE_READ(found, vm_end))
			node = BPF_CORE_READ(node, rb_right);
		else
			return take_vma(vma, found, pc, mm, 0);
	}
	return VMA_NONE;
}

static __always_inline enum vma_flavour vma_flavour(void)
{
	if (!bpf_core_field_exists(((struct mm_struct *)0)->mm_mt))
		return VMA_IN_RB_TREE;
	return bpf_rdonly_cast ? VMA_BY_CAST : VMA_BY_PROBE;
}

/* The mapping of the current task that holds @pc. VMA_FOUND or VMA_NONE. */
static __always_inline int find_vma(struct vma *vma, uint64_t pc, struct task_struct *task)
{
	struct mm_struct *mm = TASK_READ(task, mm);

	if (!mm)
		return VMA_NONE;
	switch (vma_flavour()) {
	case VMA_IN_RB_TREE:
		return find_vma_in_rb_tree(vma, pc, mm);
	case VMA_BY_CAST:
		return find_vma_by_cast(vma, pc, mm);
	default:
		return find_vma_by_probe(vma, pc, mm);
	}
}
