/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Doctor: `pilotlight doctor` tries what sampling needs, and prints a line about each thing: a
 * verdict (ok, warn, fail) in columns 1–4, its name from column 7 on, and from column 31 on what
 * was found, why that matters, and what is used instead.
 */

#include <stdio.h>

struct options;

/* Print to @out. Of @options, those count that say where things lie. Returns the exit status: 1 if
 * sampling cannot work, or if @out cannot be written.
 */
int doctor_main(const struct options *options, FILE *out);
