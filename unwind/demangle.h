/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Demangle: the name that a person wrote, from the one that the linker knows.
 */

#include <stdbool.h>
#include <stddef.h>

/* Longest name made, in bytes with its NUL; what is longer is cut in the middle with "…". */
#define DEMANGLE_MAX_BYTES 1024

/* A thread that demangles has at least that much stack: with a margin for what is not known of
 * libiberty, which was seen to take the half. */
#define DEMANGLE_STACK_BYTES (4 * 1024 * 1024)

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
 * Nothing in Debian 12 reads Swift's: those stay as they are. So do names of packages in Ada, which
 * look like C's ("my_pkg__run").
 *
 * The output is capped while it is made, for a few hundred letters can stand for megabytes: what
 * has 64 KiB and goes on, ends in "…". Stack and time have bounds, too. Beyond them a name stays as
 * it is: see cpp_name.h, d_name.h and rust_name.h.
 */
size_t demangle(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES]);

/* As above, and set *@ret_is_refused: a bound keeps it as it is, though it may have another form.
 */
size_t demangle_and_tell(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES],
			 bool *ret_is_refused);
