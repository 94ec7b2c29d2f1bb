/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/build_budget.h"

#include <sys/stat.h>

#define BLOCK_BYTES 512 /* of st_blocks, whatever those of the file system are */

/* As file systems that compress make of machine code and its debug information. */
#define MAX_COMPRESSION 4

struct rate {
	unsigned int least_seconds, seconds_per_100_mb, most_seconds;
};

/* Debug information may be compressed within the file, to a third. For code somebody waits, and it
 * is of one function: how large its file is does not tell how long that takes. */
static const struct rate rates[BUILD_STEP_COUNT] = {
	[BUILD_STEP_TABLE] = { 5, 5, 30 },
	[BUILD_STEP_FUNCTIONS] = { 5, 5, 30 },
	[BUILD_STEP_LINES] = { 5, 15, 120 },
	[BUILD_STEP_CODE] = { 30, 0, 30 },
};

uint64_t build_budget_bytes(const struct stat *status)
{
	uint64_t most = (uint64_t)status->st_blocks * BLOCK_BYTES * MAX_COMPRESSION;

	return (uint64_t)status->st_size < most ? (uint64_t)status->st_size : most;
}

unsigned int build_budget_seconds(enum build_step step, uint64_t bytes)
{
	const struct rate *rate = &rates[step];
	uint64_t seconds = rate->least_seconds + bytes / 1000000 * rate->seconds_per_100_mb / 100;

	return seconds < rate->most_seconds ? (unsigned int)seconds : rate->most_seconds;
}
