/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Temporary folder: a new one for a test, and its end with all files that are in it.
 *
 *     _cleanup_(temporary_folder_fini) struct temporary_folder folder = temporary_folder_make();
 */

#include <stddef.h>

struct temporary_folder {
	char path[64];
};

/* Fails the running test if it cannot. */
struct temporary_folder temporary_folder_make(void);
void temporary_folder_fini(const struct temporary_folder *folder);

/* The number of entries in it; the path of one of them is left in @ret_path, if it is not NULL. */
size_t temporary_folder_count(const struct temporary_folder *folder, char ret_path[512]);
