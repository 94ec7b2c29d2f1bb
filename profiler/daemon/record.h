/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Record: one profile, of a command with its children, a process, or the whole host, to a file.
 */

struct options;

/* @args are this program's. Returns an exit status: that of the command, if there is one and its
 * profile was written. */
int record_main(const struct options *options, char *const args[]);
