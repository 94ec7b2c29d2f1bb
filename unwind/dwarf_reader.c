/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_reader.h"

#include <dwarf.h>
#include <errno.h>

#include "profiler/base/cleanup.h"
#include "unwind/debug_files.h"
#include "unwind/dwarf_conversion.h"
#include "unwind/dwarf_function.h"
#include "unwind/dwarf_unit.h"
#include "unwind/symbol_build_report.h"

/* Read the functions among the entry at @info_off and what is in it, outside of functions. */
static int read_entries(struct dwarf_conversion *conversion, struct dwarf_work *work,
			uint64_t info_off)
{
	struct dwarf_cursor cursor = dwarf_unit_cursor(conversion->unit, info_off);
	int r = 0;

	while (r == 0 && dwarf_cursor_next(&cursor)) {
		if (cursor.abbrev->role == DWARF_ROLE_FUNCTION)
			r = dwarf_function_read(conversion, work, &cursor);
		else
			dwarf_cursor_skip(&cursor);
	}
	if (r == 0 && cursor.bytes.is_bad)
		r = -EBADMSG;
	return r;
}

/* Read all functions of the unit at hand, those after the others that are nested in them. */
static int read_functions(struct dwarf_conversion *conversion, struct dwarf_work *work)
{
	struct dwarf_pending *nested = &work->inlines.nested;
	int r;

	nested->n = 0;
	r = read_entries(conversion, work, conversion->unit->entries_off);
	while (r == 0 && nested->n)
		r = read_entries(conversion, work, nested->offsets[--nested->n]);
	return r;
}

/* What a unit holds up to where it makes no sense counts. */
static int pass_over(struct dwarf_conversion *conversion, int r)
{
	if (r != -EBADMSG)
		return r;
	conversion->report->losses[SYMBOL_LOSS_UNIT]++;
	return 0;
}

static bool is_of_go(const struct dwarf_unit *unit)
{
	const struct dwarf_value *language = dwarf_entry_value(&unit->entry, DWARF_LANGUAGE);

	return language && language->number == DW_LANG_Go;
}

/* What @skeleton is the rest of, or @skeleton itself: *@ret_unit. */
static int find_entries(struct dwarf_conversion *conversion, const struct dwarf_unit *skeleton,
			struct dwarf_unit *split, const struct dwarf_unit **ret_unit)
{
	const struct dwarf_split_unit *found = dwarf_split_find(&conversion->split, skeleton);
	int r;

	*ret_unit = skeleton;
	if (!found && dwarf_unit_is_skeleton(skeleton))
		conversion->report->losses[SYMBOL_LOSS_SPLIT]++;
	if (!found)
		return 0;
	r = dwarf_unit_read_head(split, found->sections, found->info_off);
	if (r == 0)
		r = dwarf_unit_read_entry(split, skeleton, &found->contribution);
	if (r == 0)
		*ret_unit = split;
	return r == -ENODATA ? -EBADMSG : r;
}

static int read_unit(struct dwarf_conversion *conversion, struct dwarf_work *work,
		     const struct dwarf_unit *unit)
{
	struct dwarf_unit split = { .end_off = 0 };
	int r;

	/* Units of types and of what others share hold no code. */
	if (unit->tag != DW_TAG_compile_unit && unit->tag != DW_TAG_skeleton_unit)
		return 0;
	if (conversion->skips_go && is_of_go(unit))
		return 0;
	number_map_fini(&conversion->names);
	r = pass_over(conversion, dwarf_lines_read(conversion, unit, &work->lines));
	if (r == 0)
		r = pass_over(conversion,
			      find_entries(conversion, unit, &split, &conversion->unit));
	if (r == 0)
		r = pass_over(conversion, read_functions(conversion, work));
	if (r == 0)
		r = dwarf_function_add_symbols(conversion, work);
	dwarf_unit_fini(&split);
	return r;
}

static int read_units(struct dwarf_conversion *conversion, struct dwarf_work *work)
{
	struct dwarf_sections *sections = &conversion->sections;
	struct dwarf_unit unit = { .end_off = 0 };
	int r = 0;

	while (r == 0 && conversion->report->losses[SYMBOL_LOSS_UNIT] < DWARF_MAX_BAD_UNITS) {
		if (!conversion->units.sections || !sections->info_inflater)
			dwarf_sections_release(sections, unit.end_off);
		r = dwarf_unit_read_next(&unit, sections);
		if (r == 0)
			r = read_unit(conversion, work, &unit);
		r = pass_over(conversion, r);
	}
	dwarf_unit_fini(&unit);
	return r == -ENODATA ? 0 : r;
}

static void find_sections(struct dwarf_conversion *conversion)
{
	const struct debug_files *files = conversion->files;
	struct dwarf_sections *sections = &conversion->sections;

	dwarf_sections_find(files, sections);
	if (files->alternate) {
		dwarf_sections_read(files->alternate, false, &conversion->alternate_sections);
		dwarf_sections_fill_all(&conversion->alternate_sections);
		sections->alternate = &conversion->alternate_sections;
		conversion->alternate_units.sections = &conversion->alternate_sections;
	}
}

/* Where no unit refers to another, none that was decompressed has to be kept. */
static void choose_kept(struct dwarf_conversion *conversion)
{
	struct dwarf_sections *sections = &conversion->sections;
	struct byte_cursor abbrevs = dwarf_sections_at(sections, DWARF_SECTION_ABBREV, 0);

	if (sections->info_inflater && !dwarf_abbrevs_summarize(abbrevs).refers_far)
		return;
	dwarf_sections_fill_all(sections);
	conversion->units.sections = sections;
}

int dwarf_reader_run(struct dwarf_conversion *conversion)
{
	_cleanup_(dwarf_work_fini) struct dwarf_work work = { .has_inlines = false };

	int r;

	find_sections(conversion);
	if (!conversion->sections.contents[DWARF_SECTION_INFO].size)
		return -ENODATA;
	choose_kept(conversion);
	r = dwarf_split_read(conversion->files, &conversion->split);
	return r < 0 ? r : read_units(conversion, &work);
}
