/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/process_reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/binary_table.h"
#include "profiler/daemon/binary_describer.h"
#include "profiler/daemon/container_describer.h"
#include "profiler/daemon/jit_describer.h"
#include "profiler/mapping.h"
#include "profiler/process_table.h"
#include "profiler/procfs.h"

enum { MAPPINGS_READ_AT_ONCE = 5 };

/* A pc in no known mapping makes us read them again: at once while the loader may be at work, then
 * not more often than this. */
#define MAPPINGS_REREAD_NS (100 * NS_PER_MS)

int process_reader_init(struct process_reader *reader, struct binary_describer *binaries,
			struct jit_describer *jits, struct container_describer *containers)
{
	*reader = (struct process_reader){
		.binaries = binaries,
		.jits = jits,
		.containers = containers,
		.proc_fd = -1,
	};
	return procfs_open(&reader->proc_fd);
}

void process_reader_fini(struct process_reader *reader)
{
	if (reader->binaries)
		closep(&reader->proc_fd);
	*reader = (struct process_reader){ 0 };
}

int process_reader_open(const struct process_reader *reader, const struct process_key *key)
{
	int fd;
	int r = procfs_open_same_process(reader->proc_fd, (pid_t)key->pid, key->start_time_ns, &fd);

	return r < 0 ? r : fd;
}

static int read_mappings(struct process_reader *reader, struct process *process, int process_fd)
{
	struct mapping_table *mappings;
	int r = procfs_read_maps(process_fd, MAPPINGS_EXECUTABLE, &mappings);

	process->mappings_read_ns = clock_monotonic_ns();
	process->n_mappings_read++;
	reader->n_mappings_read++;
	return r < 0 ? r : process_set_mappings(process, mappings);
}

/* One that has ended in between is not known: its child has another one now. */
static void read_parent(const struct process_reader *reader, uint32_t pid,
			uint64_t child_start_ticks, struct process_parent *parent)
{
	_cleanup_(closep) int fd = -1;
	struct procfs_stat stat;
	bool is_deleted;

	if (!pid || procfs_open_process(reader->proc_fd, (pid_t)pid, &fd) < 0 ||
	    procfs_read_stat(fd, &stat) < 0 || stat.start_ticks > child_start_ticks)
		return;
	parent->pid = pid;
	parent->is_kernel = stat.is_kernel;
	memcpy(parent->comm, stat.comm, sizeof(parent->comm));
	(void)procfs_read_exe(fd, &parent->exe, &is_deleted);
	(void)procfs_read_cgroup(fd, &parent->cgroup);
}

/* What it was like when it was first hit. What cannot be read stays unknown, and is counted. */
void process_reader_read(struct process_reader *reader, struct process *process)
{
	_cleanup_(closep) int fd = process_reader_open(reader, &process->key);
	struct procfs_stat stat;
	bool is_deleted;

	reader->n_seen++;
	if (fd < 0) {
		reader->n_unreadable++;
		process->is_gone = true;
		return;
	}
	/* A kernel thread has no program: no error. */
	(void)procfs_read_exe(fd, &process->exe, &is_deleted);
	(void)procfs_read_cgroup(fd, &process->cgroup);
	if (reader->containers)
		container_describer_meet(reader->containers, process->cgroup);
	if (procfs_read_stat(fd, &stat) < 0)
		return;
	process->is_kernel = stat.is_kernel;
	read_parent(reader, stat.parent_pid, stat.start_ticks, &process->parent);
}

/* The number of the binary that @mapping of the process with the folder @process_fd has mapped, or
 * 0 if it cannot be opened. */
static uint32_t open_mapped_binary(struct process_reader *reader, struct process *process,
				   const struct mapping *mapping, int process_fd)
{
	size_t index = (size_t)(mapping - mapping_table_get(process->mappings, 0));
	struct binary *binary = NULL;

	if (mapping->kind == MAPPING_VDSO)
		binary = binary_describer_vdso(reader->binaries);
	if (!binary &&
	    (process_fd < 0 || binary_describer_get(reader->binaries, process_fd, process->key.pid,
						    mapping, &binary) < 0))
		return 0;
	process->mapping_binaries[index] = binary->number;
	return binary->number;
}

static uint32_t get_mapped_binary(struct process_reader *reader, struct process *process,
				  const struct mapping *mapping)
{
	size_t index = (size_t)(mapping - mapping_table_get(process->mappings, 0));
	struct binary *binary =
		binary_describer_find(reader->binaries, process->mapping_binaries[index]);
	_cleanup_(closep) int fd = -1;

	if (binary)
		return binary->number;
	fd = process_reader_open(reader, &process->key);
	return open_mapped_binary(reader, process, mapping, fd);
}

