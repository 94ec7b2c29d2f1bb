/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Frame kind: what a frame is, as far as the name of its file tells.
 */

#include "profiler/frame.h"

/* @path is what readers of profiles call the file: "[kernel.kallsyms]", "[nf_tables]",
 * "/tmp/perf-812.map", "/usr/bin/api". */
enum frame_kind frame_kind_of_path(const char *path);
