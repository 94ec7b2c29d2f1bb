/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "profiler/base/cleanup.h"
#include "unwind/symbol_file_format.h"
#include "unwind/symbol_record.h"

struct symbol_file {
	const uint8_t *bytes;
	size_t size;
	struct gsym_header header;
	const uint8_t *addresses; /* n_addresses of address_size each */
	const uint8_t *records;   /* n_addresses offsets into the file */
	const uint8_t *files;     /* struct gsym_file, n_files */
	uint32_t n_files;
	const char *strings;
};

DEFINE_CLEANUP(struct symbol_file *, symbol_file_free)

/* Returns where @size bytes at *@offset, aligned, are, and moves *@offset behind them; or NULL. */
static const uint8_t *take_table(const struct symbol_file *file, size_t *offset, size_t alignment,
				 size_t size)
{
	size_t start = (*offset + alignment - 1) / alignment * alignment;

	if (start > file->size || size > file->size - start)
		return NULL;
	*offset = start + size;
	return file->bytes + start;
}

static bool header_is_known(const struct gsym_header *header)
{
	uint8_t size = header->address_size;

	return header->magic == GSYM_MAGIC && header->version == GSYM_VERSION &&
	       (size == 1 || size == 2 || size == 4 || size == 8) && header->n_addresses;
}

static int find_tables(struct symbol_file *file)
{
	const struct gsym_header *header = &file->header;
	size_t offset = sizeof(*header), strings_offset = header->strings_offset;
	const uint8_t *n_files;

	file->addresses = take_table(file, &offset, header->address_size,
				     (size_t)header->n_addresses * header->address_size);
	if (!file->addresses)
		return -EBADMSG;
	file->records = take_table(file, &offset, sizeof(uint32_t),
				   (size_t)header->n_addresses * sizeof(uint32_t));
	n_files = file->records ? take_table(file, &offset, sizeof(uint32_t), sizeof(uint32_t))
				: NULL;
	if (!n_files)
		return -EBADMSG;
	memcpy(&file->n_files, n_files, sizeof(file->n_files));
	file->files =
		take_table(file, &offset, 1, (size_t)file->n_files * sizeof(struct gsym_file));
	file->strings = (const char *)take_table(file, &strings_offset, 1, header->strings_size);
	/* A NUL at the very end terminates every string that starts inside. */
	if (!file->files || !file->strings || !header->strings_size ||
	    file->strings[header->strings_size - 1] != '\0')
		return -EBADMSG;
	return 0;
}

int symbol_file_map(int fd, struct symbol_file **ret_file)
{
	_cleanup_(symbol_file_freep) struct symbol_file *file = NULL;
	struct stat status;
	void *bytes;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    (uint64_t)status.st_size < sizeof(file->header))
		return -EBADMSG;
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return errno == ENOMEM ? -ENOMEM : -EBADMSG;
	file->bytes = bytes;
	file->size = (size_t)status.st_size;
	memcpy(&file->header, file->bytes, sizeof(file->header));
	if (!header_is_known(&file->header) || find_tables(file) < 0)
		return -EBADMSG;
	/* Around the few bytes that were looked at, the kernel has mapped more: of many files that
	 * nobody asks yet, too much. */
	symbol_file_rest(file);
	*ret_file = steal(file);
	return 0;
}

/* What the system asks for, which does not know that nobody writes there. */
static void *mapping_of(const struct symbol_file *file)
{
	return (void *)(uintptr_t)file->bytes;
}

struct symbol_file *symbol_file_free(struct symbol_file *file)
{
	if (!file)
		return NULL;
	if (file->bytes)
		munmap(mapping_of(file), file->size);
	free(file);
	return NULL;
}

void symbol_file_rest(const struct symbol_file *file)
{
	madvise(mapping_of(file), file->size, MADV_DONTNEED);
}

static uint64_t function_vaddr(const struct symbol_file *file, uint32_t function_i)
{
	size_t size = file->header.address_size;
	uint64_t offset = 0; /* little endian: what is not copied stays zero */

	if (size == sizeof(uint32_t)) /* nearly always: in one go */
		memcpy(&offset, file->addresses + function_i * sizeof(uint32_t), sizeof(uint32_t));
	else
		memcpy(&offset, file->addresses + function_i * size, size);
	return file->header.base_address + offset;
}

/* The last function that starts at @elf_vaddr or before. */
static bool find_function(const struct symbol_file *file, uint64_t elf_vaddr, uint32_t *ret_i)
{
	uint32_t first = 0;

	/* Without a branch that a processor would have to guess. */
	for (uint32_t n = file->header.n_addresses; n > 1; n -= n / 2)
		first += function_vaddr(file, first + n / 2) <= elf_vaddr ? n / 2 : 0;
	*ret_i = first;
	return file->header.n_addresses && function_vaddr(file, first) <= elf_vaddr;
}

static const char *string_at(const struct symbol_file *file, uint32_t offset)
{
	return offset < file->header.strings_size ? file->strings + offset : NULL;
}

static void set_source(const struct symbol_file *file, const struct symbol_place *place,
		       struct symbol_frame *frame)
{
	struct gsym_file source = { 0 };