/* Something is in none of the mappings that are known. Returns whether they are known anew. */
static bool reread_mappings(struct process_reader *reader, struct process *process)
{
	int64_t age_ns = clock_monotonic_ns() - process->mappings_read_ns;
	_cleanup_(closep) int fd = -1;

	if (process->is_gone ||
	    (process->n_mappings_read >= MAPPINGS_READ_AT_ONCE && age_ns <= MAPPINGS_REREAD_NS))
		return false;
	fd = process_reader_open(reader, &process->key);
	process->is_gone = fd < 0;
	return fd >= 0 && read_mappings(reader, process, fd) == 0;
}

static const struct mapping *find_mapping(struct process_reader *reader, struct process *process,
					  uint64_t pc)
{
	const struct mapping *mapping = NULL;

	if (process->mappings)
		mapping = mapping_table_find(process->mappings, pc);
	if (!mapping && reread_mappings(reader, process))
		mapping = mapping_table_find(process->mappings, pc);
	return mapping;
}

static bool is_file(const struct mapping *mapping)
{
	return mapping->kind == MAPPING_FILE || mapping->kind == MAPPING_MEMFD ||
	       mapping->kind == MAPPING_VDSO;
}

const struct mapping *process_reader_find(struct process_reader *reader, struct process *process,
					  uint64_t pc, uint32_t *ret_binary)
{
	const struct mapping *mapping = find_mapping(reader, process, pc);

	*ret_binary = 0;
	if (!mapping || !is_file(mapping))
		return mapping;
	*ret_binary = get_mapped_binary(reader, process, mapping);
	return *ret_binary ? mapping : NULL;
}

void process_reader_read_mapped(struct process_reader *reader, struct process *process)
{
	_cleanup_(closep) int fd = process_reader_open(reader, &process->key);
	size_t n = 0;

	if (fd >= 0 && read_mappings(reader, process, fd) == 0)
		n = mapping_table_count(process->mappings);
	for (size_t i = 0; i < n; i++) {
		const struct mapping *mapping = mapping_table_get(process->mappings, i);

		if (is_file(mapping))
			(void)open_mapped_binary(reader, process, mapping, fd);
	}
}

static struct frame place_in_jit(struct process_reader *reader, struct process *process,
				 uint64_t pc)
{
	process->jit = jit_describer_get(reader->jits, &process->key, process->jit);
	return (struct frame){ FRAME_JIT, process->jit, pc };
}

static bool is_jit_memory(const struct process_reader *reader, uint32_t number)
{
	const struct binary *binary = binary_describer_find(reader->binaries, number);

	return binary && binary->jit_inode;
}

/* Where @process runs what is at @file_off of the memory file @inode, or of shared memory. */
static const struct mapping *find_mapped(const struct process *process, uint64_t inode,
					 uint64_t file_off)
{
	size_t n = process->mappings ? mapping_table_count(process->mappings) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct mapping *mapping = mapping_table_get(process->mappings, i);

		bool is_memory =
			mapping->kind == MAPPING_MEMFD || mapping->kind == MAPPING_ANONYMOUS;

		if (is_memory && file_off >= mapping->file_off &&
		    file_off - mapping->file_off < mapping->end_pc - mapping->start_pc &&
		    mapping->inode == inode)
			return mapping;
	}
	return NULL;
}

struct frame process_reader_place(struct process_reader *reader, struct process *process,
				  uint64_t pc)
{
	uint32_t binary;
	const struct mapping *mapping = process_reader_find(reader, process, pc, &binary);

	if (!mapping)
		return (struct frame){ FRAME_UNMAPPED, 0, pc };
	if (!binary || is_jit_memory(reader, binary))
		return place_in_jit(reader, process, pc);
	return (struct frame){ FRAME_NATIVE, binary, mapping_file_off(mapping, pc) };
}

struct frame process_reader_place_in_file(struct process_reader *reader, struct process *process,
					  uint32_t number, uint64_t file_off)
{
	const struct binary *binary = binary_describer_find(reader->binaries, number);
	const struct mapping *mapping = NULL;

	if (binary && binary->jit_inode) {
		mapping = find_mapped(process, binary->jit_inode, file_off);
		if (!mapping && reread_mappings(reader, process))
			mapping = find_mapped(process, binary->jit_inode, file_off);
	}
	if (mapping)
		return place_in_jit(reader, process,
				    mapping->start_pc + (file_off - mapping->file_off));
	return (struct frame){ FRAME_NATIVE, number, file_off };
}
