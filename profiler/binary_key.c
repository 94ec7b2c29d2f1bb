/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/binary_key.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "profiler/base/clock.h"

static int64_t ns_of(const struct timespec *time)
{
	return time->tv_sec * NS_PER_SECOND + time->tv_nsec;
}

static struct build_id id_of_place(const struct stat *status)
{
	const uint64_t numbers[] = { status->st_dev, status->st_ino,
				     (uint64_t)ns_of(&status->st_ctim) };
	struct build_id id = { .n_bytes = sizeof(numbers) };

	memcpy(id.bytes, numbers, sizeof(numbers));
	return id;
}

int binary_key_read(int fd, struct binary_key *ret_key)
{
	struct binary_key key = { 0 };
	struct stat status;
	int r;

	if (fstat(fd, &status) < 0 || status.st_nlink == 0)
		return -ENODATA;
	r = build_id_read(fd, &key.build_id);
	if (r == -ENODATA)
		key.build_id = id_of_place(&status);
	else if (r < 0)
		return -ENODATA;
	key.owner = status.st_uid;
	key.size_bytes = (uint64_t)status.st_size;
	key.change_time_ns = ns_of(&status.st_mtim);
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
