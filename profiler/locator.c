/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/locator.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/dictionary.h"
#include "profiler/file_view.h"
#include "profiler/kernel_view.h"
#include "profiler/past.h"
#include "profiler/profile.h"
#include "profiler/snapshot.h"
#include "profiler/status.h"
#include "profiler/symbol_cache.h"
#include "profiler/symbols.h"
#include "profiler/utf8.h"
#include "unwind/symbol_file.h"

#define KERNEL_NAME         KERNEL_RANGE_NAME /* also of what is in no range that we know */
#define UNMAPPED_NAME       "[unmapped]"
#define ANONYMOUS_NAME      "[anonymous]"
#define CUT_NAME            "[truncated]" /* there is nothing to find out about that */
#define FALLBACK_NAME_BYTES 512

struct located_file {
	struct file_view *view; /* held */
	uint32_t filename;      /* strings of the profile */
	uint32_t build_id;
};

/* What becomes a location, once it is put into the profile. */
struct place {
	const struct frame *frame;
	uint64_t address;
	struct profile_mapping mapping;
	const struct file_view *view;  /* of a file; borrowed */
	const struct past_frame *past; /* of what has kept its name; borrowed */
	const char *name;              /* of the mapping */
	uint64_t name_off;             /* what stands behind "+0x" if there is no better name */
	uint64_t function_off;         /* from the start of its function */
};

void locator_init(struct locator *ret_locator, const struct snapshot *snapshot,
		  struct profile *profile)
{
	*ret_locator = (struct locator){
		.snapshot = snapshot,
		.kernel = snapshot->kernel,
		.profile = profile,
	};
}

void locator_fini(struct locator *locator)
{
	for (size_t i = 0; i < locator->n_files; i++)
		file_view_unref(locator->files[i].view);
	free(locator->files);
	pair_map_fini(&locator->file_index);
	pair_map_fini(&locator->function_index);
}

static int build_id_intern(struct profile *profile, const struct elf_description *description,
			   uint32_t *ret_string)
{
	char hex[BUILD_ID_MAX_BYTES * 2 + 1] = "";

	for (uint32_t i = 0; i < description->build_id.n_bytes; i++)
		snprintf(hex + i * 2, 3, "%02x", description->build_id.bytes[i]);
	return string_table_add(profile->strings, hex, ret_string);
}

/* -EINVAL if the store does not know it. */
static int file_add(struct locator *locator, uint32_t number, struct located_file **ret_file)
{
	_cleanup_(file_view_unrefp) struct file_view *view = NULL;
	struct located_file added = { 0 };
	struct pair_key key = { .a = number };
	uint32_t index;
	int r;

	view = snapshot_find_file(locator->snapshot, number);
	if (!view)
		return -EINVAL;
	r = array_reserve((void **)&locator->files, &locator->file_capacity, locator->n_files + 1,
			  sizeof(*locator->files));
	if (r < 0)
		return r;
	r = string_table_add(locator->profile->strings, view->path, &added.filename);
	if (r < 0)
		return r;
	r = build_id_intern(locator->profile, &view->description, &added.build_id);
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&locator->file_index, key, (uint32_t)locator->n_files, &index);
	if (r < 0)
		return r;
	added.view = steal(view);
	locator->files[locator->n_files] = added;
	*ret_file = &locator->files[locator->n_files++];
	return 0;
}

static int file_find(struct locator *locator, uint32_t number, struct located_file **ret_file)
{
	uint32_t index;

	if (!pair_map_find(&locator->file_index, (struct pair_key){ .a = number }, &index))
		return file_add(locator, number, ret_file);
	*ret_file = &locator->files[index];
	return 0;
}

