/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Fixture: small programs which the build made, and symbol files of them.
 */

#include <stdint.h>

#include "unwind/symbol_file.h"
#include "unwind/symbol_file_build.h"

/* All fail the running test if they cannot. */

/* Open a file for reading. */
int fixture_open(const char *path);

/* A memfd that holds the bytes. */
int fixture_memfd(const void *bytes, size_t size);

/* The symbol file of the ELF file at @path; owned by the caller. */
struct symbol_file *fixture_symbol_file(const char *path, enum symbol_depth depth,
					struct symbol_build_report *ret_report);

/* Where the function @name of the ELF file at @path starts, by its symbols. */
uint64_t fixture_function_vaddr(const char *path, const char *name);
