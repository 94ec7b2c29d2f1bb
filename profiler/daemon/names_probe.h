/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names probes: where names, lines and instructions would come from. None of it is needed to
 * sample.
 */

#include "profiler/daemon/finding.h"

struct options;

void names_probe_kernel_file(const struct options *options, struct finding *finding);
void names_probe_modules(const struct options *options, struct finding *finding);
void names_probe_debug_folders(const struct options *options, struct finding *finding);
void names_probe_debuginfod(const struct options *options, struct finding *finding);
void names_probe_pods(const struct options *options, struct finding *finding);
void names_probe_disassembly(const struct options *options, struct finding *finding);
