/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_name.h"

#include <dwarf.h>
#include <stdbool.h>
#include <string.h>

#include "unwind/dwarf_conversion.h"
#include "unwind/dwarf_unit.h"
#include "unwind/dwarf_value.h"
#include "unwind/symbol_file_writer.h"
#include "unwind/symbol_table.h"

/* Inlined, abstract, declared, and each in a unit of its own, are four; the rest is a circle. */
#define MAX_REFERENCES 16

/* A name as debug information has it; borrowed. */
struct name {
	const char *text; /* or NULL */
	bool is_linkage;
	bool has_str_off;
	uint64_t str_off; /* in the section of strings */
};

static void take_name(const struct dwarf_conversion *conversion, const struct dwarf_unit *unit,
		      const struct dwarf_value *value, bool is_linkage, struct name *name)
{
	const char *text = dwarf_value_string(unit, value);

	if (text)
		*name = (struct name){
			.text = text,
			.is_linkage = is_linkage,
			.has_str_off = value->form == DW_FORM_strp &&
				       unit->sections == &conversion->sections,
			.str_off = value->number,
		};
}

/* Take what @entry is called, if that is better than @name. */
static void take_names(const struct dwarf_conversion *conversion, const struct dwarf_unit *unit,
		       const struct dwarf_entry *entry, struct name *name)
{
	const struct dwarf_value *linkage = dwarf_entry_value(entry, DWARF_LINKAGE_NAME);

	if (linkage)
		take_name(conversion, unit, linkage, true, name);
	else if (!name->text)
		take_name(conversion, unit, dwarf_entry_value(entry, DWARF_NAME), false, name);
}

static struct dwarf_reference origin_of(const struct dwarf_unit *unit,
					const struct dwarf_entry *entry)
{
	const struct dwarf_value *value = dwarf_entry_value(entry, DWARF_ABSTRACT_ORIGIN);

	return dwarf_value_reference(unit,
				     value ? value : dwarf_entry_value(entry, DWARF_SPECIFICATION));
}

static int find_unit(struct dwarf_conversion *conversion, const struct dwarf_reference *reference,
		     const struct dwarf_unit **ret_unit)
{
	const struct dwarf_unit *unit = conversion->unit;

	*ret_unit = NULL;
	if (reference->sections == unit->sections && reference->info_off >= unit->info_off &&
	    reference->info_off < unit->end_off) {
		*ret_unit = unit;
		return 0;
	}
	if (reference->sections == &conversion->sections)
		return dwarf_unit_index_find(&conversion->units, reference->info_off, ret_unit);
	if (reference->sections == &conversion->alternate_sections)
		return dwarf_unit_index_find(&conversion->alternate_units, reference->info_off,
					     ret_unit);
	return 0;
}

/* Read on from the entry that is referred to until there is a linkage name, or no more entry. */
static int follow(struct dwarf_conversion *conversion, struct dwarf_reference reference,
		  struct name *name)
{
	struct dwarf_entry entry;
	int r = 0;

	for (int i = 0; i < MAX_REFERENCES && reference.sections && !name->is_linkage; i++) {
		const struct dwarf_unit *unit;
		struct dwarf_cursor cursor;

		r = find_unit(conversion, &reference, &unit);
		if (r < 0 || !unit)
			break;
		cursor = dwarf_unit_cursor(unit, reference.info_off);
		if (!dwarf_cursor_next(&cursor))
			break;
		dwarf_cursor_read(&cursor, &entry);
		take_names(conversion, unit, &entry, name);
		reference = origin_of(unit, &entry);
	}
	return r;
}

static int find_name(struct dwarf_conversion *conversion, const struct dwarf_entry *entry,
		     struct name *ret_name)
{
	*ret_name = (struct name){ .text = NULL };
	take_names(conversion, conversion->unit, entry, ret_name);
	return follow(conversion, origin_of(conversion->unit, entry), ret_name);
}

