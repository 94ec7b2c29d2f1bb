/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/jit_opener.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/daemon/file_opener.h"
#include "profiler/procfs.h"

int jit_opener_open_root(int process_fd)
{
	int fd = openat(process_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* As a place only: a device does something when it is opened, and a FIFO waits. */
static int find_below(int root_fd, const char *path)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* A file with several names may be anybody's that root shall not be made to read. */
static int check(const struct stat *status, uint32_t uid)
{
	if (S_ISLNK(status->st_mode))
		return -ELOOP;
	if (!S_ISREG(status->st_mode) || status->st_nlink > 1)
		return -ENODEV;
	return status->st_uid == uid || status->st_uid == 0 ? 0 : -EACCES;
}

int jit_opener_open_perf_map(int root_fd, const struct procfs_identity *process)
{
	_cleanup_(closep) int place = -1;
	struct stat status;
	char path[64];
	int fd, r;

	snprintf(path, sizeof(path), "tmp/perf-%u.map", process->pid);
	place = find_below(root_fd, path);
	if (place < 0)
		return place;
	if (fstat(place, &status) < 0)
		return -errno;
	r = check(&status, process->uid);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int jit_opener_open_dump(int process_fd, const struct mapping *mapping,
			 const struct procfs_identity *process)
{
	struct stat status;
	int r = file_opener_stat(process_fd, mapping, &status);

	if (r == 0)
		r = check(&status, process->uid);
	return r < 0 ? r : file_opener_open(process_fd, mapping, &status);
}

int jit_opener_stamp(int fd, struct jit_stamp *ret_stamp)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	*ret_stamp = (struct jit_stamp){
		.device = status.st_dev,
		.inode = status.st_ino,
		.size_bytes = (uint64_t)status.st_size,
		.change_time_ns = status.st_ctim.tv_sec * NS_PER_SECOND + status.st_ctim.tv_nsec,
	};
	return 0;
}
