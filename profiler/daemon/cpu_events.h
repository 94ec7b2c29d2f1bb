/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * CPU events: a perf event on each CPU that is online, each running the sampling program.
 *
 * cpu-cycles where there is a PMU that counts them, else the cpu-clock timer.
 */

#include <stdint.h>

struct cpu_events;

/*
 * Find out which event this machine has, and set up for @frequency_hz on every CPU; none is opened
 * yet. @program_fd is borrowed and must live as long as the result.
 *
 * Returns 0 and sets *@ret_events (owned by the caller), -ENOMEM, or what perf_event_open(2) said:
 * -EACCES and -EPERM are a lack of CAP_PERFMON.
 */
int cpu_events_new(int program_fd, unsigned int frequency_hz, struct cpu_events **ret_events);

/* Stops sampling. Accepts NULL. Always returns NULL. */
struct cpu_events *cpu_events_free(struct cpu_events *events);

/*
 * Open an event on each CPU that has come online since, and close those of CPUs that have gone.
 *
 * Returns how many CPUs are sampled, or -errno if there is not one.
 */
int cpu_events_refresh(struct cpu_events *events);

/* Sample at another rate from now on. Returns 0 or what the kernel said. */
int cpu_events_set_frequency(struct cpu_events *events, unsigned int frequency_hz);

/* "cpu-cycles" or "cpu-clock". */
const char *cpu_events_name(const struct cpu_events *events);
