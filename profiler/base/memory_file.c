/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/base/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool memory_file_is_sealed(int fd)
{
	const int needed = F_SEAL_SHRINK | F_SEAL_WRITE;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & needed) == needed;
}

int memory_file_seal(int fd)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

	return lseek(fd, 0, SEEK_SET) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0 ? -errno : 0;
}
