/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/stopped_process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bpf/unwind_step.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/mapping.h"
#include "unwind/elf_file.h"
#include "unwind/unwind_table.h"
#include "unwind/unwind_table_build.h"

enum {
	MAX_TABLES = 256,
	MAX_MAPS_BYTES = 16 << 20,
	VDSO_BYTES = 2 << 12,
};

_Static_assert(STOPPED_MAX_FRAMES == UNWIND_MAX_FRAMES, "as many as are walked");

/* The table of a file, which is known by its inode; that of the vDSO by none. */
struct file_table {
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	struct buffer bytes; /* none, if no table can be built */
};

struct stopped_process {
	struct walk walk; /* first: one is the other */
	int pid;
	int memory_fd;
	struct mapping_table *mappings;
	struct file_table tables[MAX_TABLES];
	uint32_t n_tables;
	bool goes_by_rule; /* this step does what the file's tables say */
	bool lands;        /* this step leads to a landing pad, of which they say nothing */
};

static struct stopped_process *process_of(struct walk *walk)
{
	return (struct stopped_process *)(void *)walk;
}

/* The file that is mapped, also if it has no name any more; of the vDSO a copy. */
static int open_mapped(const struct stopped_process *process, const struct mapping *mapping)
{
	uint8_t vdso[VDSO_BYTES];
	char path[96];
	int fd;

	if (mapping->kind != MAPPING_VDSO) {
		snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64,
			 process->pid, mapping->start_pc, mapping->end_pc);
		return open(path, O_RDONLY | O_CLOEXEC);
	}
	fd = memfd_create("vdso", MFD_CLOEXEC);
	if (fd >= 0 && (file_read_at(process->memory_fd, vdso, sizeof(vdso), mapping->start_pc) ||
			file_write_fd(fd, vdso, sizeof(vdso)))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void build_table(int fd, struct buffer *bytes)
{
	struct unwind_table_report report;
	struct elf_file *file;

	if (fd < 0 || elf_file_open(fd, &file) < 0)
		return;
	if (unwind_table_build(file, bytes, &report) < 0)
		buffer_fini(bytes);
	elf_file_free(file);
}

/* The number of the table of a mapped file. */
static uint32_t table_of(struct stopped_process *process, const struct mapping *mapping)
{
	_cleanup_(closep) int fd = -1;
	struct file_table *table = process->tables;
	uint32_t i;

	for (i = 0; i < process->n_tables; i++, table++)
		if (table->inode == mapping->inode && table->dev_major == mapping->dev_major &&
		    table->dev_minor == mapping->dev_minor)
			return i;
	if (i == MAX_TABLES)
		abort(); /* no program of these tests has that many */
	*table = (struct file_table){
		mapping->inode, mapping->dev_major, mapping->dev_minor, { 0 }
	};
	fd = open_mapped(process, mapping);
	build_table(fd, &table->bytes);
	return process->n_tables++;
}

static inline int walk_find_mapping(struct walk *walk, uint64_t pc)
{
	struct stopped_process *process = process_of(walk);
	const struct mapping *mapping = mapping_table_find(process->mappings, pc);
	struct walk_mapping *found = &walk->mappings[0];

	if (!mapping)
		return STACK_TRUNCATED_NO_MAPPING;
	*found = (struct walk_mapping){
		.start_pc = mapping->start_pc,
		.end_pc = mapping->end_pc,
		.file_off = mapping->file_off,
		.kind = UNWIND_FILE_NONE,
	};
	if (!mapping->inode && mapping->kind != MAPPING_VDSO)
		return 0;
	found->table = table_of(process, mapping);
	found->kind =
		process->tables[found->table].bytes.size ? UNWIND_FILE_TABLE : UNWIND_FILE_NO_TABLE;
	return 0;
}

static inline uint64_t walk_find_rule(struct walk *walk, const struct walk_mapping *mapping,
				      uint64_t file_off)
{
	struct stopped_process *process = process_of(walk);
	const struct unwind_rule *found =
		unwind_table_find(process->tables[mapping->table].bytes.data, file_off);
	uint64_t rule;

	process->lands = found->lands || found->cfa_kind == UNWIND_CFA_LANDING;
	process->goes_by_rule = found->cfa_kind != UNWIND_CFA_NONE && !process->lands;
	memcpy(&rule, found, sizeof(rule));
	return rule;
}

static inline int walk_read_block(struct walk *walk, uint64_t address, uint64_t *ret_words,
				  uint32_t n_words)
{
	return file_read_at(process_of(walk)->memory_fd, ret_words, n_words * sizeof(*ret_words),
			    address) < 0;
}

static inline int walk_read(struct walk *walk, uint64_t address, uint64_t low, uint64_t *ret_word)
{
	(void)low;
	return walk_read_block(walk, address, ret_word, 1);
}

int stopped_process_open(int pid, struct stopped_process **ret_process)
{
	struct stopped_process *process = calloc(1, sizeof(*process));
	char path[64];
	int r;

	if (!process)
		return -ENOMEM;
	process->pid = pid;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	process->memory_fd = open(path, O_RDONLY | O_CLOEXEC);
	r = process->memory_fd < 0 ? -errno : stopped_process_refresh(process);
	if (r < 0) {
		stopped_process_free(process);
		return r;
	}
	*ret_process = process;
	return 0;
}

struct stopped_process *stopped_process_free(struct stopped_process *process)
{
	if (!process)
		return NULL;
	for (uint32_t i = 0; i < process->n_tables; i++)
		buffer_fini(&process->tables[i].bytes);
	mapping_table_free(process->mappings);
	closep(&process->memory_fd);
	free(process);
	return NULL;
}

int stopped_process_refresh(struct stopped_process *process)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	struct mapping_table *mappings;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/maps", process->pid);
	r = file_read(AT_FDCWD, path, MAX_MAPS_BYTES, &text);
	if (r == 0)
		r = mapping_table_parse(text.data, text.size, MAPPINGS_EXECUTABLE, &mappings);
	if (r < 0)
		return r;
	mapping_table_free(process->mappings);
	process->mappings = mappings;
	return 0;
}

