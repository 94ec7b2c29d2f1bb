/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Mini debug info: the ELF file that Fedora packs into .gnu_debugdata of its programs
 * ("MiniDebugInfo" in GDB's manual): their symbols, less those of .dynsym.
 */

struct buffer;
struct elf_file;

/*
 * Unpack the file in @file into the empty @bytes, and open it. At most 64 MB are unpacked.
 *
 * Returns 0 and sets *@ret_file, owned by the caller, which lives no longer than @bytes; -ENODATA
 * if there is none that makes sense, or -ENOMEM.
 */
int mini_debug_info_open(struct elf_file *file, struct buffer *bytes, struct elf_file **ret_file);
