/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/kernel_file_finder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/daemon/file_opener.h"

#define NOTES_PATH      "/sys/kernel/notes"
#define NOTES_MAX_BYTES 65536
#define NOTES_ALIGN     4

int kernel_file_finder_read_build_id(struct build_id *ret_id)
{
	_cleanup_(buffer_fini) struct buffer notes = { 0 };
	int r = file_read(AT_FDCWD, NOTES_PATH, NOTES_MAX_BYTES, &notes);

	if (r < 0)
		return r;
	return build_id_find(notes.data, notes.size, NOTES_ALIGN, ret_id) ? 0 : -ENODATA;
}

/* The file at @path, if it is the kernel's. */
static int try_path(const struct kernel_file_finder *finder, const char *path, char **ret_path)
{
	_cleanup_(closep) int fd = file_opener_open_path(0, path);
	struct build_id id;

	if (fd < 0 || build_id_read(fd, &id) < 0 || id.n_bytes != finder->build_id.n_bytes ||
	    memcmp(id.bytes, finder->build_id.bytes, id.n_bytes) != 0)
		return -ENOENT;
	*ret_path = strdup(path);
	return *ret_path ? steal_fd(&fd) : -ENOMEM;
}

static int try_build_id(const struct kernel_file_finder *finder, const char *folder,
			char **ret_path)
{
	char hex[2 * BUILD_ID_MAX_BYTES + 1] = "", path[PATH_MAX];

	for (uint32_t i = 0; i < finder->build_id.n_bytes; i++)
		snprintf(hex + 2 * i, 3, "%02x", finder->build_id.bytes[i]);
	snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s.debug", folder, hex, hex + 2);
	return try_path(finder, path, ret_path);
}

static int try_folder(const struct kernel_file_finder *finder, const char *folder, char **ret_path)
{
	char path[PATH_MAX];
	int r = try_build_id(finder, folder, ret_path);

	if (r != -ENOENT)
		return r;
	snprintf(path, sizeof(path), "%s/lib/modules/%s/vmlinux", folder, finder->release);
	r = try_path(finder, path, ret_path);
	if (r != -ENOENT)
		return r;
	snprintf(path, sizeof(path), "%s/boot/vmlinux-%s", folder, finder->release);
	return try_path(finder, path, ret_path);
}

int kernel_file_finder_find(const struct kernel_file_finder *finder, char **ret_path)
{
	char path[PATH_MAX];
	int r = -ENOENT;

	if (finder->build_id.n_bytes < 2)
		return -ENOENT;
	for (const char *const *folder = finder->folders; r == -ENOENT && folder && *folder;
	     folder++)
		r = try_folder(finder, *folder, ret_path);
	if (r == -ENOENT)
		r = try_folder(finder, "/usr/lib/debug", ret_path);
	if (r != -ENOENT)
		return r;
	snprintf(path, sizeof(path), "/lib/modules/%s/build/vmlinux", finder->release);
	return try_path(finder, path, ret_path);
}
