/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Convert: a profile of any format that we read, as a file of any that we write.
 */

struct options;

/* Returns an exit status. */
int convert_main(const struct options *options);
