/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Relocation: fills in, in the sections of a relocatable file, the addresses and offsets that its
 * linker would. Those of debug information are all absolute: of 4 or 8 bytes, on x86-64 and arm64.
 *
 * Files that a linker has made may keep their relocations, as Debian's kernels do; they are in the
 * bytes already.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file;

/* Whether section @section_i of @file, which is relocatable, has relocations. */
bool relocation_is_needed(const struct elf_file *file, size_t section_i);

/* Apply the relocations of section @section_i of @file, which is relocatable, to its @bytes. */
void relocation_apply_all(const struct elf_file *file, size_t section_i, uint8_t *bytes,
			  size_t size);
