/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Demangle: the name that a person wrote, from the one that the linker knows.
 */

#include <stddef.h>

/* Longest name made, in bytes with its NUL; what is longer is cut in the middle with "…". */
#define DEMANGLE_MAX_BYTES 1024

/*
 * Write the readable form of @symbol (C++, Rust, D, Ada, Go …; anything else comes back as it is)
 * to
 * @ret_name, terminated, valid UTF-8, without control characters, at most DEMANGLE_MAX_BYTES.
 *
 * The output is capped while it is made: a few hundred mangled bytes can stand for megabytes.
 */
void demangle(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES]);
