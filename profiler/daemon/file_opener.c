/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/file_opener.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/wire.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/mapping.h"

/* The kernel maps it in whole pages; what lies behind the ELF file in the last one is zero. */
#define VDSO_MAX_PAGES 4

static void map_files_path(const struct mapping *mapping, char *ret_path, size_t path_bytes)
{
	snprintf(ret_path, path_bytes, "map_files/%" PRIx64 "-%" PRIx64, mapping->start_pc,
		 mapping->end_pc);
}

static void root_path(const struct mapping *mapping, char *ret_path, size_t path_bytes)
{
	snprintf(ret_path, path_bytes, "root%s", mapping->path);
}

int file_opener_stat(int process_fd, const struct mapping *mapping, struct stat *ret_status)
{
	char path[PATH_MAX + 8];
	int r;

	map_files_path(mapping, path, sizeof(path));
	r = fstatat(process_fd, path, ret_status, 0);
	if (r < 0 && errno != ENOENT && mapping->path[0] == '/') {
		root_path(mapping, path, sizeof(path));
		r = fstatat(process_fd, path, ret_status, 0);
		if (r == 0 && ret_status->st_ino != mapping->inode)
			return -ESTALE;
	}
	if (r < 0)
		return -errno;
	return S_ISREG(ret_status->st_mode) ? 0 : -ENODEV;
}

bool file_opener_is_file(const struct stat *status, const struct file_key *key)
{
	uint64_t change_time =
		(uint64_t)status->st_ctim.tv_sec << 32 | (uint64_t)status->st_ctim.tv_nsec;

	return status->st_ino == key->inode || change_time == key->change_time;
}

int file_opener_path(int process_fd, const struct mapping *mapping, char **ret_path)
{
	char path[64], target[PATH_MAX + 16];
	ssize_t n;

	if (mapping->path[0]) {
		*ret_path = strdup(mapping->path);
		return *ret_path ? 0 : -ENOMEM;
	}
	map_files_path(mapping, path, sizeof(path));
	n = readlinkat(process_fd, path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	mapping_path_cut_deleted(target);
	*ret_path = strdup(target);
	return *ret_path ? 0 : -ENOMEM;
}

static int open_same(int process_fd, const char *path, const struct stat *status)
{
	_cleanup_(closep) int fd =
		openat(process_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat opened;

	if (fd < 0 || fstat(fd, &opened) < 0)
		return -errno;
	if (opened.st_ino != status->st_ino || opened.st_dev != status->st_dev)
		return -ESTALE;
	return steal_fd(&fd);
}

int file_opener_open(int process_fd, const struct mapping *mapping, const struct stat *status)
{
	char path[PATH_MAX + 8];
	int fd;

	map_files_path(mapping, path, sizeof(path));
	fd = open_same(process_fd, path, status);
	if (fd >= 0 || mapping->path[0] != '/')
		return fd;
	root_path(mapping, path, sizeof(path));
	return open_same(process_fd, path, status);
}

/* It is looked at before it is opened: at a device or a pipe that does something. */
static int open_regular(const char *path)
{
	_cleanup_(closep) int place = open(path, O_PATH | O_CLOEXEC);
	struct stat status;
	char again[64];
	int fd;

	if (place < 0 || fstat(place, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENODEV;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", place);
	fd = open(again, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int file_opener_open_path(uint32_t pid, const char *path)
{
	char in_root[PATH_MAX + 32];
	int fd;

	snprintf(in_root, sizeof(in_root), "/proc/%" PRIu32 "/root%s", pid, path);
	fd = pid && path[0] == '/' ? open_regular(in_root) : -ENOENT;
	return fd >= 0 ? fd : open_regular(path);
}

int file_opener_open_vdso(void)
{
	const char *vdso = (const char *)getauxval(AT_SYSINFO_EHDR); // NOLINT: an address by nature
	_cleanup_(closep) int fd = -1;
	long page_bytes = sysconf(_SC_PAGESIZE);

	if (!vdso)
		return -ENOENT;
	fd = memfd_create("vdso", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* How many pages there are, the kernel tells: a write from what is not mapped fails. */
	for (int page = 0; page < VDSO_MAX_PAGES; page++) {
		int r = file_write_fd(fd, vdso + page * page_bytes, (size_t)page_bytes);

		if (r < 0)
			return page ? steal_fd(&fd) : r;
	}
	return steal_fd(&fd);
}
