/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_reader.h"

#include <dwarf.h>
#include <errno.h>

#include "unwind/dwarf_conversion.h"
#include "unwind/dwarf_function.h"
#include "unwind/elf_file_internal.h"
#include "unwind/symbol_build_report.h"

/* libdw keeps all it ever parsed until dwarf_end(): begin anew after so much of .debug_info. */
#define BATCH_BYTES (32UL << 20)

static int visit(struct dwarf_conversion *conversion, struct dwarf_unit *unit,
		 struct dwarf_pending_die *pending)
{
	struct dwarf_pending_die child = { 0 };

	switch (dwarf_tag(&pending->die)) {
	case DW_TAG_subprogram:
		return dwarf_function_read(conversion, unit, &pending->die);
	/* What nests functions; blocks are met in functions that were inlined everywhere. */
	case DW_TAG_lexical_block:
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		if (dwarf_child(&pending->die, &child.die) != 0)
			return 0;
		return dwarf_die_stack_push(&unit->nested, &child);
	default:
		return 0;
	}
}

/* Visit all entries of the unit, outside of functions. */
static int read_entries(struct dwarf_conversion *conversion, struct dwarf_unit *unit)
{
	struct dwarf_die_stack *stack = &unit->nested;
	struct dwarf_pending_die pending = { 0 };
	int r;

	stack->n = 0;
	if (dwarf_child(&unit->die, &pending.die) != 0)
		return 0;
	r = dwarf_die_stack_push(stack, &pending);
	while (r == 0 && stack->n) {
		pending = dwarf_die_stack_pop(stack);
		struct dwarf_pending_die next = pending;

		if (!pending.is_alone && dwarf_die_next(&next.die))
			r = dwarf_die_stack_push(stack, &next);
		if (r == 0)
			r = visit(conversion, unit, &pending);
	}
	return r;
}

static int read_unit(struct dwarf_conversion *conversion, struct dwarf_unit *unit)
{
	int tag = dwarf_tag(&unit->die), r;
	Dwarf_Attribute directory;

	/* Units of types and of what others share hold no code. */
	if (tag != DW_TAG_compile_unit && tag != DW_TAG_skeleton_unit)
		return 0;
	conversion->compile_directory =
		dwarf_formstring(dwarf_attr(&unit->die, DW_AT_comp_dir, &directory));
	r = dwarf_lines_read(conversion, &unit->die, &unit->lines);
	if (r == -EBADMSG) {
		conversion->report->n_bad_units++;
		r = 0;
	}
	if (r == 0)
		r = read_entries(conversion, unit);
	if (r == 0)
		r = dwarf_function_add_symbols(conversion, unit);
	return r;
}

/*
 * Read the units from *@offset on, until there was enough for one batch. Returns 1 if there may be
 * more from *@offset on, 0 at the end, or what went wrong.
 */
static int read_batch(struct dwarf_conversion *conversion, struct dwarf_unit *unit,
		      Dwarf_Off *offset)
{
	Dwarf_Off start = *offset, next;
	size_t header_bytes;
	int r = 0;

	while (r == 0 && *offset - start < BATCH_BYTES) {
		int has_unit = dwarf_nextcu(conversion->dwarf, *offset, &next, &header_bytes, NULL,
					    NULL, NULL);

		if (has_unit < 0)
			conversion->report->n_bad_units++;
		if (has_unit != 0)
			return 0;
		if (dwarf_offdie(conversion->dwarf, *offset + header_bytes, &unit->die))
			r = read_unit(conversion, unit);
		else
			conversion->report->n_bad_units++;
		*offset = next;
	}
	return r < 0 ? r : 1;
}

static void forget(struct dwarf_conversion *conversion)
{
	number_map_fini(&conversion->files); /* its keys are pointers into what ends */
	dwarf_end(conversion->dwarf);
	conversion->dwarf = NULL;
}

int dwarf_reader_run(struct dwarf_conversion *conversion)
{
	struct dwarf_unit unit = { .lines = { 0 } };
	Dwarf_Off offset = 0;
	int r = 1;

	while (r == 1) {
		conversion->dwarf =
			dwarf_begin_elf(elf_file_elf(conversion->file), DWARF_C_READ, NULL);
		r = conversion->dwarf ? read_batch(conversion, &unit, &offset) : 0;
		forget(conversion);
	}
	dwarf_unit_fini(&unit);
	return r < 0 ? r : offset ? 0 : -ENODATA;
}
