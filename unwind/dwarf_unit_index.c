/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_unit_index.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "unwind/dwarf_unit.h"

static int add_span(struct dwarf_unit_index *index, const struct dwarf_unit *unit)
{
	int r = array_reserve((void **)&index->spans, &index->spans_capacity, index->n_spans + 1,
			      sizeof(*index->spans));

	if (r == 0)
		index->spans[index->n_spans++] =
			(struct dwarf_unit_span){ unit->info_off, unit->end_off };
	return r;
}

static int find_spans(struct dwarf_unit_index *index)
{
	struct dwarf_unit unit = { .end_off = 0 };
	int r = 0;

	index->kept = calloc(DWARF_UNIT_INDEX_KEPT, sizeof(*index->kept));
	if (!index->kept)
		return -ENOMEM;
	while (r == 0) {
		int outcome = dwarf_unit_read_head(&unit, index->sections, unit.end_off);

		if (outcome == -ENODATA)
			break;
		if (outcome == 0)
			r = add_span(index, &unit);
	}
	return r;
}

static const struct dwarf_unit_span *find_span(const struct dwarf_unit_index *index,
					       uint64_t info_off)
{
	size_t low = 0, high = index->n_spans;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->spans[middle].end_off <= info_off)
			low = middle + 1;
		else
			high = middle;
	}
	return low < index->n_spans && index->spans[low].info_off <= info_off ? &index->spans[low]
									      : NULL;
}

int dwarf_unit_index_find(struct dwarf_unit_index *index, uint64_t info_off,
			  const struct dwarf_unit **ret_unit)
{
	const struct dwarf_unit_span *span;
	struct dwarf_unit *unit;
	int r;

	*ret_unit = NULL;
	if (!index->sections)
		return 0;
	r = index->kept ? 0 : find_spans(index);
	if (r < 0)
		return r;
	span = find_span(index, info_off);
	if (!span)
		return 0;
	unit = &index->kept[(size_t)(span - index->spans) % DWARF_UNIT_INDEX_KEPT];
	if (unit->info && unit->info_off == span->info_off) {
		*ret_unit = unit;
		return 0;
	}
	r = dwarf_unit_read_head(unit, index->sections, span->info_off);
	if (r == 0)
		r = dwarf_unit_read_entry(unit, NULL, NULL);
	if (r == 0)
		*ret_unit = unit;
	else
		unit->info = NULL;
	return r == -ENOMEM ? r : 0;
}

void dwarf_unit_index_fini(struct dwarf_unit_index *index)
{
	for (size_t i = 0; index->kept && i < DWARF_UNIT_INDEX_KEPT; i++)
		dwarf_unit_fini(&index->kept[i]);
	free(index->kept);
	free(index->spans);
	*index = (struct dwarf_unit_index){ .sections = index->sections };
}