static int intern(struct dwarf_conversion *conversion, const struct name *name, uint32_t *ret_name)
{
	int r;

	*ret_name = 0;
	if (!name->text ||
	    (name->has_str_off && number_map_find(&conversion->strings, name->str_off, ret_name)))
		return 0;
	r = symbol_file_writer_add_string(conversion->writer, name->text, strlen(name->text),
					  ret_name);
	if (r < 0 || !name->has_str_off)
		return r;
	return number_map_add(&conversion->strings, name->str_off, *ret_name);
}

/* Entries of the alternate have offsets of their own. */
static uint64_t key_of(const struct dwarf_conversion *conversion,
		       const struct dwarf_reference *reference)
{
	uint64_t is_elsewhere = reference->sections == &conversion->alternate_sections;

	return reference->info_off | is_elsewhere << 63;
}

int dwarf_name_of_function(struct dwarf_conversion *conversion, const struct dwarf_entry *entry,
			   uint32_t *ret_name)
{
	struct dwarf_reference origin = dwarf_value_reference(
		conversion->unit, dwarf_entry_value(entry, DWARF_ABSTRACT_ORIGIN));
	uint64_t key = key_of(conversion, &origin);
	struct name name;
	int r;

	if (origin.sections && number_map_find(&conversion->names, key, ret_name))
		return 0;
	r = find_name(conversion, entry, &name);
	if (r == 0)
		r = intern(conversion, &name, ret_name);
	if (r < 0 || !origin.sections)
		return r;
	return number_map_add(&conversion->names, key, *ret_name);
}

/* Which of the symbols at one address is called @name, or NULL. */
static const struct symbol *find_alias(const struct symbol *aliases, size_t n_aliases,
				       const struct name *name)
{
	size_t length = name->text ? strlen(name->text) : 0;

	for (size_t i = 0; name->text && i < n_aliases; i++)
		if (aliases[i].name_length == length &&
		    memcmp(aliases[i].name, name->text, length) == 0)
			return &aliases[i];
	return NULL;
}

static bool is_mangled(const struct symbol *symbol)
{
	return symbol->name_length > 2 &&
	       (memcmp(symbol->name, "_Z", 2) == 0 || memcmp(symbol->name, "_R", 2) == 0);
}

/* A part of the function, or a copy: its name goes on where that of the function ends. */
static bool is_clone(const struct symbol *symbol, const struct name *name)
{
	size_t length = strlen(name->text);

	return symbol->name_length > length && symbol->name[length] == '.' &&
	       memcmp(symbol->name, name->text, length) == 0;
}

/* Whether @symbol, the best at its address, is better than @name; @alias is the symbol that is
 * called so, or NULL. */
static bool is_better(const struct symbol *symbol, const struct symbol *alias,
		      const struct name *name)
{
	if (alias && alias->rank >= SYMBOL_RANK_PUBLIC)
		return false;
	if (!name->text || symbol->rank >= SYMBOL_RANK_PUBLIC)
		return true;
	/* Lambdas and members of local classes have no linkage name in DWARF, and constructors have
	 * one that is for all of them. */
	return !alias && is_mangled(symbol) && !is_clone(symbol, name);
}

int dwarf_name_at(struct dwarf_conversion *conversion, const struct dwarf_entry *entry,
		  uint64_t start_vaddr, uint32_t *ret_name)
{
	size_t n_aliases;
	const struct symbol *aliases =
		symbol_table_find(conversion->symbols, start_vaddr, &n_aliases);
	struct name name;
	int r = find_name(conversion, entry, &name);

	if (r < 0)
		return r;
	if (n_aliases && is_better(aliases, find_alias(aliases, n_aliases, &name), &name))
		return symbol_file_writer_add_string(conversion->writer, aliases->name,
						     aliases->name_length, ret_name);
	return intern(conversion, &name, ret_name);
}
