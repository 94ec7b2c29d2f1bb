/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * C++ name: whether libiberty may be asked to read it.
 *
 * It is to have no limit of its own, which refuses all names of more than 1024 letters; and that
 * one keeps neither its stack nor its time in bounds:
 *
 *     stack    of reading, about 220 bytes a letter, for function types in one another; of writing,
 *              64 bytes for each template with each reference to a parameter
 *     time     doubles with each "T_I" in the type of a conversion ("cv"), which it reads twice,
 * and with each step of a type like pair<pair<…>, pair<…>>, which it searches for packs without
 * noticing that it has been there
 *
 * What compilers make of what people write is far from these bounds, all but the length: names of
 * more than CPP_NAME_MAX_LETTERS are met now and then.
 */

#include <stdbool.h>

#define CPP_NAME_MAX_LETTERS 8192

/* Whether stack and time for @symbol, which begins with "_Z", are bounded. */
bool cpp_name_is_bounded(const char *symbol);
