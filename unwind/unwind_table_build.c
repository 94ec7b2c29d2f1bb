/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/unwind_table_build.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "unwind/bare_code.h"
#include "unwind/eh_frame.h"
#include "unwind/elf_content.h"
#include "unwind/elf_file.h"
#include "unwind/go_frame.h"
#include "unwind/landing.h"
#include "unwind/linkage_table.h"
#include "unwind/signal_return.h"
#include "unwind/unwind_rows.h"
#include "unwind/unwind_table.h"

/* Between two functions, what is not longer than that is padding. */
#define PADDING_BYTES 15

#define CHUNK_BYTES    (1U << UNWIND_CHUNK_SHIFT)
#define MAX_CHUNK_ROWS UINT16_MAX

#define ROW_BYTES 4 /* of a table, for each of its rows: rarely more */

/* Not to be cleared: of most files, little of it is touched. */
struct chunk_rows {
	uint8_t low[MAX_CHUNK_ROWS];
	uint16_t rule[MAX_CHUNK_ROWS];
};

/* Collects the rows of one chunk after the other, ascending, and writes them. */
struct chunk_writer {
	struct buffer *bytes;
	const uint16_t *numbers; /* of rules in the table, by those in rows */
	size_t offs_off;         /* where in the bytes the offsets of chunks are */
	uint32_t n_chunks;
	uint32_t n_rows; /* of all */
	uint32_t n_lost; /* rows for which there was no room, of all chunks */

	uint32_t chunk_i;
	uint16_t rule_before; /* the one that holds at the start of the chunk */
	uint16_t rule_now;    /* the one that holds from the last row on */
	uint32_t n;
	uint16_t last_off;                   /* in the chunk, of the last row */
	uint16_t bucket_end[UNWIND_BUCKETS]; /* one past the last row of each; 0: it has none */
	struct chunk_rows *rows;
};

static void fill_chunk(const struct chunk_writer *writer, void *chunk)
{
	uint16_t *first_row = chunk;
	uint8_t *low = (uint8_t *)chunk + UNWIND_CHUNK_LOW_OFF;

	for (uint32_t bucket = 0; bucket < UNWIND_BUCKETS; bucket++)
		first_row[bucket + 1] =
			writer->bucket_end[bucket] ? writer->bucket_end[bucket] : first_row[bucket];
	memcpy(low, writer->rows->low, writer->n);
	memcpy(low + UNWIND_CHUNK_LOW_BYTES(writer->n), writer->rows->rule,
	       writer->n * sizeof(writer->rows->rule[0]));
}

/* Of two at the same place the later one holds: where a segment ends, another may start. */
static void append_row(struct chunk_writer *writer, uint16_t off, uint16_t rule)
{
	uint32_t n = writer->n;

	if (n && writer->last_off == off) {
		writer->rows->rule[n - 1] = rule;
	} else if (n == MAX_CHUNK_ROWS) {
		writer->rows->rule[n - 1] = UNWIND_RULE_UNSUPPORTED;
		writer->n_lost++;
	} else {
		writer->rows->low[n] = (uint8_t)off;
		writer->rows->rule[n] = rule;
		writer->last_off = off;
		writer->n = n + 1;
		writer->bucket_end[off >> UNWIND_BUCKET_SHIFT] = (uint16_t)writer->n;
	}
}

static void flush_chunk(struct chunk_writer *writer)
{
	size_t off = writer->bytes->size;
	void *chunk;

	if (writer->n == 0 && writer->rule_before != UNWIND_RULE_NONE)
		append_row(writer, 0, writer->rule_before);
	if (writer->n) {
		chunk = buffer_append_zeros(
			writer->bytes, UNWIND_CHUNK_LOW_OFF + UNWIND_CHUNK_LOW_BYTES(writer->n) +
					       UNWIND_CHUNK_RULE_BYTES(writer->n));
		if (chunk) {
			fill_chunk(writer, chunk);
			((uint32_t *)(writer->bytes->data + writer->offs_off))[writer->chunk_i] =
				(uint32_t)off;
		}
		memset(writer->bucket_end, 0, sizeof(writer->bucket_end));
	}
	writer->n_rows += writer->n;
	writer->n = 0;
	writer->rule_before = writer->rule_now;
	writer->chunk_i++;
}

