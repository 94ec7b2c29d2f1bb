/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History folder: where the server keeps its history, made for it by the sampler, which still may.
 *
 * One daemon at a time: the lock on the folder lasts as long as the descriptor is open.
 */

#include <sys/types.h>

/*
 * Make the folder @path with those above it, for @owner alone, and lock it.
 *
 * Returns a descriptor (owned by the caller), -EBUSY if another daemon has it, or -errno.
 */
int history_folder_open(const char *path, uid_t owner);
