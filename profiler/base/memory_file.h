/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Memory file: a memfd(2), by which large things go from one process to another.
 */

#include <stdbool.h>

/* Whether @fd is one that can neither shrink nor change any more, so that whoever maps it can rely
 * on that. */
bool memory_file_is_sealed(int fd);

/* Make @fd, which was made with MFD_ALLOW_SEALING, such a one, to be read from its start. Returns 0
 * or -errno. */
int memory_file_seal(int fd);