static int native_place(struct locator *locator, struct place *place)
{
	uint64_t file_off = place->frame->place;
	struct located_file *file;
	const struct elf_segment *segment;
	uint64_t base;
	int r;

	r = file_find(locator, place->frame->file, &file);
	if (r < 0)
		return r;
	place->view = file->view;
	base = place->frame->file * FILE_SPAN_BYTES;
	segment = file_view_segment(file->view, file_off);
	place->address = base + file_off;
	place->name = file->view->path;
	place->name_off = segment ? segment->elf_vaddr + (file_off - segment->file_off) : file_off;
	place->mapping = (struct profile_mapping){
		.start_addr = base + (segment ? segment->file_off : 0),
		.limit_addr = base +
			      (segment ? segment->file_off + segment->size_bytes : FILE_SPAN_BYTES),
		.file_off = segment ? segment->file_off : 0,
		.filename = file->filename,
		.build_id = file->build_id,
		.has_functions = true,
		.has_inline_frames = file->view->state == NAMES_LINES,
	};
	return 0;
}

/* The file of the kernel, or of its module, at @addr, or NULL: none is known. */
static const struct located_file *kernel_file(struct locator *locator, uint64_t addr)
{
	const struct kernel_view *kernel = locator->kernel;
	struct located_file *file;
	uint64_t elf_vaddr;
	uint32_t number = kernel ? kernel_view_file(kernel, addr, &elf_vaddr) : 0;

	return number && file_find(locator, number, &file) == 0 ? file : NULL;
}

/* What has kept its name, since nobody else has it any more. */
static int named_place(struct locator *locator, struct place *place)
{
	place->past = past_find_frame(locator->snapshot->past, place->frame->file);
	place->address = place->frame->place;
	place->name = place->past->path;
	place->name_off = place->address;
	place->mapping =
		(struct profile_mapping){ .limit_addr = UINT64_MAX, .has_functions = true };
	return string_table_add(locator->profile->strings, place->name, &place->mapping.filename);
}

static int kernel_place(struct locator *locator, struct place *place)
{
	const struct kernel_view *kernel = locator->kernel;
	const struct kernel_range *range = NULL;
	const struct located_file *file;

	if (kernel)
		range = kernel_view_find(kernel, place->frame->place);
	file = kernel_file(locator, place->frame->place);
	place->address = place->frame->place;
	place->name = range ? range->name : KERNEL_NAME;
	place->name_off = place->address;
	place->mapping = (struct profile_mapping){
		.start_addr = range ? range->start_addr : 0,
		.limit_addr = range ? range->end_addr : UINT64_MAX,
		.build_id = file ? file->build_id : 0,
		.has_functions = true,
		.has_inline_frames = file && file->view->state == NAMES_LINES,
	};
	return string_table_add(locator->profile->strings, place->name, &place->mapping.filename);
}

static int nameless_place(struct locator *locator, struct place *place)
{
	place->address = place->frame->place;
	place->name = place->frame->kind == FRAME_JIT ? ANONYMOUS_NAME : UNMAPPED_NAME;
	place->name_off = place->address;
	place->mapping = (struct profile_mapping){ .limit_addr = UINT64_MAX };
	return string_table_add(locator->profile->strings, place->name, &place->mapping.filename);
}

/* What is made at run time lies in its process, wherever there is room. */
static int jit_place(struct locator *locator, struct place *place)
{
	struct located_file *file;
	int r;

	r = file_find(locator, place->frame->file, &file);
	if (r < 0)
		return r;
	place->view = file->view;
	place->address = place->frame->place;
	place->name = file->view->path;
	place->name_off = place->address;
	place->mapping = (struct profile_mapping){
		.limit_addr = UINT64_MAX,
		.filename = file->filename,
		.has_functions = true,
	};
	return 0;
}

static int cut_place(struct locator *locator, struct place *place)
{
	place->address = place->frame->place;
	place->name = CUT_NAME;
	place->mapping = (struct profile_mapping){
		.limit_addr = STACK_OUTCOME_COUNT,
		.has_functions = true,
	};
	return string_table_add(locator->profile->strings, place->name, &place->mapping.filename);
}

