/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_conversion.h"

void dwarf_conversion_fini(struct dwarf_conversion *conversion)
{
	number_map_fini(&conversion->starts);
	number_map_fini(&conversion->names);
	number_map_fini(&conversion->strings);
	dwarf_unit_index_fini(&conversion->units);
	dwarf_unit_index_fini(&conversion->alternate_units);
	dwarf_split_fini(&conversion->split);
	buffer_fini(&conversion->path);
}
