/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/source_opener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"

/*
 * @path without "." and "..", as text: builds name files by way of their own folder. Where that
 * leads, the kernel is asked later. Returns 0 or -ENAMETOOLONG.
 */
static int normalize(const char *path, char ret_path[PATH_MAX])
{
	size_t used = 0, length;

	for (; *path; path += length) {
		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (!length || (length == 1 && path[0] == '.'))
			continue;
		if (length == 2 && strncmp(path, "..", 2) == 0 && used) {
			while (used && ret_path[--used] != '/')
				;
			continue;
		}
		if (used + 1 + length >= PATH_MAX)
			return -ENAMETOOLONG;
		ret_path[used++] = '/';
		memcpy(ret_path + used, path, length);
		used += length;
	}
	ret_path[used] = '\0';
	return 0;
}

/* The part of @path below @root, or NULL. */
static const char *path_below(const char *root, const char *path)
{
	size_t length = strlen(root);

	while (length && root[length - 1] == '/')
		length--;
	if (strncmp(root, path, length) != 0 || path[length] != '/')
		return NULL;
	return path + length + strspn(path + length, "/");
}

/* A FIFO must not make us wait for who writes to it. */
static int open_below(const char *root, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	_cleanup_(closep) int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closep) int fd = -1;
	struct stat status;

	if (root_fd < 0)
		return -errno;
	fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	if (fd < 0)
		return errno == EXDEV ? -EACCES : -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EISDIR;
	return status.st_size > SOURCE_MAX_BYTES ? -EFBIG : steal_fd(&fd);
}

int source_open(const char *const *roots, const char *path)
{
	bool is_absolute = path[0] == '/';
	char normal[PATH_MAX];
	int r;

	if (!roots || !roots[0])
		return -EPERM;
	r = normalize(path, normal);
	if (r < 0)
		return r;
	r = -EACCES;
	for (; *roots; roots++) {
		const char *below = is_absolute ? path_below(*roots, normal) : normal + !!normal[0];

		if (!below || !below[0])
			continue;
		r = open_below(*roots, below);
		if (r >= 0)
			return r;
	}
	return r;
}