static int place_init(struct locator *locator, const struct frame *frame, struct place *ret_place)
{
	*ret_place = (struct place){ .frame = frame };
	if (frame->file >= FRAME_FIRST_NAMED)
		return named_place(locator, ret_place);
	switch (frame->kind) {
	case FRAME_NATIVE:
		return native_place(locator, ret_place);
	case FRAME_KERNEL:
		return kernel_place(locator, ret_place);
	case FRAME_CUT:
		return cut_place(locator, ret_place);
	case FRAME_JIT:
		return frame->file ? jit_place(locator, ret_place)
				   : nameless_place(locator, ret_place);
	default:
		return nameless_place(locator, ret_place);
	}
}

/* Each sets *@ret_place to NULL if nobody can know a name there. */
static int file_symbols(const struct snapshot *snapshot, const struct file_view *view,
			const struct frame *frame, const struct symbol_place **ret_place)
{
	const struct elf_segment *segment;
	uint64_t elf_vaddr = frame->place;

	*ret_place = NULL;
	if (!view->symbols)
		return 0;
	if (frame->kind == FRAME_NATIVE) {
		segment = file_view_segment(view, frame->place);
		if (!segment)
			return 0;
		elf_vaddr = segment->elf_vaddr + (frame->place - segment->file_off);
	}
	return symbol_cache_find(snapshot->symbol_cache, view->symbols, elf_vaddr, ret_place);
}

/* As long as the file of the kernel, or of its module, is not read, and for what that does not
 * know, there is kallsyms. */
static int kernel_symbols(const struct snapshot *snapshot, const struct kernel_view *kernel,
			  uint64_t addr, const struct symbol_place **ret_place)
{
	_cleanup_(file_view_unrefp) struct file_view *file = NULL;
	uint64_t elf_vaddr;
	uint32_t number = kernel ? kernel_view_file(kernel, addr, &elf_vaddr) : 0;
	int r;

	*ret_place = NULL;
	if (number)
		file = snapshot_find_file(snapshot, number);
	if (file && file->symbols) {
		r = symbol_cache_find(snapshot->symbol_cache, file->symbols, elf_vaddr, ret_place);
		if (r < 0 || (*ret_place && (*ret_place)->n_lines))
			return r;
	}
	*ret_place = NULL;
	if (!kernel || !kernel->symbols)
		return 0;
	return symbol_cache_find(snapshot->symbol_cache, kernel->symbols, addr, ret_place);
}

static int function_add(struct locator *locator, uint32_t number, uint32_t *ret_function)
{
	const struct symbol_function *function =
		symbol_cache_function(locator->snapshot->symbol_cache, number);
	struct string_table *strings = locator->profile->strings;
	struct profile_function added = { .start_line = function->start_line };
	struct pair_key key = { .a = number };
	int r;

	if (pair_map_find(&locator->function_index, key, ret_function))
		return 0;
	r = string_table_add(strings, function->name, &added.name);
	if (r < 0)
		return r;
	added.system_name = added.name;
	if (function->system_name != function->name)
		r = string_table_add(strings, function->system_name, &added.system_name);
	if (r < 0)
		return r;
	r = string_table_add(strings, function->filename, &added.filename);
	if (r < 0)
		return r;
	r = profile_add_function(locator->profile, &added, ret_function);
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&locator->function_index, key, *ret_function, ret_function);
	return r < 0 ? r : 0;
}

/* What is shown where there is no function: a place, or why the stack ends here. */
static void fallback_name(const struct place *place, char ret_name[FALLBACK_NAME_BYTES])
{
	const char *prefix = place->view ? file_view_basename(place->view) : place->name;

	if (place->frame->kind == FRAME_CUT)
		snprintf(ret_name, FALLBACK_NAME_BYTES, "[truncated: %s]",
			 stack_cut_reasons[place->frame->place]);
	else
		snprintf(ret_name, FALLBACK_NAME_BYTES, "%.*s+0x%" PRIx64, FALLBACK_NAME_BYTES - 32,
			 prefix, place->name_off);
	utf8_sanitize(ret_name); /* half a character may be left of a long prefix */
}

/* A function of which nothing is known but its name. */
static int name_add(struct locator *locator, const char *name, uint32_t *ret_function)
{
	struct profile_function added = { 0 };
	int r = string_table_add(locator->profile->strings, name, &added.name);

	if (r < 0)
		return r;
	added.system_name = added.name;
	return profile_add_function(locator->profile, &added, ret_function);
}

