/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Wire: what the kernel half writes into the ring, and counts.
 *
 * Included by BPF programs, where kernel.h has defined the fixed-width types, and by user space.
 * Both halves are built together, so the layout needs no version; every struct has its natural
 * alignment and no padding that is not named.
 */

#include "bpf/unwind_shard.h"
#include "bpf/unwind_table.h"

enum {
	WIRE_COMM_BYTES = 16,         /* TASK_COMM_LEN */
	WIRE_MAX_FRAMES = 127,        /* of each half: kernel.perf_event_max_stack's default */
	WIRE_RING_BYTES = 4 << 20,    /* of the ring, unless --memory says less */
	WIRE_MAX_STACKS = 32768,      /* stacks remembered as sent; the oldest leave */
	WIRE_PENDING_BYTES = 4 << 20, /* of the ring for samples whose walk is not finished */
	WIRE_STACK_BYTES = 16 << 10,  /* of the stack that goes with them */
	WIRE_GO_M_WORDS = 32,         /* of Go's struct m, m.curg among them */
	WIRE_DWARF_REGISTERS = 32,    /* as many as arm64 has; x86-64 fills the first 16 */
	WIRE_MAX_SELECTED = 32768,    /* processes that `record -p` and `record -- …` follow */
};

/* Where samples come from. */
enum sample_kind {
	SAMPLE_CPU, /* a tick of the CPU clock, or of cpu-cycles */
	SAMPLE_KIND_COUNT,
};

/* Why a tick did not become a stored sample: `pilotlight_samples_dropped_total{reason}`. */
enum drop_reason {
	DROP_RING_FULL,    /* BPF: the daemon did not read the ring in time */
	DROP_NO_SCRATCH,   /* BPF: two samples nested on one CPU, or a CPU past the map's bound */
	DROP_NOT_SELECTED, /* BPF: `record` follows other processes */
	DROP_BAD_RECORD,   /* sampler: a ring record did not parse */
	DROP_NO_STACK,     /* sampler: a stack that was forgotten is referred to */
	DROP_NO_MEMORY,    /* sampler: out of memory */
	DROP_TABLE_FULL,   /* sampler: too many processes, threads or files at once */
	DROP_SERVER_BUSY,  /* sampler: the server did not take its messages in time */
	DROP_SERVER_LOST,  /* sampler: the server ended before it stored the sample */
	DROP_STORE_FULL,   /* server: the store could not take the sample */
	DROP_LABEL_RULE,   /* server: a rule for labels leaves the process out */
	DROP_REASON_COUNT,
};

/* How a walk ended, and what a stored sample's stack lacks: `pilotlight_stacks_total{outcome}`. */
enum stack_outcome {
	STACK_WHOLE,                 /* to the entry of its thread */
	STACK_KERNEL_ONLY,           /* a kernel thread: there is no user half */
	STACK_NO_USER,               /* a process that is ending, or in execve(): it has none */
	STACK_FRAME_POINTERS,        /* as far as frame pointers lead: UNWINDER_FRAME_POINTERS */
	STACK_PENDING,               /* the table of a file did not come in time */
	STACK_TRUNCATED_DEPTH,       /* deeper than UNWIND_MAX_FRAMES */
	STACK_TRUNCATED_READ,        /* stack memory could not be read: swapped out, or astray */
	STACK_TRUNCATED_NO_MAPPING,  /* a pc in no mapping */
	STACK_TRUNCATED_NO_RULE,     /* code that no rule covers, and no frame pointer to go by */
	STACK_TRUNCATED_NO_TABLE,    /* a file that no rule can be had for, likewise */
	STACK_TRUNCATED_JIT,         /* code of a JIT that keeps no frame pointer */
	STACK_TRUNCATED_REGISTER,    /* a rule that needs a register of a caller */
	STACK_TRUNCATED_UNSUPPORTED, /* a rule that cannot be said in a table */
	STACK_TRUNCATED_ASTRAY,      /* a caller below its callee */
	STACK_OUTCOME_COUNT,
};

/*
 * A user frame on the wire: a pc (in anonymous memory; bit 63 is clear in all of them), or a file
 * and an offset. What lies past 4 GiB of a file is a pc too.
 */
#define UNWIND_MAX_FRAMES    512
#define UNWIND_FRAME_IS_FILE (1ULL << 63)
#define UNWIND_FRAME(file, file_off)                                                               \
	(UNWIND_FRAME_IS_FILE | (uint64_t)(file) << 32 | (uint32_t)(file_off))

enum record_type {
	RECORD_SAMPLE = 1,
	RECORD_EXEC, /* a process runs another program from now on */
	RECORD_EXIT, /* the last thread of a process ended */
	RECORD_FILE, /* a file was hit that has no table yet */
};

/* Who a mapped file is, in the kernel's own numbers: st_dev may be another on some file systems. */
struct file_key {
	uint64_t inode;       /* 1 on device 0: the vDSO */
	uint64_t change_time; /* seconds << 32 | ns */
	uint32_t device;
	uint32_t generation;
};

