/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * D name: what a mangled name of the language D stands for.
 *
 *     _D3foo3barFiZv      foo.bar(int)
 *     _D3std4math__T3absTdZQhFNaNbNiNfdZd      std.math.abs!(double).abs(double)
 *
 * The grammar is that of D's ABI (https://dlang.org/spec/abi.html#name_mangling), with the back
 * references of compilers since 2018. libiberty reads it, too, but its stack, memory and time have
 * no bound: 200 letters can keep it busy for years, a million of them end its process. What takes
 * more than name_reader.h allows has no name here.
 */

#include <stddef.h>

#include "unwind/name_reader.h"

/*
 * Write what @symbol stands for to @text, of NAME_TEXT_MAX_BYTES, without a terminator.
 *
 * Returns 0 and sets *@ret_length, -EINVAL: it is no name of D, or -E2BIG: reading it takes too
 * much.
 */
int d_name_read(const char *symbol, char *text, size_t *ret_length);
