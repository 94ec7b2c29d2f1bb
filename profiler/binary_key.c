/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/binary_key.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "profiler/base/clock.h"

int binary_key_read(int fd, struct binary_key *ret_key)
{
	struct binary_key key = { 0 };
	struct stat status;

	if (fstat(fd, &status) < 0 || status.st_nlink == 0 || build_id_read(fd, &key.build_id) < 0)
		return -ENODATA;
	key.owner = status.st_uid;
	key.size_bytes = (uint64_t)status.st_size;
	key.change_time_ns = status.st_mtim.tv_sec * NS_PER_SECOND + status.st_mtim.tv_nsec;
	*ret_key = key;
	return 0;
}

void binary_key_print(const struct binary_key *key, const char *ending,
		      char ret_name[BINARY_KEY_NAME_BYTES])
{
	int n = 0;

	for (uint32_t i = 0; i < key->build_id.n_bytes; i++)
		n += snprintf(ret_name + n, 3, "%02x", key->build_id.bytes[i]);
	snprintf(ret_name + n, BINARY_KEY_NAME_BYTES - (size_t)n,
		 "-%" PRIx64 "-%" PRIx64 "-%" PRIx32 "%s", key->size_bytes,
		 (uint64_t)key->change_time_ns, key->owner, ending);
}
