/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * DWARF value: what the value of an attribute means, in its unit: a string, or another entry.
 * Both take NULL for the value of an attribute that is not there.
 */

#include <stdbool.h>
#include <stdint.h>

#include "unwind/dwarf_form.h"

struct dwarf_sections;
struct dwarf_unit;

/* An entry, in this file or another one. */
struct dwarf_reference {
	const struct dwarf_sections *sections; /* NULL: none */
	uint64_t info_off;
};

/* The string, or NULL. Borrowed from its section. */
const char *dwarf_value_string(const struct dwarf_unit *unit, const struct dwarf_value *value);

/* The entry that is referred to; units of types are not searched. */
struct dwarf_reference dwarf_value_reference(const struct dwarf_unit *unit,
					     const struct dwarf_value *value);
