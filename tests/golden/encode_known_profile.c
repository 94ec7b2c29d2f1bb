/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the known profile to standard output, in the format that the first argument names; with
 * a second argument N, a large one of N samples; with "timed", the known one with the time
 * of each sample, which formats that can show it do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/encoder.h"
#include "known_profile.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/profile.h"

#define LARGE_DEPTH 30

DEFINE_CLEANUP(struct profile *, profile_free)

int main(int argc, char **argv)
{
	const struct encoder *encoder = argc > 1 ? encoder_find(argv[1]) : NULL;
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };

	if (!encoder) {
		fprintf(stderr, "usage: %s FORMAT [SAMPLES|timed]\n", argv[0]);
		return EXIT_FAILURE;
	}
	if (argc > 2 && !strcmp(argv[2], "timed")) {
		profile = known_profile_new_timed();
		if (encoder_in_time(encoder))
			encoder = encoder_in_time(encoder);
	} else if (argc > 2) {
		profile =
			known_profile_new_large((uint32_t)strtoul(argv[2], NULL, 10), LARGE_DEPTH);
	} else {
		profile = known_profile_new();
	}
	if (encoder->encode(profile, &bytes) < 0 ||
	    file_write_fd(STDOUT_FILENO, bytes.data, bytes.size) < 0)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
