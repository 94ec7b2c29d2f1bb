/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sampler process: what the sampler asks of the system for its own process, before it samples.
 */

#include <stdbool.h>

/*
 * Take what limits and priority it can, each without complaint if it is refused, and look whether
 * processes have the numbers here by which the kernel half knows them; that is logged, and an error
 * if it @selects_processes.
 *
 * Returns 0, or -EPERM: privileges are missing, which is logged, or -EINVAL.
 */
int sampler_process_prepare(bool selects_processes);
