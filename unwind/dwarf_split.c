/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_split.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "unwind/debug_files.h"
#include "unwind/dwarf_package.h"

static int add_unit(struct dwarf_split *split, const struct dwarf_split_unit *unit)
{
	int r = array_reserve((void **)&split->units, &split->capacity, split->n_units + 1,
			      sizeof(*split->units));

	if (r == 0)
		split->units[split->n_units++] = *unit;
	return r;
}

/* Add the units of an object: one, or several if the linker made it. */
static int add_object(struct dwarf_split *split, struct dwarf_sections *sections)
{
	struct dwarf_unit unit = { .end_off = 0 };
	int r = 0;

	while (r == 0) {
		int outcome = dwarf_unit_read_next(&unit, sections);

		if (outcome == -ENODATA || outcome == -ENOMEM) {
			r = outcome;
		} else if (outcome == 0 && unit.has_dwo_id && unit.tag == DW_TAG_compile_unit) {
			const struct dwarf_split_unit added = {
				.dwo_id = unit.dwo_id,
				.sections = sections,
				.info_off = unit.info_off,
			};

			r = add_unit(split, &added);
		}
	}
	dwarf_unit_fini(&unit);
	return r == -ENODATA ? 0 : r;
}

static int add_package(struct dwarf_split *split, struct dwarf_sections *sections)
{
	struct dwarf_package package;
	int r = 0;

	if (!dwarf_package_read(sections, &package))
		return 0;
	for (uint32_t slot = 0; r == 0 && slot < package.n_slots; slot++) {
		struct dwarf_split_unit added = { .sections = sections };

		if (dwarf_package_unit(&package, slot, &added.dwo_id, &added.info_off,
				       &added.contribution))
			r = add_unit(split, &added);
	}
	return r;
}

static int compare_units(const void *a, const void *b)
{
	const struct dwarf_split_unit *left = a, *right = b;

	return (left->dwo_id > right->dwo_id) - (left->dwo_id < right->dwo_id);
}

int dwarf_split_read(const struct debug_files *files, struct dwarf_split *ret_split)
{
	struct dwarf_sections *package;
	int r = 0;

	ret_split->sections = calloc(files->n_objects + 1, sizeof(*ret_split->sections));
	if (!ret_split->sections)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < files->n_objects; i++) {
		dwarf_sections_read(files->objects[i], true, &ret_split->sections[i]);
		r = add_object(ret_split, &ret_split->sections[i]);
	}
	package = &ret_split->sections[files->n_objects];
	if (r == 0 && files->package) {
		dwarf_sections_read(files->package, true, package);
		dwarf_sections_fill_all(package);
		r = add_package(ret_split, package);
	}
	if (ret_split->n_units)
		qsort(ret_split->units, ret_split->n_units, sizeof(*ret_split->units),
		      compare_units);
	return r;
}

void dwarf_split_fini(struct dwarf_split *split)
{
	free(split->sections);
	free(split->units);
	*split = (struct dwarf_split){ .sections = NULL };
}

const struct dwarf_split_unit *dwarf_split_find(const struct dwarf_split *split,
						const struct dwarf_unit *skeleton)
{
	const struct dwarf_split_unit key = { .dwo_id = skeleton->dwo_id };

	if (!split->n_units || !dwarf_unit_is_skeleton(skeleton))
		return NULL;
	return bsearch(&key, split->units, split->n_units, sizeof(key), compare_units);
}
