/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Kernel: the few fields of the kernel's structs that we read, relocated by CO-RE when a program is
 * loaded. The order of includes matters here, so every program includes this header only.
 */

#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

typedef __u8 uint8_t;
typedef __u16 uint16_t;
typedef __u32 uint32_t;
typedef __u64 uint64_t;
typedef __s16 int16_t;
typedef __s32 int32_t;
typedef __s64 int64_t;

#define NULL ((void *)0)

/* Lest clang checks one copy of @x, and uses another. */
#define WALK_KEEP(x) asm volatile("" : "+r"(x))

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live; /* threads that have not ended */
};

/* Of which only the size matters: registers, as the kernel saves them when it is entered. */
struct pt_regs {
	unsigned long sp;
};

/* Of x86-64; the stack of a task in the kernel is as large. */
struct irq_stack {
	char stack[16384];
};

struct super_block {
	__u32 s_dev;
};

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
	__u32 i_generation;
	struct timespec64 i_ctime; /* until 6.5 */
};

/* 6.6 to 6.10 */
struct inode___6_6 {
	struct timespec64 __i_ctime;
};

/* from 6.11 on */
struct inode___6_11 {
	__s64 i_ctime_sec;
	__u32 i_ctime_nsec;
};

struct file {
	struct inode *f_inode;
};

struct mm_struct;

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct file *vm_file;
};

struct maple_tree {
	void *ma_root;
};

struct maple_metadata {
	unsigned char end;
	unsigned char gap;
};

struct maple_range_64 {
	unsigned long pivot[15];
	void *slot[16];
};

struct maple_arange_64 {
	unsigned long pivot[9];
	void *slot[10];
	struct maple_metadata meta;
};

struct rb_node {
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

typedef struct {
	void *vdso;
} mm_context_t;

struct mm_struct {
	struct maple_tree mm_mt; /* from 6.1 on */
	mm_context_t context;
	unsigned long start_code;
};

/* until 6.0 */
struct vm_area_struct___6_0 {
	struct rb_node vm_rb;
	struct vm_area_struct___6_0 *vm_next;
};

struct mm_struct___6_0 {
	struct rb_root mm_rb;
	struct vm_area_struct___6_0 *mmap;
};

/* x86-64 (arch/x86/include/asm/processor.h) */
struct thread_struct {
	unsigned long fsbase;
};

struct task_struct {
	int pid;
	int tgid;
	unsigned int flags;
	void *stack;
	struct mm_struct *mm;
	struct task_struct *group_leader;
	__u64 start_boottime;
	__u64 self_exec_id;
	struct signal_struct *signal;
	char comm[16];
	struct thread_struct thread;
};

struct bpf_iter_meta;

/* What iterators over tasks and over mappings are called with (kernel/bpf/task_iter.c). */
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
};

#pragma clang attribute pop

/*
 * The task that runs. Before 5.11 the verifier does not know what it is, and its fields are read by
 * probes.
 */
#define KNOWS_TASK bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)

static __always_inline struct task_struct *current_task(void)
{
	return KNOWS_TASK ? bpf_get_current_task_btf()
			  : (struct task_struct *)bpf_get_current_task();
}

/* @is_direct: @object is a pointer that the verifier knows. */
#define READ_FIELD(is_direct, object, field)                                                       \
	((is_direct) ? (object)->field : BPF_CORE_READ(object, field))
#define TASK_READ(task, field) READ_FIELD(KNOWS_TASK, task, field)

/* task_struct.flags: this is a thread of the kernel (include/linux/sched.h) */
#define PF_KTHREAD 0x00200000
