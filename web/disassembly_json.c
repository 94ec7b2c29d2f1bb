/* SPDX-License-Identifier: Apache-2.0 */
#include "web/disassembly_json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/file_view.h"
#include "profiler/listing.h"
#include "profiler/symbol_cache.h"
#include "unwind/disassembly.h"

static json_t *json_of_address(uint64_t elf_vaddr)
{
	char text[32];

	snprintf(text, sizeof(text), "%#" PRIx64, elf_vaddr);
	return json_string(text);
}

static json_t *json_of_bytes(const uint8_t *bytes, size_t n_bytes)
{
	char digits[2 * BUILD_ID_MAX_BYTES + 1] = "";

	for (size_t i = 0; i < n_bytes; i++)
		snprintf(digits + 2 * i, 3, "%02x", bytes[i]);
	return json_string(digits);
}

/* The functions at an instruction, innermost first. */
static json_t *json_of_frames(const struct listing *listing, const struct symbol_place *place)
{
	json_t *frames = json_array();

	for (uint32_t i = 0; i < place->n_lines; i++) {
		const struct symbol_function *function = symbol_cache_function(
			listing->snapshot.symbol_cache, place->lines[i].function);

		json_array_append_new(frames, json_pack("{s:s, s:s, s:I}", "function",
							function->name, "file", function->filename,
							"line", (json_int_t)place->lines[i].line));
	}
	return frames;
}

/* The samples at @line, from listing->counts[*@count_i] on. */
static struct listing_count count_line(const struct listing *listing, const struct code_line *line,
				       size_t *count_i)
{
	struct listing_count sum = { .elf_vaddr = line->elf_vaddr };

	for (; *count_i < listing->n_counts; (*count_i)++) {
		const struct listing_count *count = &listing->counts[*count_i];

		if (count->elf_vaddr >= line->elf_vaddr + line->n_bytes)
			break;
		sum.self += count->self;
		sum.total += count->total;
	}
	return sum;
}

static bool line_is_valid(const struct listing *listing, const struct code_line *line)
{
	return line->n_bytes && line->n_bytes <= CODE_LINE_MAX_BYTES &&
	       line->elf_vaddr >= listing->range.start_vaddr &&
	       line->elf_vaddr < listing->range.end_vaddr &&
	       strnlen(line->text, sizeof(line->text)) < sizeof(line->text);
}

static int append_text(const char *text, size_t size, void *buffer)
{
	buffer_append(buffer, text, size);
	return buffer_error(buffer);
}

/* Takes @json. */
static int append_json(json_t *json, struct buffer *ret_json)
{
	int r = json ? json_dump_callback(json, append_text, ret_json, JSON_COMPACT) : -1;

	json_decref(json);
	return r < 0 ? -ENOMEM : 0;
}

static int append_line(struct listing *listing, const struct code_line *line, size_t *count_i,
		       struct buffer *ret_json)
{
	const struct listing_count count = count_line(listing, line, count_i);
	const struct symbol_place *place;
	int r = listing_place(listing, line->elf_vaddr, &place);

	if (r < 0)
		return r;
	return append_json(json_pack("{s:o, s:o, s:s, s:I, s:I, s:o}", "address",
				     json_of_address(line->elf_vaddr), "bytes",
				     json_of_bytes(line->bytes, line->n_bytes), "text", line->text,
				     "self", (json_int_t)count.self, "total",
				     (json_int_t)count.total, "frames",
				     json_of_frames(listing, place)),
			   ret_json);
}

/* The function itself is the outermost one at its first byte. */
static json_t *json_of_listing(struct listing *listing)
{
	const struct build_id *build_id = &listing->view->description.build_id;
	const struct symbol_function *function = NULL;
	const struct symbol_place *place;

	if (listing_place(listing, listing->range.start_vaddr, &place) == 0 && place->n_lines)
		function = symbol_cache_function(listing->snapshot.symbol_cache,
						 place->lines[place->n_lines - 1].function);
	return json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:I}", "build_id",
			 json_of_bytes(build_id->bytes, build_id->n_bytes), "file",
			 listing->view->path, "function", function ? function->name : "",
			 "system_name", function ? function->system_name : "", "start",
			 json_of_address(listing->range.start_vaddr), "end",
			 json_of_address(listing->range.end_vaddr), "period_ns",
			 (json_int_t)listing->snapshot.period_ns, "self", (json_int_t)listing->self,
			 "total", (json_int_t)listing->total);
}

/* One instruction after the other: all of them as JSON in memory would take thirty times the room
 * of their text. */
int disassembly_json_append(struct listing *listing, const struct code_line *lines, size_t n_lines,
			    struct buffer *ret_json)
{
	size_t count_i = 0;
	int r = append_json(json_of_listing(listing), ret_json);

	if (r < 0)
		return r;
	ret_json->size--; /* its '}': the instructions are its last member */
	buffer_append_string(ret_json, ",\"instructions\":[");
	for (size_t i = 0; r == 0 && i < n_lines; i++) {
		if (i)
			buffer_append_char(ret_json, ',');
		r = line_is_valid(listing, &lines[i])
			    ? append_line(listing, &lines[i], &count_i, ret_json)
			    : -EBADMSG;
	}
	buffer_append_string(ret_json, "]}\n");
	return r;
}
