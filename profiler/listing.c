/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/dictionary.h"
#include "profiler/file_view.h"
#include "profiler/frame.h"
#include "profiler/kernel_view.h"
#include "profiler/pair_map.h"
#include "profiler/query.h"
#include "profiler/symbol_cache.h"
#include "profiler/symbols.h"
#include "unwind/symbol_file.h"

void listing_fini(struct listing *listing)
{
	file_view_unref(listing->view);
	snapshot_fini(&listing->snapshot);
	free(listing->counts);
	*listing = (struct listing){ 0 };
}

int listing_find_file(struct store *store, const struct build_id *build_id, struct listing *listing)
{
	int r = snapshot_init(store, 0, 0, &listing->snapshot);

	if (r < 0)
		return r;
	listing->view = snapshot_find_build_id(&listing->snapshot, build_id);
	if (!listing->view)
		return -ENOENT;
	if (listing->view->state == NAMES_PENDING)
		return -EAGAIN;
	return listing->view->symbols ? 0 : -ENODATA;
}

int listing_find(struct store *store, const struct listing_target *target, struct listing *listing)
{
	struct symbols *symbols;
	int r = listing_find_file(store, &target->build_id, listing);

	if (r < 0)
		return r;
	symbols = listing->view->symbols;
	if (target->function)
		r = symbol_cache_find_name(listing->snapshot.symbol_cache, symbols,
					   target->function, &listing->range);
	else if (!symbol_file_find_function(symbols->file, target->elf_vaddr, &listing->range))
		r = -ESRCH;
	symbol_file_rest(symbols->file); /* all of its names may have been looked at */
	return r;
}

int listing_place(struct listing *listing, uint64_t elf_vaddr,
		  const struct symbol_place **ret_place)
{
	return symbol_cache_find(listing->snapshot.symbol_cache, listing->view->symbols, elf_vaddr,
				 ret_place);
}

/* The samples of a query, as they come. */
struct counting {
	struct listing *listing;
	const struct snapshot *snapshot; /* in which they are */
	struct pair_map files;           /* number → 1, if it is of the listing's build id */
	uint64_t *met;                   /* scratch: places of one stack */
	size_t n_met, met_capacity;
};

static void counting_fini(struct counting *counting)
{
	pair_map_fini(&counting->files);
	free(counting->met);
}

/* The same build id, in whichever file. */
static bool is_of_build_id(const struct counting *counting, uint32_t file)
{
	const struct build_id *build_id = &counting->listing->view->description.build_id;
	_cleanup_(file_view_unrefp) struct file_view *view =
		snapshot_find_file(counting->snapshot, file);

	return view && view->description.build_id.n_bytes == build_id->n_bytes &&
	       memcmp(view->description.build_id.bytes, build_id->bytes, build_id->n_bytes) == 0;
}

/* Returns 1 or 0, or -ENOMEM. */
static int is_of_listing(struct counting *counting, uint32_t file)
{
	const struct pair_key key = { file, 0 };
	uint32_t is_it;
	int r;

	if (pair_map_find(&counting->files, key, &is_it))
		return (int)is_it;
	is_it = is_of_build_id(counting, file);
	r = pair_map_find_or_add(&counting->files, key, is_it, &is_it);
	return r < 0 ? r : (int)is_it;
}

/* Where @frame is in the listing: *@ret_vaddr, or 0 if it is not. Returns 0 or -ENOMEM. */
static int locate(struct counting *counting, const struct frame *frame, uint64_t *ret_vaddr)
{
	const struct listing *listing = counting->listing;
	const struct kernel_view *kernel = counting->snapshot->kernel;
	const struct elf_segment *segment;
	uint32_t file = frame->file;
	uint64_t elf_vaddr = 0;
	int r;

	*ret_vaddr = 0;
	if (frame->kind == FRAME_KERNEL)
		file = kernel ? kernel_view_file(kernel, frame->place, &elf_vaddr) : 0;
	else if (frame->kind != FRAME_NATIVE)
		return 0;
	r = file ? is_of_listing(counting, file) : 0;
	if (r <= 0)
		return r;
	if (frame->kind == FRAME_NATIVE) {
		segment = file_view_segment(listing->view, frame->place);
		if (!segment)
			return 0;
		elf_vaddr = segment->elf_vaddr + (frame->place - segment->file_off);
	}
	if (elf_vaddr >= listing->range.start_vaddr && elf_vaddr < listing->range.end_vaddr)
		*ret_vaddr = elf_vaddr;
	return 0;
}

static int add_count(struct listing *listing, uint64_t elf_vaddr, uint64_t self, uint64_t total)
{
	const struct listing_count added = { elf_vaddr, self, total };
	int r = array_reserve((void **)&listing->counts, &listing->counts_capacity,
			      listing->n_counts + 1, sizeof(added));

	if (r == 0)
		listing->counts[listing->n_counts++] = added;
	return r;
}

/* Whether a frame before it was at the same place; from now on, one was. Returns 1 or 0, or
 * -ENOMEM. */
static int was_met(struct counting *counting, uint64_t elf_vaddr)
{
	int r;

	for (size_t i = 0; i < counting->n_met; i++)
		if (counting->met[i] == elf_vaddr)
			return 1;
	r = array_reserve((void **)&counting->met, &counting->met_capacity, counting->n_met + 1,
			  sizeof(*counting->met));
	if (r == 0)
		counting->met[counting->n_met++] = elf_vaddr;
	return r;
}

static int count_frame(struct counting *counting, const struct frame *frame, bool is_leaf,
		       uint64_t count)
{
	struct listing *listing = counting->listing;
	uint64_t elf_vaddr;
	int r = locate(counting, frame, &elf_vaddr);

	if (r < 0 || !elf_vaddr)
		return r;
	r = was_met(counting, elf_vaddr);
	if (r != 0)
		return r < 0 ? r : 0;
	listing->self += is_leaf ? count : 0;
	return add_count(listing, elf_vaddr, is_leaf ? count : 0, count);
}

static int count_group(void *context, const struct query_group *group)
{
	struct counting *counting = context;
	const struct stack_frames *frames = dictionary_stack(group->dictionary, group->stack);
	int r = 0;

	counting->snapshot = group->snapshot;
	counting->n_met = 0;
	for (uint32_t i = 0; r == 0 && i < frames->n_frames; i++)
		r = count_frame(counting, dictionary_frame(group->dictionary, frames->frames[i]),
				i == 0, group->count);
	counting->listing->total += counting->n_met ? group->count : 0;
	return r;
}

static int compare_counts(const void *a, const void *b)
{
	const struct listing_count *left = a, *right = b;

	return (left->elf_vaddr > right->elf_vaddr) - (left->elf_vaddr < right->elf_vaddr);
}

/* Sorted, and one of each address. */
static void sum_counts(struct listing *listing)
{
	size_t n = 0;

	if (!listing->n_counts)
		return;
	qsort(listing->counts, listing->n_counts, sizeof(*listing->counts), compare_counts);
	for (size_t i = 1; i < listing->n_counts; i++) {
		if (listing->counts[n].elf_vaddr != listing->counts[i].elf_vaddr) {
			listing->counts[++n] = listing->counts[i];
			continue;
		}
		listing->counts[n].self += listing->counts[i].self;
		listing->counts[n].total += listing->counts[i].total;
	}
	listing->n_counts = n + 1;
}

int listing_count(struct store *store, const struct query *query, struct listing *listing)
{
	_cleanup_(counting_fini) struct counting counting = { .listing = listing };
	const struct query_callback callback = { count_group, &counting };
	int r = query_each_group(store, query, &callback);

	sum_counts(listing);
	return r;
}
