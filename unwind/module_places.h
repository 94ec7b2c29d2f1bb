/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Module places: where the code of a module of the kernel runs, for its file does not say.
 *
 *     sections as they were loaded     .text 0xffffffffc0201000     from /sys/module/NAME/sections
 *     sections of the file             .text, 0x1200 bytes, which elf_layout.h puts at 0x100000
 *     place                            0xffffffffc0201000 to 0xffffffffc0202200, slide: the former
 *                                      less the latter
 *
 * Each section is looked up for itself, for the kernel may put any of them anywhere: that of the
 * start by itself, which it drops later, and linkage tables that it makes in front of the others.
 */

#include <stddef.h>
#include <stdint.h>

struct elf_file;

#define MODULE_MAX_PLACES 8 /* of most modules there are one or two */

struct module_place {
	uint64_t start_addr;
	uint64_t end_addr;
	uint64_t slide; /* to be added to addresses of the file */
};

/*
 * The places of @module, from @sections, @size bytes: a line of each section, "NAME 0xADDRESS".
 * Neighbours that are moved by as much are one; sorted by their start.
 *
 * Returns 0, and sets *@ret_n places at @ret_places, or -ENODATA if there are none: it is no
 * module's file, or addresses are hidden.
 */
int module_places_find(const struct elf_file *module, const char *sections, size_t size,
		       struct module_place ret_places[MODULE_MAX_PLACES], size_t *ret_n);
