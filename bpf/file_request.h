/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * File request: asking user space for the table of a file that was hit, or will be.
 */

#include "bpf/ring.h"
#include "bpf/unwind_maps.h"
#include "bpf/vma.h"

/* Who asks. One may interrupt another on the same CPU, but not itself. */
enum asker {
	ASKED_BY_TICK,
	ASKED_BY_EXEC,
	ASKED_BY_PRELOAD,
	ASKER_COUNT,
};

struct file_counters {
	uint32_t n_asked[ASKER_COUNT];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct file_counters);
} file_counters SEC(".maps");

/* Numbers of files: 9 bits of the CPU, 2 of the asker, and 20 of its counter. 0 means failure. */
static __always_inline uint32_t new_file_number(enum asker asker)
{
	uint32_t zero = 0;
	struct file_counters *counters = bpf_map_lookup_elem(&file_counters, &zero);

	if (!counters)
		return 0;
	return (bpf_get_smp_processor_id() & 511) << 22 | asker << 20 |
	       (++counters->n_asked[asker] & 0xfffff);
}

static __always_inline int send_file(const struct vma *vma, struct task_struct *task, uint32_t file,
				     enum asker asker)
{
	struct file_record record = {};

	fill_header(&record.header, RECORD_FILE, task);
	record.key = vma->key;
	record.start_pc = vma->start_pc;
	record.end_pc = vma->end_pc;
	record.file = file;
	record.is_urgent = asker != ASKED_BY_PRELOAD;
	return bpf_ringbuf_output(&ring, &record, sizeof(record), BPF_RB_FORCE_WAKEUP);
}

/*
 * Ask for the file at @vma, which unwind_files does not have, once. Returns its number, or 0:
 * another CPU was quicker, or there is no room; the next tick will tell.
 */
static __always_inline uint32_t ask_for_file(const struct vma *vma, struct task_struct *task,
					     enum asker asker)
{
	struct unwind_file asked = { .kind = UNWIND_FILE_PENDING };
	struct cpu_counters *count = my_counters();

	asked.file = new_file_number(asker);
	if (!count || !asked.file)
		return 0;
	if (bpf_map_update_elem(&unwind_files, &vma->key, &asked, BPF_NOEXIST)) {
		__sync_fetch_and_add(&count->files_lost, 1);
		return 0;
	}
	if (send_file(vma, task, asked.file, asker)) {
		bpf_map_delete_elem(&unwind_files, &vma->key);
		__sync_fetch_and_add(&count->files_lost, 1);
		return 0;
	}
	__sync_fetch_and_add(&count->files_found, 1);
	return asked.file;
}
