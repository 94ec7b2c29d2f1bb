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
#include "unwind/symbol_claims.h"
#include "unwind/symbol_file_format.h"
#include "unwind/symbol_function.h"
#include "unwind/symbol_split.h"

/* What a function takes but for its name and pieces: address, offset, a record's head and end. */
#define FUNCTION_BYTES (2 * sizeof(uint32_t) + 4 * sizeof(uint32_t))

/* It ends where the next one starts. */
struct piece {
	uint64_t start_vaddr;
	uint32_t chunks_offset;
	uint32_t chunks_bytes;
};

struct symbol_file_writer {
	struct string_pool strings;
	struct number_map files_by_key; /* directory and filename → file */
	struct buffer files;            /* struct gsym_file each */
	struct buffer chunks;
	struct piece *pieces;
	size_t n_pieces;
	size_t pieces_capacity;
	struct symbol_claims functions;
	struct symbol_claims fillers;
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
	free(writer->pieces);
	symbol_claims_fini(&writer->functions);
	symbol_claims_fini(&writer->fillers);
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

static int add_piece(const struct symbol_function *function, void *writer_pointer)
{
	struct symbol_file_writer *writer = writer_pointer;
	struct piece piece = {
		.start_vaddr = function->range.start_vaddr,
		.chunks_offset = (uint32_t)writer->chunks.size,
	};
	int r;

	symbol_function_encode(function, &writer->chunks);
	if (buffer_error(&writer->chunks))
		return buffer_error(&writer->chunks);
	if (writer->chunks.size > UINT32_MAX)
		return -EFBIG;
	piece.chunks_bytes = (uint32_t)writer->chunks.size - piece.chunks_offset;
	r = array_reserve((void **)&writer->pieces, &writer->pieces_capacity, writer->n_pieces + 1,
			  sizeof(piece));
	if (r == 0)
		writer->pieces[writer->n_pieces++] = piece;
	return r;
}

int symbol_file_writer_add_function(struct symbol_file_writer *writer,
				    const struct symbol_function *function)
{
	struct symbol_claim claim = {
		.start_vaddr = function->range.start_vaddr,
		.end_vaddr = function->range.end_vaddr,
		.name = function->name,
		.n_inlines = (uint32_t)function->n_inlines,
		.has_lines = function->n_rows > 0,
		.first_piece = (uint32_t)writer->n_pieces,
	};
	int r = 0;

	assert(claim.start_vaddr < claim.end_vaddr);
	if (function->n_rows || function->n_inlines)
		r = symbol_function_split(function, add_piece, writer);
	if (r < 0)
		return r;
	if (writer->n_pieces > UINT32_MAX)
		return -EFBIG;
	if (claim.end_vaddr - claim.start_vaddr > UINT32_MAX)
		claim.end_vaddr = claim.start_vaddr + UINT32_MAX;
	claim.n_pieces = (uint32_t)writer->n_pieces - claim.first_piece;
	return symbol_claims_add(function->fills_gaps ? &writer->fillers : &writer->functions,
				 &claim);
}

/* Make a record of its own of each piece that @list's functions still have. */
static int spread_pieces(const struct symbol_file_writer *writer, struct symbol_claims *list)
{
	struct symbol_claims spread = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		struct symbol_claim claim = list->claims[i];
		const uint32_t first_piece = claim.first_piece, n_pieces = claim.n_pieces;

		claim.n_pieces = n_pieces > 0;
		for (uint32_t k = 1; r == 0 && k < n_pieces; k++) {
			const struct piece *piece = &writer->pieces[first_piece + k];

			if (piece->start_vaddr >= list->claims[i].end_vaddr)
				break;
			claim.end_vaddr = piece->start_vaddr;
			r = symbol_claims_add(&spread, &claim);
			claim.start_vaddr = claim.end_vaddr;
			claim.end_vaddr = list->claims[i].end_vaddr;
			claim.first_piece++;
		}
		if (r == 0)
			r = symbol_claims_add(&spread, &claim);
	}
	free(list->claims);
	*list = spread;
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
static void append_addresses(const struct symbol_claims *list,
			     const struct elf_description *description, struct buffer *bytes)
{
	uint64_t base_address = list->claims[0].start_vaddr;
	size_t start = bytes->size;
	uint8_t *addresses;
	struct gsym_header header = {
		.magic = GSYM_MAGIC,
		.version = GSYM_VERSION,
		.base_address = base_address,
		.n_addresses = (uint32_t)list->n,
		.address_size =
			address_size_for(list->claims[list->n - 1].start_vaddr - base_address),
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
		uint64_t offset = list->claims[i].start_vaddr - base_address;

		memcpy(addresses + i * header.address_size, &offset, header.address_size);
	}
	append_padding(bytes, start, 4);
}

/* Returns the offset of the record in the file. */
static uint32_t append_record(const struct symbol_file_writer *writer,
			      const struct symbol_claim *claim, struct buffer *bytes, size_t start)
{
	uint32_t head[2] = { (uint32_t)(claim->end_vaddr - claim->start_vaddr), claim->name };
	uint32_t end[2] = { GSYM_CHUNK_END, 0 };
	size_t offset;

	append_padding(bytes, start, 4);
	offset = bytes->size - start;
	buffer_append(bytes, head, sizeof(head));
	if (claim->n_pieces) {
		const struct piece *piece = &writer->pieces[claim->first_piece];

		buffer_append(bytes, writer->chunks.data + piece->chunks_offset,
			      piece->chunks_bytes);
	}
	buffer_append(bytes, end, sizeof(end));
	return (uint32_t)offset;
}

static void append_all(const struct symbol_file_writer *writer,
		       const struct elf_description *description, struct buffer *bytes)
{
	const struct symbol_claims *list = &writer->functions;
	uint32_t n_files = (uint32_t)(writer->files.size / sizeof(struct gsym_file));
	size_t start = bytes->size, offsets, strings;

	buffer_prepare(bytes, list->n * FUNCTION_BYTES + writer->files.size +
				      writer->strings.bytes.size + writer->chunks.size);
	append_addresses(list, description, bytes);
	offsets = bytes->size;
	buffer_append_zeros(bytes, list->n * sizeof(uint32_t));
	buffer_append(bytes, &n_files, sizeof(n_files));
	buffer_append(bytes, writer->files.data, writer->files.size);
	strings = bytes->size;
	buffer_append(bytes, writer->strings.bytes.data, writer->strings.bytes.size);
	for (size_t i = 0; i < list->n; i++) {
		uint32_t offset = append_record(writer, &list->claims[i], bytes, start);

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

	r = symbol_claims_settle(&writer->functions, &writer->fillers, &report->n_dropped_ranges);
	if (r < 0)
		return r;
	if (!writer->functions.n)
		return -ENODATA;
	report->n_functions = (uint32_t)writer->functions.n;
	for (size_t i = 0; i < writer->functions.n; i++)
		report->n_with_lines += writer->functions.claims[i].has_lines;
	if (writer->n_pieces)
		r = spread_pieces(writer, &writer->functions);
	if (r < 0)
		return r;
	if (writer->functions.n > UINT32_MAX)
		return -EFBIG;
	append_all(writer, description, ret_bytes);
	if (buffer_error(ret_bytes))
		return buffer_error(ret_bytes);
	if (ret_bytes->size - start > UINT32_MAX)
		return -EFBIG;
	return 0;
}