/* How the kernel half walks through a process's mappings (bpf/vma.h). */
enum vma_flavour {
	VMA_BY_CAST,    /* 6.2 and later: maple tree, read directly */
	VMA_BY_PROBE,   /* 6.1: maple tree, read by probes */
	VMA_IN_RB_TREE, /* before 6.1: red-black tree, read by probes */
	VMA_FLAVOUR_COUNT,
};

/* What that walk says of one pc. */
struct vma_answer {
	uint64_t start_pc;
	uint64_t end_pc;
	uint64_t file_off;
	struct file_key key; /* all zero: no file */
	uint32_t is_found;   /* else there is nothing there, and the rest is 0 */
	uint32_t flavour;    /* enum vma_flavour */
};

/* A process between two execs. Numbers of processes come back; this does not. */
struct process_key {
	uint64_t start_time_ns; /* since boot, of the thread group's leader */
	uint32_t pid;           /* thread group id in the initial pid namespace */
	uint32_t exec_id;       /* how often its leader has called execve(), modulo 2^32 */
};

struct record_header {
	uint32_t type; /* enum record_type */
	uint32_t cpu;
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	struct process_key process;
};

struct lifecycle_record {
	struct record_header header;
};

/* A file that was hit for the first time, and where its process has mapped it. */
struct file_record {
	struct record_header header;
	struct file_key key;
	uint64_t start_pc;
	uint64_t end_pc;
	uint32_t file;      /* its number in frames from now on */
	uint32_t is_urgent; /* a sample waits for its table, or may soon */
};

/*
 * One tick that hit a thread. The frames follow only when @stack_hash is new: @n_kernel_frames of
 * the kernel, leaf first, then @n_user_frames, leaf first. The counts are those of the stack even
 * when no frames follow, which the size of the record tells.
 */
struct sample_record {
	struct record_header header;
	uint32_t tid;
	uint16_t kind;    /* enum sample_kind */
	uint16_t outcome; /* enum stack_outcome */
	uint64_t value;   /* what was measured: ns of CPU time */
	uint64_t weight;  /* events that this sample stands for */
	uint64_t stack_hash;
	uint32_t n_kernel_frames;
	uint32_t n_user_frames;
	char comm[WIRE_COMM_BYTES];   /* of the process: its leader's name */
	char thread[WIRE_COMM_BYTES]; /* of the thread */
	uint64_t frames[];
};

/*
 * What UNWIND_CFA_GO_SAVED asks for, of a thread of a Go program. If that thread is on its own
 * stack, the goroutine's from saved[1] on is in the second half of pending_record.stack.
 */
struct pending_go {
	uint64_t g_at; /* where its g is; 0: it is none of Go's, and the rest means nothing */
	uint64_t g;
	uint64_t m; /* at g + UNWIND_GO_M_OFF */
	uint64_t m_words[WIRE_GO_M_WORDS];
	uint64_t goroutine; /* that m has in its keeping, or 0 */
	uint64_t saved[UNWIND_GO_SAVED_WORDS];
	uint64_t stack_bytes; /* valid ones of the goroutine's stack */
};

/*
 * A sample whose walk has come to a file without a table: where it stands, and the stack from there
 * on, so that user space can finish it when the table is there. The frames so far follow, as of any
 * sample.
 */
struct pending_record {
	uint64_t pc, sp, fp;
	uint64_t thread_pointer;
	uint64_t registers[WIRE_DWARF_REGISTERS];
	uint32_t has_registers; /* as in struct walk */
	uint32_t is_leaf;
	uint32_t has_sp;
	uint32_t has_rbx; /* among the registers, which are the leaf's otherwise */
	uint32_t unused;
	uint32_t stack_bytes;            /* valid ones in stack[] */
	uint8_t stack[WIRE_STACK_BYTES]; /* from sp on */
	struct pending_go go;
	struct sample_record sample;
};

/*
 * Per CPU, and read while programs run elsewhere: `ticks` is written first and lies last, so that a
 * reader who copies upwards never finds fewer ticks than what became of them. Once no program
 * runs, ticks = idle + submitted + Σ dropped.
 */
struct cpu_counters {
	uint64_t idle;
	uint64_t submitted;                  /* sample records that went into the ring */
	uint64_t dropped[DROP_REASON_COUNT]; /* only BPF's own reasons are non-zero */
	uint64_t lifecycle_lost;             /* forks, execs and exits that found no room */
	uint64_t files_found;                /* files that were hit for the first time */
	uint64_t files_lost;   /* … and could not be asked for: they will be again */
	uint64_t captured;     /* samples that left unfinished, with their stack */
	uint64_t capture_lost; /* … and those that found no room: by frame pointer */
	uint64_t frames_by_fp[UNWIND_FILE_KIND_COUNT]; /* without a rule, left by frame pointer */
	uint64_t stacks_sent;                          /* records that had their frames with them */
	uint64_t ticks;
};
