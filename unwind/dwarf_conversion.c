/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_conversion.h"

void dwarf_conversion_fini(struct dwarf_conversion *conversion)
{
	number_map_fini(&conversion->starts);
	number_map_fini(&conversion->names);
	number_map_fini(&conversion->files);
	buffer_fini(&conversion->path);
	dwarf_end(conversion->dwarf);
}
