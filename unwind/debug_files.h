/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Debug files: the files in which one binary's debug information lies.
 *
 *     binary ─ .gnu_debuglink, build id ─→ debug ─ .gnu_debugaltlink ─→ alternate (dwz)
 *        └─ skeleton units ─→ package (.dwp), objects (.dwo)
 *
 * All but @binary may be NULL or none: what they would tell is missing then, and
 * debug_references_read() says what is. Addresses are the binary's, whose segments have them.
 */

#include <stddef.h>

struct elf_file;

/* All is borrowed. */
struct debug_files {
	struct elf_file *binary;
	struct elf_file *debug;     /* what was stripped from @binary; its .symtab, too */
	struct elf_file *alternate; /* what several debug files share */
	struct elf_file *package;
	struct elf_file **objects; /* in any order: units are found by their id */
	size_t n_objects;
};