static void begin(struct walk *walk, const struct stopped_registers *registers)
{
	memset(walk, 0, sizeof(*walk));
	memcpy(walk->registers, registers->dwarf, sizeof(registers->dwarf));
	walk->pc_mask = UINT64_MAX;
	walk->thread_pointer = registers->thread_pointer;
	walk_enter(walk, registers->pc);
}

void stopped_process_walk(struct stopped_process *process,
			  const struct stopped_registers *registers, struct found_stack *ret_stack)
{
	struct walk *walk = &process->walk;
	int r = STEP_ON;

	begin(walk, registers);
	process->lands = false;
	ret_stack->n_by_rule = 0;
	while (r == STEP_ON) {
		bool is_behind_call = !walk->is_leaf && !process->lands;
		struct found_frame frame = { walk->pc + is_behind_call, walk->sp, walk->fp,
					     process->lands };
		uint32_t n = walk->n_frames;

		process->goes_by_rule = process->lands = false;
		r = walk_step(walk);
		if (n < STOPPED_MAX_FRAMES)
			ret_stack->frames[n] = frame;
		if (ret_stack->n_by_rule == n && process->goes_by_rule)
			ret_stack->n_by_rule = walk->n_frames;
	}
	ret_stack->n_frames = walk->n_frames;
	ret_stack->outcome = (enum stack_outcome)r;
}

uint64_t stopped_process_word(const struct stopped_process *process, uint64_t address)
{
	uint64_t word;

	return file_read_at(process->memory_fd, &word, sizeof(word), address) < 0 ? 0 : word;
}

void stopped_process_print_place(const struct stopped_process *process, uint64_t pc)
{
	const struct mapping *mapping = mapping_table_find(process->mappings, pc);

	if (mapping)
		printf("%s+0x%" PRIx64, *mapping->path ? mapping->path : "[anonymous]",
		       mapping_file_off(mapping, pc));
	else
		printf("0x%" PRIx64, pc);
}
