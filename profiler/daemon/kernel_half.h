/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernel half: the BPF objects of bpf/, loaded and attached, seen from user space.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"
#include "profiler/status.h"
#include "profiler/daemon/vma_trial.h"
#include "profiler/daemon/table_store.h"

struct kernel_half;

struct kernel_half_options {
	unsigned int frequency_hz;
	size_t ring_bytes;      /* a power of two, and of pages */
	bool selects_processes; /* only those given to kernel_half_select() and their children */
	enum unwinder unwinder; /* UNWINDER_TABLES: unless this kernel stands in the way */
};

struct kernel_half_status {
	struct cpu_counters sum;    /* over all CPUs */
	uint64_t map_bytes;         /* memory that the maps may take, the ring included */
	uint64_t run_ns, run_count; /* of the sampling program; 0 unless the kernel keeps count */
	const char *event;          /* "cpu-cycles" or "cpu-clock" */
	bool has_lifecycle;         /* exec and exit are told */
	enum unwinder unwinder;     /* the one that is used */
	struct vma_trial trial;     /* why: unless frame pointers were asked for */
};

/* A record of @size bytes, aligned to 8. Nothing about it was checked. */
typedef void (*kernel_half_on_record)(void *context, const void *record, size_t size);

struct kernel_half_events {
	kernel_half_on_record on_record;  /* of the ring: struct record_header … */
	kernel_half_on_record on_pending; /* struct pending_record; a file that it waits for has
					     been told of by on_record before, or will be at once */
	void *context;
};

/*
 * Load everything; nothing is sampled yet. Records go to @events (copied), called from
 * kernel_half_read().
 *
 * Returns 0 and sets *@ret_half (owned by the caller), or what the kernel said: -EPERM and -EACCES
 * for a lack of privileges, -ESRCH without BTF.
 */
int kernel_half_new(const struct kernel_half_options *options,
		    const struct kernel_half_events *events, struct kernel_half **ret_half);

/* Accepts NULL. Always returns NULL. */
struct kernel_half *kernel_half_free(struct kernel_half *half);

/* The maps of unwind tables. */
struct table_store_maps kernel_half_table_maps(const struct kernel_half *half);

/*
 * Ask for the tables of all that processes have mapped for execution now, if they are followed, by
 * records as for a file that is hit. Does nothing where stacks are walked by frame pointers.
 * Returns 0 or -errno: this kernel cannot, and files are asked for when they are hit.
 */
int kernel_half_preload(struct kernel_half *half);

/* Sample all CPUs that are online now: call it once a second. How many, or -errno for none. */
int kernel_half_refresh_cpus(struct kernel_half *half);

/* Stop sampling for good; what is in the ring can still be read. */
void kernel_half_stop(struct kernel_half *half);

/* Sample at another rate. Returns 0 or -errno. */
int kernel_half_set_frequency(struct kernel_half *half, unsigned int frequency_hz);

/* Readable when the kernel half thinks that someone should come now. */
int kernel_half_fd(const struct kernel_half *half);

/* Give everything in the ring to on_record. Returns 0 or -errno. */
int kernel_half_read(struct kernel_half *half);

/* Follow the process @pid, and those that it will start. Returns 0 or -errno. */
int kernel_half_select(struct kernel_half *half, uint32_t pid);

/* Send the frames along when this stack is seen again. */
void kernel_half_forget_stack(struct kernel_half *half, uint64_t stack_hash);

/* Returns 0 or -errno. */
int kernel_half_get_status(const struct kernel_half *half, struct kernel_half_status *ret_status);
