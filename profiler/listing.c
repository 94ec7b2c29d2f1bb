/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/file_view.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "profiler/symbol_cache.h"
#include "profiler/symbols.h"
#include "unwind/symbol_file.h"

DEFINE_CLEANUP(struct profile *, profile_free)

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
	if (listing->view->symbols)
		return 0;
	return listing->view->state == NAMES_PENDING ? -EAGAIN : -ENODATA;
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

/* Where locations of a profile are in the listing. */
struct located {
	const struct profile *profile;
	uint64_t *elf_vaddrs; /* of each location; 0: it is not in the listing */
};

/* The same build id, in whichever file. */
static bool is_of_file(const struct listing *listing, const struct profile *profile,
		       const struct profile_mapping *mapping)
{
	const struct build_id *build_id = &listing->view->description.build_id;
	const char *text = string_table_get(profile->strings, mapping->build_id);
	char digits[3];

	if (strlen(text) != 2 * (size_t)build_id->n_bytes)
		return false;
	for (uint32_t i = 0; i < build_id->n_bytes; i++) {
		snprintf(digits, sizeof(digits), "%02x", build_id->bytes[i]);
		if (memcmp(digits, text + 2 * (size_t)i, 2) != 0)
			return false;
	}
	return true;
}

static int locate(const struct listing *listing, struct located *located)
{
	const struct profile *profile = located->profile;
	_cleanup_(freep) bool *is_file = calloc(profile->n_mappings + 1, sizeof(*is_file));

	located->elf_vaddrs = calloc(profile->n_locations + 1, sizeof(*located->elf_vaddrs));
	if (!is_file || !located->elf_vaddrs)
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_mappings; i++)
		is_file[i] = is_of_file(listing, profile, &profile->mappings[i]);
	for (size_t i = 0; i < profile->n_locations; i++) {
		const struct profile_location *location = &profile->locations[i];
		const struct profile_mapping *mapping;
		const struct elf_segment *segment;
		uint64_t file_off, elf_vaddr;

		if (location->mapping == PROFILE_NO_MAPPING || !is_file[location->mapping])
			continue;
		mapping = &profile->mappings[location->mapping];
		file_off = mapping->file_off + (location->address - mapping->start_addr);
		segment = file_view_segment(listing->view, file_off);
		if (!segment)
			continue;
		elf_vaddr = segment->elf_vaddr + (file_off - segment->file_off);
		if (elf_vaddr >= listing->range.start_vaddr && elf_vaddr < listing->range.end_vaddr)
			located->elf_vaddrs[i] = elf_vaddr;
	}
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

/* Whether one of the frames before @frame_i is at the same place. */
static bool was_met(const struct located *located, const struct profile_stack *stack,
		    uint32_t frame_i)
{
	const uint32_t *frames = &located->profile->frames[stack->first_frame];

	for (uint32_t i = 0; i < frame_i; i++)
		if (located->elf_vaddrs[frames[i]] == located->elf_vaddrs[frames[frame_i]])
			return true;
	return false;
}

static int count_stack(struct listing *listing, const struct located *located,
		       const struct profile_sample *sample)
{
	const struct profile_stack *stack = &located->profile->stacks[sample->stack];
	const uint32_t *frames = &located->profile->frames[stack->first_frame];
	bool is_in_it = false;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < stack->n_frames; i++) {
		uint64_t elf_vaddr = located->elf_vaddrs[frames[i]];

		if (!elf_vaddr || was_met(located, stack, i))
			continue;
		r = add_count(listing, elf_vaddr, i == 0 ? sample->count : 0, sample->count);
		listing->self += i == 0 ? sample->count : 0;
		is_in_it = true;
	}
	listing->total += is_in_it ? sample->count : 0;
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
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct located located = { 0 };
	int r = query_run(store, query, &profile);

	if (r < 0)
		return r;
	located.profile = profile;
	r = locate(listing, &located);
	for (size_t i = 0; r == 0 && i < profile->n_samples; i++)
		r = count_stack(listing, &located, &profile->samples[i]);
	sum_counts(listing);
	free(located.elf_vaddrs);
	return r;
}
