/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of /proc/PID/stat, status and cgroup: any bytes are parsed, or refused. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *path = NULL;
	struct procfs_identity identity;
	struct procfs_stat stat;

	procfs_parse_identity((const char *)data, size, &identity);
	if (procfs_parse_stat((const char *)data, size, &stat) == 0 &&
	    strnlen(stat.comm, PROCFS_COMM_BYTES) == PROCFS_COMM_BYTES)
		abort();
	if (procfs_parse_cgroup((const char *)data, size, &path) == 0 && path[0] != '/')
		abort();
	return 0;
}
