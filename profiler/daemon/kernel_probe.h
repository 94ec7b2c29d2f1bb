/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernel probes: what the kernel lets us do. Each tries the thing itself; none concludes from a
 * version. They need the same capabilities as sampling, and leave nothing behind.
 */

#include "profiler/daemon/finding.h"

void kernel_probe_release(struct finding *finding);
void kernel_probe_btf(struct finding *finding);
void kernel_probe_lockdown(struct finding *finding);
void kernel_probe_perf_event(struct finding *finding);
void kernel_probe_bpf_program(struct finding *finding);
void kernel_probe_ring(struct finding *finding);
void kernel_probe_stack_depth(struct finding *finding);
void kernel_probe_kallsyms(struct finding *finding);
void kernel_probe_bpf_stats(struct finding *finding);

/* Whether stacks can be walked by tables: the walk through mappings is tried on ourselves. */
void kernel_probe_unwinding(struct finding *finding);

/* Sample this process for a moment, with the programs and events that the daemon uses. */
void kernel_probe_sampling(struct finding *finding);
