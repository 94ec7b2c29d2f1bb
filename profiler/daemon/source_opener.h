/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Source opener: a source file that debug information names, if it lies under a configured root.
 *
 * The path comes from a role without privileges, so nothing in it can lead out of the root: no
 * "..", no symbolic link, no /proc.
 */

#include <stdint.h>

#define SOURCE_MAX_BYTES (8U << 20)

/*
 * Open @path for reading; close it. One that is not absolute is looked for in each of @roots, which
 * ends with NULL, or is NULL.
 *
 * Returns the descriptor of a regular file, or
 * -EPERM   no root is configured,
 * -EACCES  it does not lie under any,
 * -EISDIR  it is no regular file,
 * -EFBIG   it is larger than SOURCE_MAX_BYTES,
 * or what open(2) says.
 */
int source_open(const char *const *roots, const char *path);
