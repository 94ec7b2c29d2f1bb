/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/base/memory_file.h"

#include <fcntl.h>

bool memory_file_is_sealed(int fd)
{
	const int needed = F_SEAL_SHRINK | F_SEAL_WRITE;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & needed) == needed;
}
