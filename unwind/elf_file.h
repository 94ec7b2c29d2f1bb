/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ELF file: what the rest needs to know of an executable: who it is, and how its addresses and
 * file offsets belong together. Foreign bytes; libelf does the parsing, in the resolver.
 */

#include <stddef.h>
#include <stdint.h>

#include "unwind/build_id.h"

#define ELF_FILE_MAX_SEGMENTS 8

/* A PT_LOAD that may be executed. */
struct elf_segment {
	uint64_t file_off;
	uint64_t elf_vaddr;
	uint64_t size_bytes; /* in the file */
};

/* What one file says of itself, flat, to be sent between roles. */
struct elf_description {
	struct build_id build_id;
	uint32_t n_segments;
	struct elf_segment segments[ELF_FILE_MAX_SEGMENTS]; /* sorted by file_off */
};

struct elf_file;

/*
 * Open the ELF file @fd, which stays the caller's and must live as long as the result. A regular
 * file or a memfd; it is mapped, so one that shrinks meanwhile ends the process with SIGBUS.
 *
 * Returns 0 and sets *@ret_file (owned by the caller), or
 * -EBADMSG  this is no ELF file of a class and machine that we know, or it is damaged,
 * -EFBIG    it has more program headers than the kernel would run,
 * -ENOMEM   out of memory.
 */
int elf_file_open(int fd, struct elf_file **ret_file);

/* The same for an ELF file in memory, @size bytes which must live as long as the result. */
int elf_file_open_bytes(char *bytes, size_t size, struct elf_file **ret_file);

/* Accepts NULL. Always returns NULL. */
struct elf_file *elf_file_free(struct elf_file *file);

/* How often a section was asked for, and is there, but was not read: it is damaged or too large. */
uint32_t elf_file_lost_sections(const struct elf_file *file);

/* Borrowed: lives as long as @file. */
const struct elf_description *elf_file_describe(const struct elf_file *file);
