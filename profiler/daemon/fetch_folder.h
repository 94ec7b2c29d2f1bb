/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Fetch folder: where the fetcher's children put what they fetch, each in a part of its own, until
 * it has been handed on. It is gone when the fetcher ends.
 */

#include <stddef.h>

#define FETCH_FOLDER_PARTS 4

struct fetch_folder {
	char path[64]; /* "": none could be made */
	char parts[FETCH_FOLDER_PARTS][80];
};

/* What others have left that were killed is removed first. If none can be made, that is logged: to
 * try again would not help. */
void fetch_folder_make(struct fetch_folder *folder);

/* Who has been given a file of that part has it open. */
void fetch_folder_empty(const struct fetch_folder *folder, size_t part);

void fetch_folder_remove(const struct fetch_folder *folder);