	if (place->file < file->n_files)
		memcpy(&source, file->files + place->file * sizeof(source), sizeof(source));
	frame->directory = string_at(file, source.directory);
	frame->filename = string_at(file, source.filename);
	frame->line = place->line;
	if (!frame->directory || !frame->filename) {
		frame->directory = "";
		frame->filename = "";
	}
}

/* The record of function @function_i, if the file holds one that covers @elf_vaddr. */
static bool read_record(const struct symbol_file *file, uint32_t function_i, uint64_t elf_vaddr,
			struct symbol_record *ret_record)
{
	uint32_t offset;

	memcpy(&offset, file->records + (size_t)function_i * sizeof(offset), sizeof(offset));
	if (offset > file->size)
		return false;
	return symbol_record_read(file->bytes + offset, file->size - offset,
				  function_vaddr(file, function_i), elf_vaddr, ret_record);
}

size_t symbol_file_find(const struct symbol_file *file, uint64_t elf_vaddr,
			struct symbol_frame *ret_frames, size_t max_frames)
{
	struct symbol_record record;
	struct symbol_place place;
	uint32_t function_i;
	size_t n = 0;

	if (!find_function(file, elf_vaddr, &function_i) ||
	    !read_record(file, function_i, elf_vaddr, &record))
		return 0;
	place = record.place;
	for (uint32_t i = 0; i < record.n_functions && n < max_frames; i++) {
		const struct symbol_call *call = symbol_record_call(&record, i);
		struct symbol_frame *frame = &ret_frames[n++];

		*frame = (struct symbol_frame){
			.function = string_at(file, call->name),
			.function_id = call->name,
			.file_id = place.file,
			.start_line = call->is_root ? record.start_line : 0,
		};
		if (!frame->function)
			return 0;
		set_source(file, &place, frame);
		place = call->from;
	}
	return n;
}

/* What each record begins with. */
struct record_head {
	uint32_t n_bytes; /* of code */
	uint32_t name;
};

static bool read_head(const struct symbol_file *file, uint32_t function_i,
		      struct record_head *ret_head)
{
	uint32_t offset;

	memcpy(&offset, file->records + (size_t)function_i * sizeof(offset), sizeof(offset));
	if (offset > file->size || file->size - offset < sizeof(*ret_head))
		return false;
	memcpy(ret_head, file->bytes + offset, sizeof(*ret_head));
	return true;
}

/* Whether record @next goes on with the function of the one before it. */
static bool goes_on(const struct symbol_file *file, uint32_t next)
{
	struct record_head head, next_head;

	return read_head(file, next - 1, &head) && read_head(file, next, &next_head) &&
	       head.name == next_head.name &&
	       function_vaddr(file, next - 1) + head.n_bytes == function_vaddr(file, next);
}

/* The pieces of a large function follow one another. */
static bool find_whole(const struct symbol_file *file, uint32_t function_i,
		       struct code_range *ret_range)
{
	struct record_head head;
	uint32_t first = function_i, last = function_i;

	while (first && goes_on(file, first))
		first--;
	while (last + 1 < file->header.n_addresses && goes_on(file, last + 1))
		last++;
	if (!read_head(file, last, &head))
		return false;
	ret_range->start_vaddr = function_vaddr(file, first);
	ret_range->end_vaddr = function_vaddr(file, last) + head.n_bytes;
	return true;
}

bool symbol_file_find_function(const struct symbol_file *file, uint64_t elf_vaddr,
			       struct code_range *ret_range)
{
	uint32_t function_i;

	return find_function(file, elf_vaddr, &function_i) &&
	       find_whole(file, function_i, ret_range) && elf_vaddr < ret_range->end_vaddr;
}

bool symbol_file_get_name(const struct symbol_file *file, uint32_t record_i, const char **ret_name)
{
	struct record_head head;
	const char *name;

	if (!read_head(file, record_i, &head) || (record_i && goes_on(file, record_i)))
		return false;
	name = string_at(file, head.name);
	if (!name)
		return false;
	*ret_name = name;
	return true;
}

bool symbol_file_get_range(const struct symbol_file *file, uint32_t record_i,
			   struct code_range *ret_range)
{
	return find_whole(file, record_i, ret_range);
}

bool symbol_file_has_source(const struct symbol_file *file, const char *path)
{
	for (uint32_t i = 1; i < file->n_files; i++) {
		const struct symbol_place place = { .file = i };
		struct symbol_frame frame;
		size_t length;

		set_source(file, &place, &frame);
		length = strlen(frame.directory);
		if (!length || frame.filename[0] == '/') {
			if (strcmp(frame.filename, path) == 0)
				return true;
		} else if (strncmp(frame.directory, path, length) == 0 && path[length] == '/' &&
			   strcmp(frame.filename, path + length + 1) == 0) {
			return true;
		}
	}
	return false;
}

uint32_t symbol_file_function_count(const struct symbol_file *file)
{
	return file->header.n_addresses;
}

size_t symbol_file_bytes(const struct symbol_file *file)
{
	return file->size;
}
