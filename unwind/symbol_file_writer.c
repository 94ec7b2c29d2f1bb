/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_file_writer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "unwind/elf_file.h"
#include "unwind/number_map.h"
#include "unwind/string_pool.h"
#include "unwind/symbol_build_report.h"
#include "unwind/symbol_file_format.h"
#include "unwind/symbol_function.h"

/* A function, of which the encoded chunks are kept elsewhere. */
struct record {
	uint64_t start_vaddr;
	uint64_t end_vaddr;
	uint64_t chunks_offset;
	uint32_t chunks_bytes;
	uint32_t name;
	uint32_t n_inlines;
	bool has_lines;
};

struct record_list {
	struct record *records;
	size_t n;
	size_t capacity;
};

struct symbol_file_writer {
	struct string_pool strings;
	struct number_map files_by_key; /* directory and filename → file */
	struct buffer files;            /* struct gsym_file each */
	struct buffer chunks;
	struct record_list functions;
	struct record_list fillers;
};

DEFINE_CLEANUP(struct symbol_file_writer *, symbol_file_writer_free)

int symbol_file_writer_new(struct symbol_file_writer **ret_writer)
{
	_cleanup_(symbol_file_writer_freep) struct symbol_file_writer *writer =
		calloc(1, sizeof(*writer));
	uint32_t unknown_file, empty;
	int r;

	if (!writer)
		return -ENOMEM;
	r = symbol_file_writer_add_string(writer, "", 0, &empty);
	if (r == 0)
		r = symbol_file_writer_add_file(writer, "", &unknown_file);
	if (r < 0)
		return r;
	*ret_writer = steal(writer);
	return 0;
}

struct symbol_file_writer *symbol_file_writer_free(struct symbol_file_writer *writer)
{
	if (!writer)
		return NULL;
	string_pool_fini(&writer->strings);
	number_map_fini(&writer->files_by_key);
	buffer_fini(&writer->files);
	buffer_fini(&writer->chunks);
	free(writer->functions.records);
	free(writer->fillers.records);
	free(writer);
	return NULL;
}

int symbol_file_writer_add_string(struct symbol_file_writer *writer, const char *text,
				  size_t length, uint32_t *ret_string)
{
	return string_pool_add(&writer->strings, text, length, ret_string);
}

