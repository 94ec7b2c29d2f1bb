/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_claims.h"

#include <stdlib.h>

#include "profiler/base/array.h"

void symbol_claims_fini(struct symbol_claims *claims)
{
	free(claims->claims);
	*claims = (struct symbol_claims){ 0 };
}

int symbol_claims_add(struct symbol_claims *claims, const struct symbol_claim *claim)
{
	int r = array_reserve((void **)&claims->claims, &claims->capacity, claims->n + 1,
			      sizeof(*claims->claims));

	if (r == 0)
		claims->claims[claims->n++] = *claim;
	return r;
}

static int compare_claims(const void *a, const void *b)
{
	const struct symbol_claim *left = a, *right = b;

	if (left->start_vaddr != right->start_vaddr)
		return left->start_vaddr < right->start_vaddr ? -1 : 1;
	if (left->n_inlines != right->n_inlines)
		return left->n_inlines > right->n_inlines ? -1 : 1;
	if (left->has_lines != right->has_lines)
		return left->has_lines ? -1 : 1;
	if (left->first_piece != right->first_piece)
		return left->first_piece < right->first_piece ? -1 : 1;
	return 0;
}

static void sort_claims(struct symbol_claims *list)
{
	bool is_sorted = true;

	for (size_t i = 1; is_sorted && i < list->n; i++)
		is_sorted = compare_claims(&list->claims[i - 1], &list->claims[i]) <= 0;
	if (!is_sorted)
		qsort(list->claims, list->n, sizeof(*list->claims), compare_claims);
}

/* Leave every address to one function. Returns how many ranges were dropped or cut. */
static uint32_t resolve_overlaps(struct symbol_claims *list)
{
	uint32_t n_dropped = 0;
	size_t n_kept = 0;

	sort_claims(list);
	for (size_t i = 0; i < list->n; i++) {
		const struct symbol_claim *claim = &list->claims[i];
		struct symbol_claim *last = n_kept ? &list->claims[n_kept - 1] : NULL;

		if (last && last->end_vaddr > claim->start_vaddr) {
			n_dropped++;
			if (last->start_vaddr == claim->start_vaddr)
				continue;
			last->end_vaddr = claim->start_vaddr;
		}
		list->claims[n_kept++] = *claim;
	}
	list->n = n_kept;
	return n_dropped;
}

/* The pieces count from the start, and are lost with it. */
static void move_start(struct symbol_claim *filler, uint64_t start_vaddr)
{
	filler->start_vaddr = start_vaddr;
	filler->n_pieces = 0;
	filler->has_lines = false;
}

/* Add the pieces of @filler that no function of @functions, from *@next on, covers. */
static int add_filler(struct symbol_claims *result, struct symbol_claim filler,
		      const struct symbol_claims *functions, size_t *next)
{
	uint64_t end_vaddr = filler.end_vaddr;
	int r = 0;

	while (r == 0 && filler.start_vaddr < end_vaddr) {
		const struct symbol_claim *function =
			*next < functions->n ? &functions->claims[*next] : NULL;

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
		r = symbol_claims_add(result, &filler);
		move_start(&filler, filler.end_vaddr);
	}
	return r;
}

/* Functions and what fills the gaps between them, as one sorted list. */
static int merge_fillers(struct symbol_claims *functions, struct symbol_claims *fillers)
{
	struct symbol_claims merged = { 0 };
	size_t next = 0;
	int r = 0;

	if (!fillers->n)
		return 0;
	sort_claims(fillers);
	for (size_t i = 0; r == 0 && i < fillers->n; i++)
		r = add_filler(&merged, fillers->claims[i], functions, &next);
	for (size_t i = 0; r == 0 && i < functions->n; i++)
		r = symbol_claims_add(&merged, &functions->claims[i]);
	free(functions->claims);
	*functions = merged;
	sort_claims(functions);
	return r;
}

int symbol_claims_settle(struct symbol_claims *functions, struct symbol_claims *fillers,
			 uint32_t *n_dropped)
{
	*n_dropped += resolve_overlaps(functions);
	return merge_fillers(functions, fillers);
}
