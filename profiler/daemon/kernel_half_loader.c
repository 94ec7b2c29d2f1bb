/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/kernel_half_loader.h"

#include <errno.h>
#include <string.h>

#include "profiler/daemon/log.h"
#include "profiler/daemon/options.h"
#include "profiler/status.h"

enum { RING_MIN_BYTES = 256 << 10, RING_MAX_BYTES = 16 << 20 };

static size_t ring_bytes(uint64_t memory_bytes)
{
	size_t bytes = RING_MIN_BYTES;

	while (bytes < RING_MAX_BYTES && bytes * 2 <= memory_bytes / 16)
		bytes *= 2;
	return bytes;
}

/* That a capability is missing was said before. */
static const char *loading_failure(int r)
{
	switch (r) {
	case -ESRCH:
		return "the kernel has no BTF";
	case -EPERM:
		return "Operation not permitted (before Linux 5.11, without root, it needs "
		       "`ulimit -l unlimited`)";
	default:
		return strerror(-r);
	}
}

/* What it does not do, and what it is like. */
static void note_half(const struct kernel_half_status *half, enum unwinder wanted,
		      struct sampler_status *status)
{
	if (!half->has_lifecycle)
		log_line(
			"this kernel does not tell of exec and exit; children of a command that is "
			"recorded are not followed");
	if (half->unwinder != wanted)
		log_line("stacks are walked by frame pointers only, for the walk through mappings "
			 "has failed its trial: %s",
			 half->trial.complaint);
	status->unwinders[half->unwinder] = 1;
	strncpy(status->event, half->event, sizeof(status->event) - 1);
}

int kernel_half_load(const struct options *options, bool selects,
		     const struct kernel_half_events *events, struct sampler_status *status,
		     struct kernel_half **ret_half)
{
	const struct kernel_half_options half_options = {
		.frequency_hz = options->frequency_hz,
		.ring_bytes = ring_bytes(options->memory_bytes),
		.selects_processes = selects,
		.unwinder = options->unwinder,
	};
	struct kernel_half_status half_status;
	struct kernel_half *half = NULL;
	int r = kernel_half_new(&half_options, events, &half);

	if (r == 0)
		r = kernel_half_get_status(half, &half_status);
	if (r < 0) {
		log_line("cannot load the sampling program: %s; `pilotlight doctor` says what is "
			 "missing",
			 loading_failure(r));
		kernel_half_free(half);
		return r;
	}
	note_half(&half_status, options->unwinder, status);
	status->frequency_hz = half_options.frequency_hz;
	status->ring_bytes = half_options.ring_bytes;
	*ret_half = half;
	return 0;
}
