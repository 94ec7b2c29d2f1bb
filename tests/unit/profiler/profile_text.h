/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile text: a profile as lines that a test can spell.
 *
 *     comm=api,pid=7|main;work;hash+inlined 3
 *
 * Labels, sorted by name; the stack from its root, where a + joins the functions at one location,
 * the outermost first; the count. Each sample's value is ten times its count. A function F is of
 * the source file F.c and, by the letter it begins with, of the mapping /lib/F….
 */

struct profile;

/* What @text says. Owned by the caller. */
struct profile *profile_of_text(const char *text);

/* The lines of @profile, sorted; those of a diff's base have a - before the count. Owned by the
 * caller, in the heap. */
char *profile_to_text(const struct profile *profile);

/* Fails the test unless @profile has the lines of @text, which are sorted. */
void assert_profile_is(const struct profile *profile, const char *text);
