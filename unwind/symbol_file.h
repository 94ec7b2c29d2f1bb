/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol file: the names of one binary, ready to be mapped and asked.
 *
 *     ELF, DWARF  --symbol_file_build-->  bytes  --symbol_file_map-->  look up by elf_vaddr
 *
 * The format is GSYM, version 1, as LLVM defines it (llvm/DebugInfo/GSYM/Header.h and
 * FunctionInfo.h; llvm-gsymutil verifies it). Addresses are elf_vaddr: as the ELF file numbers
 * them. For the kernel, they are the addresses at which it runs.
 *
 * A reader treats the bytes as foreign: every offset is checked at each look-up, and what does not
 * hold ends that look-up with "no name" instead of the process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/symbol_frame.h"
#include "unwind/code_range.h"

struct symbol_file;

/*
 * Map the symbol file @fd read-only; @fd stays the caller's. It must not shrink while it is mapped:
 * a memfd that is sealed, or a file that nobody else may write.
 *
 * Returns 0 and sets *@ret_file (owned by the caller), or
 * -EBADMSG  this is no symbol file, or one that is cut short,
 * -ENOMEM   out of memory.
 */
int symbol_file_map(int fd, struct symbol_file **ret_file);

/* Accepts NULL. Always returns NULL. */
struct symbol_file *symbol_file_free(struct symbol_file *file);

/*
 * The functions at @elf_vaddr, innermost first: the inlined ones, then the one they are inlined
 * into. Sets at most @max_frames of @ret_frames.
 *
 * Returns how many, 0 if nothing has a name there. Safe to call from several threads at once.
 */
size_t symbol_file_find(const struct symbol_file *file, uint64_t elf_vaddr,
			struct symbol_frame *ret_frames, size_t max_frames);

/* The function at @elf_vaddr that is not inlined, from its first to past its last byte. Returns
 * whether there is one. */
bool symbol_file_find_function(const struct symbol_file *file, uint64_t elf_vaddr,
			       struct code_range *ret_range);

/* The linker's name of the function that begins with record @record_i, of as many as there are.
 * Returns whether one does. */
bool symbol_file_get_name(const struct symbol_file *file, uint32_t record_i, const char **ret_name);

/* From its first to past its last byte. Returns whether it has them. */
bool symbol_file_get_range(const struct symbol_file *file, uint32_t record_i,
			   struct code_range *ret_range);

/* Whether @path is one of its source files, with its directory. */
bool symbol_file_has_source(const struct symbol_file *file, const char *path);

/*
 * Let the pages that look-ups have mapped go; the next ones map them again. Look-ups may go on
 * meanwhile.
 */
void symbol_file_rest(const struct symbol_file *file);

/* How many records it has, of which a large function has several; bytes mapped. */
uint32_t symbol_file_function_count(const struct symbol_file *file);
size_t symbol_file_bytes(const struct symbol_file *file);