static void put_row(struct chunk_writer *writer, uint64_t file_off, uint16_t rule_in_rows)
{
	uint16_t rule = writer->numbers[rule_in_rows];

	while (writer->chunk_i < file_off / CHUNK_BYTES)
		flush_chunk(writer);
	if (rule == writer->rule_now)
		return;
	writer->rule_now = rule;
	if (writer->n == 0 && file_off % CHUNK_BYTES)
		append_row(writer, 0, writer->rule_before);
	append_row(writer, file_off % CHUNK_BYTES, rule);
}

/* Those of @rows that follow the last row, which there is, and lie in its chunk: nearly all. Apart,
 * for their speed. Returns how many they are. */
static size_t put_run(struct chunk_writer *writer, const struct unwind_row *rows, size_t n,
		      uint64_t first_vaddr)
{
	uint64_t end_vaddr = first_vaddr + CHUNK_BYTES;
	const uint16_t *numbers = writer->numbers;
	uint8_t *low = writer->rows->low;
	uint16_t *rule = writer->rows->rule;
	size_t start = writer->n, i;

	if (n > MAX_CHUNK_ROWS - start)
		n = MAX_CHUNK_ROWS - start;
	for (i = 0; i < n && rows[i].elf_vaddr < end_vaddr; i++) {
		uint16_t off = (uint16_t)(rows[i].elf_vaddr - first_vaddr);

		low[start + i] = (uint8_t)off;
		rule[start + i] = numbers[rows[i].rule];
		writer->bucket_end[off >> UNWIND_BUCKET_SHIFT] = (uint16_t)(start + i + 1);
	}
	if (i) {
		writer->last_off = (uint16_t)(rows[i - 1].elf_vaddr - first_vaddr);
		writer->rule_now = rule[start + i - 1];
	}
	writer->n += i;
	return i;
}

/* Segments may overlap in the file; the first of them has what they share. */
static void put_segment(struct chunk_writer *writer, const struct elf_segment *segment,
			uint64_t start_off, const struct unwind_rows *rows)
{
	uint64_t vaddr_of_0 = segment->elf_vaddr - segment->file_off; /* may wrap */
	uint64_t end_vaddr = segment->elf_vaddr + segment->size_bytes;
	size_t i = unwind_rows_find_behind(rows, vaddr_of_0 + start_off);
	size_t end = unwind_rows_find_behind(rows, end_vaddr - 1);

	put_row(writer, start_off, i ? rows->items[i - 1].rule : UNWIND_RULE_NONE);
	while (i < end) {
		put_row(writer, rows->items[i].elf_vaddr - vaddr_of_0, rows->items[i].rule);
		i++;
		if (writer->n)
			i += put_run(writer, rows->items + i, end - i,
				     vaddr_of_0 + (uint64_t)writer->chunk_i * CHUNK_BYTES);
	}
}

static uint64_t end_off(const struct elf_segment *segment)
{
	uint64_t limit = (uint64_t)UNWIND_MAX_CHUNKS << UNWIND_CHUNK_SHIFT;
	uint64_t end = segment->file_off + segment->size_bytes;

	return end < limit ? end : limit;
}

static void put_segments(struct chunk_writer *writer, const struct elf_description *description,
			 const struct unwind_rows *rows)
{
	uint64_t done_off = 0;

	for (uint32_t i = 0; i < description->n_segments; i++) {
		struct elf_segment segment = description->segments[i];
		uint64_t start_off = segment.file_off > done_off ? segment.file_off : done_off;
		uint64_t segment_end = end_off(&segment);

		if (start_off >= segment_end)
			continue;
		segment.size_bytes = segment_end - segment.file_off;
		put_segment(writer, &segment, start_off, rows);
		done_off = segment_end;
		if (done_off / CHUNK_BYTES < writer->n_chunks)
			put_row(writer, done_off, UNWIND_RULE_NONE);
	}
	while (writer->chunk_i < writer->n_chunks)
		flush_chunk(writer);
}

static uint32_t count_chunks(const struct elf_description *description)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < description->n_segments; i++) {
		uint64_t end = (end_off(&description->segments[i]) + CHUNK_BYTES - 1) / CHUNK_BYTES;

		if (description->segments[i].size_bytes && end > n)
			n = end;
	}
	return (uint32_t)n;
}