static int fallback_add(struct locator *locator, const struct place *place, uint32_t *ret_function)
{
	char name[FALLBACK_NAME_BYTES];

	fallback_name(place, name);
	return name_add(locator, name, ret_function);
}

/* Sets 0 lines if nobody knows a name there. */
static int symbol_lines_add(struct locator *locator, struct place *place,
			    struct profile_line *ret_lines, size_t *ret_n_lines)
{
	const struct symbol_place *symbols = NULL;
	int r = 0;

	if (place->past) {
		*ret_n_lines = place->past->name[0] != '\0';
		ret_lines[0] = (struct profile_line){ 0 };
		return *ret_n_lines ? name_add(locator, place->past->name, &ret_lines[0].function)
				    : 0;
	}
	if (place->view)
		r = file_symbols(locator->snapshot, place->view, place->frame, &symbols);
	else if (place->frame->kind == FRAME_KERNEL)
		r = kernel_symbols(locator->snapshot, locator->kernel, place->frame->place,
				   &symbols);
	if (r < 0)
		return r;
	*ret_n_lines = symbols ? symbols->n_lines : 0;
	place->function_off = symbols ? symbols->off : 0;
	for (size_t i = 0; i < *ret_n_lines; i++) {
		ret_lines[i] = (struct profile_line){ .line = symbols->lines[i].line };
		r = function_add(locator, symbols->lines[i].function, &ret_lines[i].function);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Having lines means that one of its places has, for debug information may be of a part only. That
 * functions are inlined is known without it, too, as in Go. */
static void mapping_note_lines(const struct locator *locator, struct profile_mapping *mapping,
			       const struct profile_line *lines, size_t n_lines)
{
	mapping->has_inline_frames |= n_lines > 1;
	for (size_t i = 0; i < n_lines; i++) {
		mapping->has_filenames |= locator->profile->functions[lines[i].function].filename;
		mapping->has_line_numbers |= lines[i].line;
	}
}

int locator_add(struct locator *locator, const struct frame *frame, uint32_t *ret_location)
{
	struct profile_line lines[SYMBOL_MAX_INLINE];
	struct profile_location location = { .kind = frame->kind };
	struct place place;
	size_t n_lines;
	int r;

	r = place_init(locator, frame, &place);
	if (r < 0)
		return r;
	r = symbol_lines_add(locator, &place, lines, &n_lines);
	if (r < 0)
		return r;
	if (!n_lines) {
		if (frame->kind != FRAME_CUT) {
			place.mapping.has_functions = false; /* nor was anything else looked up */
			place.mapping.has_inline_frames = false;
		}
		lines[n_lines++] = (struct profile_line){ 0 };
		r = fallback_add(locator, &place, &lines[0].function);
		if (r < 0)
			return r;
	}
	location.address = place.address;
	location.function_off = place.function_off;
	r = profile_add_mapping(locator->profile, &place.mapping, &location.mapping);
	if (r < 0)
		return r;
	mapping_note_lines(locator, &locator->profile->mappings[location.mapping], lines, n_lines);
	return profile_add_location(locator->profile, &location, lines, n_lines, ret_location);
}

int locator_append_name(const struct snapshot *snapshot, const struct kernel_view *kernel,
			const struct frame *frame, struct buffer *ret_name)
{
	_cleanup_(file_view_unrefp) struct file_view *view = NULL;
	const struct symbol_place *place = NULL;
	int r;

	if (frame->kind == FRAME_KERNEL) {
		r = kernel_symbols(snapshot, kernel, frame->place, &place);
	} else {
		view = snapshot_find_file(snapshot, frame->file);
		r = view ? file_symbols(snapshot, view, frame, &place) : 0;
	}
	if (r < 0 || !place || !place->n_lines)
		return r;
	buffer_append_string(
		ret_name,
		symbol_cache_function(snapshot->symbol_cache, place->lines[0].function)->name);
	return buffer_error(ret_name);
}
