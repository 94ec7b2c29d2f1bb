/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Help: what `--help` prints, made of the table of options.
 */

#include "profiler/daemon/options.h"

struct buffer;

/* Append the help on @command, the daemon's being that on the whole program. */
void options_help(enum command command, struct buffer *text);