/* @set and @rows are settled. */
static int write_table(const struct elf_description *description, const struct unwind_rule_set *set,
		       const struct unwind_rows *rows, struct buffer *bytes,
		       struct unwind_table_report *report)
{
	_cleanup_(freep) struct chunk_rows *chunk_rows = malloc(sizeof(*chunk_rows));
	struct unwind_table_header header = {
		.magic = UNWIND_TABLE_MAGIC,
		.n_rules = set->n,
		.n_chunks = count_chunks(description),
	};
	struct chunk_writer writer = {
		.bytes = bytes,
		.numbers = set->slots,
		.n_chunks = header.n_chunks,
		.offs_off = sizeof(header) + set->n * sizeof(*set->rules),
		.rows = chunk_rows,
	};

	if (!chunk_rows)
		return -ENOMEM;
	buffer_prepare(bytes,
		       UNWIND_TABLE_CHUNKS_OFF(set->n, header.n_chunks) + rows->n * ROW_BYTES);
	buffer_append(bytes, &header, sizeof(header));
	buffer_append(bytes, set->rules, set->n * sizeof(*set->rules));
	buffer_append_zeros(bytes,
			    UNWIND_TABLE_CHUNKS_OFF(set->n, header.n_chunks) - writer.offs_off);
	put_segments(&writer, description, rows);
	if (buffer_error(bytes) < 0)
		return buffer_error(bytes);
	if (bytes->size > UINT32_MAX)
		return -EFBIG;
	header.n_rows = writer.n_rows;
	header.size_bytes = (uint32_t)bytes->size;
	memcpy(bytes->data, &header, sizeof(header));
	report->n_rows = header.n_rows;
	report->n_rules = header.n_rules;
	report->losses[UNWIND_LOSS_CHUNK_ROWS] += writer.n_lost;
	return 0;
}

static int read_rows(struct elf_file *file, struct unwind_rule_set *set,
		     struct unwind_rows *ret_rows, struct unwind_table_report *report)
{
	_cleanup_(unwind_rows_fini) struct unwind_rows loaded = { 0 }, go = { 0 }, bare = { 0 },
						       linkage = { 0 }, signals = { 0 },
						       landings = { 0 };
	struct eh_frame_report frames = { 0 };
	struct go_frame_report go_frames = { 0 };
	int r = eh_frame_read(file, EH_FRAME_DEBUG, set, ret_rows, &frames);

	if (r == 0)
		r = eh_frame_read(file, EH_FRAME_LOADED, set, &loaded, &frames);
	if (r == 0)
		r = unwind_rows_overlay(ret_rows, &loaded);
	if (r == 0)
		r = go_frame_read(file, set, &go, &go_frames);
	if (r == 0)
		r = unwind_rows_overlay(ret_rows, &go);
	if (r == 0)
		r = bare_code_read(file, ret_rows, set, &bare);
	if (r == 0)
		r = unwind_rows_overlay(ret_rows, &bare);
	if (r == 0)
		r = linkage_table_read(file, ret_rows, set, &linkage);
	if (r == 0)
		r = unwind_rows_overlay(ret_rows, &linkage);
	if (r == 0)
		r = signal_return_read(file, set, &signals);
	if (r == 0)
		r = unwind_rows_overlay(ret_rows, &signals);
	if (r == 0)
		r = landing_read(file, ret_rows, set, &landings);
	if (r == 0)
		r = unwind_rows_overlay(ret_rows, &landings);
	if (r < 0)
		return r;
	report->frame_bytes = frames.section_bytes;
	report->n_functions = frames.n_functions;
	report->n_go_functions = go_frames.n_functions;
	memcpy(report->losses, frames.losses, sizeof(report->losses));
	report->losses[UNWIND_LOSS_GO_STACK] += go_frames.n_stack_unknown;
	report->losses[UNWIND_LOSS_BAD_ENTRY] += go_frames.n_bad;
	return 0;
}

int unwind_table_build(struct elf_file *file, struct buffer *ret_bytes,
		       struct unwind_table_report *ret_report)
{
	_cleanup_(freep) struct unwind_rule_set *set = malloc(sizeof(*set));
	_cleanup_(unwind_rows_fini) struct unwind_rows rows = { 0 };
	uint16_t machine = elf_content_machine(file);
	int r;

	*ret_report = (struct unwind_table_report){ 0 };
	if (!set)
		return -ENOMEM;
	if (machine != EM_X86_64 && machine != EM_AARCH64)
		return -ENODATA;
	unwind_rule_set_init(set);
	r = read_rows(file, set, &rows, ret_report);
	if (r < 0)
		return r;
	if (rows.n == 0)
		return -ENODATA;
	unwind_rows_settle(&rows, set, PADDING_BYTES);
	return write_table(elf_file_describe(file), set, &rows, ret_bytes, ret_report);
}
