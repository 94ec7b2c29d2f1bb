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
typedef __s64 int64_t;

#define NULL ((void *)0)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live; /* threads that have not ended */
};

struct task_struct {
	int pid;
	int tgid;
	unsigned int flags;
	struct task_struct *group_leader;
	__u64 start_boottime;
	__u64 self_exec_id;
	struct signal_struct *signal;
	char comm[16];
};

#pragma clang attribute pop

/* task_struct.flags: this is a thread of the kernel (include/linux/sched.h) */
#define PF_KTHREAD 0x00200000
