/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Host probes: what this process may do, and what it can see of others.
 */

#include "profiler/daemon/finding.h"
#include "profiler/daemon/sandbox.h"

struct options;

void host_probe_capability(const struct needed_capability *needed, struct finding *finding);
void host_probe_roles(struct finding *finding);
void host_probe_seccomp(struct finding *finding);
void host_probe_landlock(struct finding *finding);
void host_probe_pid_namespace(struct finding *finding);
void host_probe_processes(struct finding *finding);
void host_probe_map_files(struct finding *finding);
void host_probe_descriptors(struct finding *finding);
void host_probe_cpus(struct finding *finding);

/* Its folder is made, as the daemon would. */
void host_probe_cache(const struct options *options, struct finding *finding);