/* Of the directory that ends before @filename. The root keeps its slash. */
static size_t directory_length(const char *path, const char *filename)
{
	size_t length = (size_t)(filename - path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	return length;
}

int symbol_file_writer_add_file(struct symbol_file_writer *writer, const char *path,
				uint32_t *ret_file)
{
	const char *slash = strrchr(path, '/');
	const char *filename = slash ? slash + 1 : path;
	struct gsym_file file;
	uint64_t key;
	int r;

	r = string_pool_add(&writer->strings, path, directory_length(path, filename),
			    &file.directory);
	if (r == 0)
		r = string_pool_add(&writer->strings, filename, strlen(filename), &file.filename);
	if (r < 0)
		return r;
	key = (uint64_t)file.directory << 32 | file.filename;
	if (number_map_find(&writer->files_by_key, key, ret_file))
		return 0;
	*ret_file = (uint32_t)(writer->files.size / sizeof(file));
	buffer_append(&writer->files, &file, sizeof(file));
	r = buffer_error(&writer->files);
	return r < 0 ? r : number_map_add(&writer->files_by_key, key, *ret_file);
}

static int add_record(struct record_list *list, const struct record *record)
{
	int r = array_reserve((void **)&list->records, &list->capacity, list->n + 1,
			      sizeof(*list->records));

	if (r == 0)
		list->records[list->n++] = *record;
	return r;
}

int symbol_file_writer_add_function(struct symbol_file_writer *writer,
				    const struct symbol_function *function)
{
	struct record record = {
		.start_vaddr = function->range.start_vaddr,
		.end_vaddr = function->range.end_vaddr,
		.name = function->name,
		.n_inlines = (uint32_t)function->n_inlines,
		.has_lines = function->n_rows > 0,
		.chunks_offset = writer->chunks.size,
	};

	assert(record.start_vaddr < record.end_vaddr);
	symbol_function_encode(function, &writer->chunks);
	if (buffer_error(&writer->chunks))
		return buffer_error(&writer->chunks);
	if (writer->chunks.size > UINT32_MAX)
		return -EFBIG;
	if (record.end_vaddr - record.start_vaddr > UINT32_MAX)
		record.end_vaddr = record.start_vaddr + UINT32_MAX;
	record.chunks_bytes = (uint32_t)(writer->chunks.size - record.chunks_offset);
	return add_record(function->fills_gaps ? &writer->fillers : &writer->functions, &record);
}

static int compare_records(const void *a, const void *b)
{
	const struct record *left = a, *right = b;

	if (left->start_vaddr != right->start_vaddr)
		return left->start_vaddr < right->start_vaddr ? -1 : 1;
	if (left->n_inlines != right->n_inlines)
		return left->n_inlines > right->n_inlines ? -1 : 1;
	if (left->has_lines != right->has_lines)
		return left->has_lines ? -1 : 1;
	if (left->chunks_offset != right->chunks_offset)
		return left->chunks_offset < right->chunks_offset ? -1 : 1;
	return 0;
}

static void sort_records(struct record_list *list)
{
	bool is_sorted = true;

	for (size_t i = 1; is_sorted && i < list->n; i++)
		is_sorted = compare_records(&list->records[i - 1], &list->records[i]) <= 0;
	if (!is_sorted)
		qsort(list->records, list->n, sizeof(*list->records), compare_records);
}

/* Leave every address to one function. Returns how many ranges were dropped or cut. */
static uint32_t resolve_overlaps(struct record_list *list)
{
	uint32_t n_dropped = 0;
	size_t n_kept = 0;

	sort_records(list);
	for (size_t i = 0; i < list->n; i++) {
		const struct record *record = &list->records[i];
		struct record *last = n_kept ? &list->records[n_kept - 1] : NULL;

		if (last && last->end_vaddr > record->start_vaddr) {
			n_dropped++;
			if (last->start_vaddr == record->start_vaddr)
				continue;
			last->end_vaddr = record->start_vaddr;
		}
		list->records[n_kept++] = *record;
	}
	list->n = n_kept;
	return n_dropped;
}

/* The chunks count from the start, and are lost with it. */
static void move_start(struct record *filler, uint64_t start_vaddr)
{
	filler->start_vaddr = start_vaddr;
	filler->chunks_bytes = 0;
	filler->has_lines = false;
}

/* Add the pieces of @filler that no function of @functions, from *@next on, covers. */
static int add_filler(struct record_list *result, struct record filler,
		      const struct record_list *functions, size_t *next)
{
	uint64_t end_vaddr = filler.end_vaddr;
	int r = 0;

	while (r == 0 && filler.start_vaddr < end_vaddr) {
		const struct record *function =
			*next < functions->n ? &functions->records[*next] : NULL;

		if (function && function->start_vaddr <= filler.start_vaddr) {
			if (function->end_vaddr > filler.start_vaddr)
				move_start(&filler, function->end_vaddr);
			if (function->end_vaddr > end_vaddr)
				break; /* the next filler may lie in it, too */
			(*next)++;
			continue;
		}
		filler.end_vaddr = function && function->start_vaddr < end_vaddr
					   ? function->start_vaddr
					   : end_vaddr;
		r = add_record(result, &filler);
		move_start(&filler, filler.end_vaddr);
	}
	return r;
}

/* Functions and what fills the gaps between them, as one sorted list. */
static int merge_fillers(struct symbol_file_writer *writer)
{
	struct record_list *functions = &writer->functions, *fillers = &writer->fillers;
	struct record_list merged = { 0 };
	size_t next = 0;
	int r = 0;

	if (!fillers->n)
		return 0;
	sort_records(fillers);
	for (size_t i = 0; r == 0 && i < fillers->n; i++)
		r = add_filler(&merged, fillers->records[i], functions, &next);
	for (size_t i = 0; r == 0 && i < functions->n; i++)
		r = add_record(&merged, &functions->records[i]);
	free(functions->records);
	*functions = merged;
	sort_records(functions);
	return r;
}

static void append_padding(struct buffer *bytes, size_t start, size_t alignment)
{
	size_t excess = (bytes->size - start) % alignment;

	if (excess)
		buffer_append_zeros(bytes, alignment - excess);
}

static uint8_t address_size_for(uint64_t largest_offset)
{
	return largest_offset <= UINT8_MAX    ? 1
	       : largest_offset <= UINT16_MAX ? 2
	       : largest_offset <= UINT32_MAX ? 4
					      : 8;
}

/* Everything up to the source files. The header's strings and each record's offset come later. */
static void append_addresses(const struct record_list *list,
			     const struct elf_description *description, struct buffer *bytes)
{
	uint64_t base_address = list->records[0].start_vaddr;
	size_t start = bytes->size;
	uint8_t *addresses;
	struct gsym_header header = {
		.magic = GSYM_MAGIC,
		.version = GSYM_VERSION,
		.base_address = base_address,
		.n_addresses = (uint32_t)list->n,
		.address_size =
			address_size_for(list->records[list->n - 1].start_vaddr - base_address),
	};

	if (description) {
		header.uuid_size = description->build_id.n_bytes < GSYM_UUID_MAX_BYTES
					   ? (uint8_t)description->build_id.n_bytes
					   : GSYM_UUID_MAX_BYTES;
		memcpy(header.uuid, description->build_id.bytes, header.uuid_size);
	}
	buffer_append(bytes, &header, sizeof(header));
	addresses = buffer_append_zeros(bytes, list->n * header.address_size);
	for (size_t i = 0; addresses && i < list->n; i++) {
		/* Little endian: the low bytes come first. */
		uint64_t offset = list->records[i].start_vaddr - base_address;

		memcpy(addresses + i * header.address_size, &offset, header.address_size);
	}
	append_padding(bytes, start, 4);
}

/* Returns the offset of the record in the file. */
static uint32_t append_record(const struct symbol_file_writer *writer, const struct record *record,
			      struct buffer *bytes, size_t start)
{
	uint32_t head[2] = { (uint32_t)(record->end_vaddr - record->start_vaddr), record->name };
	uint32_t end[2] = { GSYM_CHUNK_END, 0 };
	size_t offset;

	append_padding(bytes, start, 4);
	offset = bytes->size - start;
	buffer_append(bytes, head, sizeof(head));
	if (record->chunks_bytes)
		buffer_append(bytes, writer->chunks.data + record->chunks_offset,
			      record->chunks_bytes);
	buffer_append(bytes, end, sizeof(end));
	return (uint32_t)offset;
}

static void append_all(const struct symbol_file_writer *writer,
		       const struct elf_description *description, struct buffer *bytes)
{
	const struct record_list *list = &writer->functions;
	uint32_t n_files = (uint32_t)(writer->files.size / sizeof(struct gsym_file));
	size_t start = bytes->size, offsets, strings;

	append_addresses(list, description, bytes);
	offsets = bytes->size;
	buffer_append_zeros(bytes, list->n * sizeof(uint32_t));
	buffer_append(bytes, &n_files, sizeof(n_files));
	buffer_append(bytes, writer->files.data, writer->files.size);
	strings = bytes->size;
	buffer_append(bytes, writer->strings.bytes.data, writer->strings.bytes.size);
	for (size_t i = 0; i < list->n; i++) {
		uint32_t offset = append_record(writer, &list->records[i], bytes, start);

		if (buffer_error(bytes))
			return;
		memcpy(bytes->data + offsets + i * sizeof(offset), &offset, sizeof(offset));
	}
	struct gsym_header header;

	memcpy(&header, bytes->data + start, sizeof(header));
	header.strings_offset = (uint32_t)(strings - start);
	header.strings_size = (uint32_t)writer->strings.bytes.size;
	memcpy(bytes->data + start, &header, sizeof(header));
}

int symbol_file_writer_finish(struct symbol_file_writer *writer,
			      const struct elf_description *description, struct buffer *ret_bytes,
			      struct symbol_build_report *report)
{
	size_t start = ret_bytes->size;
	int r;

	report->n_dropped_ranges += resolve_overlaps(&writer->functions);
	r = merge_fillers(writer);
	if (r < 0)
		return r;
	if (!writer->functions.n)
		return -ENODATA;
	if (writer->functions.n > UINT32_MAX)
		return -EFBIG;
	append_all(writer, description, ret_bytes);
	if (buffer_error(ret_bytes))
		return buffer_error(ret_bytes);
	if (ret_bytes->size - start > UINT32_MAX)
		return -EFBIG;
	report->n_functions = (uint32_t)writer->functions.n;
	for (size_t i = 0; i < writer->functions.n; i++)
		report->n_with_lines += writer->functions.records[i].has_lines;
	return 0;
}
