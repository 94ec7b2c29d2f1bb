/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_name.h"

#include <dwarf.h>
#include <string.h>

#include "unwind/dwarf_conversion.h"
#include "unwind/symbol_file_writer.h"
#include "unwind/symbol_table.h"

static const char *linkage_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	/* Follows abstract origins and specifications, into other units, too. */
	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		return dwarf_formstring(&attribute);
	return NULL;
}

static int intern(struct dwarf_conversion *conversion, const char *name, uint32_t *ret_name)
{
	return symbol_file_writer_add_string(conversion->writer, name ? name : "",
					     name ? strlen(name) : 0, ret_name);
}

/* Entries of a supplementary file have offsets of their own. */
static uint64_t key_of(const struct dwarf_conversion *conversion, Dwarf_Die *die)
{
	uint64_t is_elsewhere = dwarf_cu_getdwarf(die->cu) != conversion->dwarf;

	return dwarf_dieoffset(die) | is_elsewhere << 63;
}

int dwarf_name_of_function(struct dwarf_conversion *conversion, Dwarf_Die *die, uint32_t *ret_name)
{
	Dwarf_Attribute attribute;
	Dwarf_Die origin = *die;
	const char *name;
	uint64_t key;
	int r;

	if (dwarf_attr(die, DW_AT_abstract_origin, &attribute) &&
	    !dwarf_formref_die(&attribute, &origin))
		origin = *die;
	key = key_of(conversion, &origin);
	if (number_map_find(&conversion->names, key, ret_name))
		return 0;
	name = linkage_name(&origin);
	r = intern(conversion, name ? name : dwarf_diename(&origin), ret_name);
	return r < 0 ? r : number_map_add(&conversion->names, key, *ret_name);
}

/* Whether the symbol is better than @name, which no symbol at the address is called. */
static bool is_better(const struct symbol *symbol, const char *name, bool is_linkage_name)
{
	if (!name || symbol->rank >= SYMBOL_RANK_PUBLIC)
		return true;
	/* Lambdas and members of local classes have no linkage name in DWARF. */
	return !is_linkage_name && symbol->name_length > 2 &&
	       (memcmp(symbol->name, "_Z", 2) == 0 || memcmp(symbol->name, "_R", 2) == 0);
}

int dwarf_name_at(struct dwarf_conversion *conversion, Dwarf_Die *die, uint64_t start_vaddr,
		  uint32_t *ret_name)
{
	const char *linkage = linkage_name(die);
	const char *name = linkage ? linkage : dwarf_diename(die);
	size_t n_aliases;
	const struct symbol *aliases =
		symbol_table_find(conversion->symbols, start_vaddr, &n_aliases);

	for (size_t i = 0; name && i < n_aliases; i++)
		if (aliases[i].name_length == strlen(name) &&
		    memcmp(aliases[i].name, name, aliases[i].name_length) == 0)
			return intern(conversion, name, ret_name);
	if (n_aliases && is_better(aliases, name, linkage != NULL))
		return symbol_file_writer_add_string(conversion->writer, aliases->name,
						     aliases->name_length, ret_name);
	return intern(conversion, name, ret_name);
}

/* libdw leaves a path relative that starts with one of the unit's relative directories. */
static int add_joined(struct dwarf_conversion *conversion, const char *path, uint32_t *ret_file)
{
	if (path[0] == '/' || !conversion->compile_directory)
		return symbol_file_writer_add_file(conversion->writer, path, ret_file);
	conversion->path.size = 0;
	buffer_printf(&conversion->path, "%s/%s", conversion->compile_directory, path);
	buffer_append_char(&conversion->path, '\0');
	if (buffer_error(&conversion->path))
		return buffer_error(&conversion->path);
	return symbol_file_writer_add_file(conversion->writer, conversion->path.data, ret_file);
}

int dwarf_name_of_file(struct dwarf_conversion *conversion, const char *path, uint32_t *ret_file)
{
	uint64_t key = (uintptr_t)path;
	int r;

	*ret_file = 0;
	if (!path || number_map_find(&conversion->files, key, ret_file))
		return 0;
	r = add_joined(conversion, path, ret_file);
	return r < 0 ? r : number_map_add(&conversion->files, key, *ret_file);
}
