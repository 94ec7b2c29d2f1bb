/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Demangle: the name that a person wrote, from the one that the linker knows.
 */

#include <stddef.h>

/* Longest name made, in bytes with its NUL; what is longer is cut in the middle with "…". */
#define DEMANGLE_MAX_BYTES 1024

/*
 * Write the readable form of @symbol to @ret_name, terminated, valid UTF-8, without control
 * characters, at most DEMANGLE_MAX_BYTES. Returns its length. What is mangled in no way that is
 * known comes back as it is.
 *
 *     C++, GCJ's Java   _ZN3foo3barEi           foo::bar(int)
 *     Rust, old         _ZN3foo3bar17h…E        foo::bar, without the hash
 *     Rust, v0          _RNvCs1234_3foo3bar     foo::bar
 *     D                 _D3foo3barFiZv          foo.bar(int)
 *     Ada               _ada_main               main; also of Ada's own library
 *     Go                a.b/c%2ed.f             a.b/c.d.f, but [go.shape.int] stays, as in Go's own
 *                                               profiles
 *     parts and clones  _Z3foov.cold            foo() [clone .cold]; .isra.0, .part.0 …
 *                       foo.llvm.123            foo: just a number
 *
 * Nothing in Debian 12 reads Swift's: those stay as they are.
 *
 * The output is capped while it is made: a few hundred mangled bytes can stand for megabytes.
 */
size_t demangle(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES]);
