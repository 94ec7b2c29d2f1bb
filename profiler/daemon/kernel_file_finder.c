/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/kernel_file_finder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/daemon/file_opener.h"

#define NOTES_PATH      "/sys/kernel/notes"
#define NOTES_MAX_BYTES 65536
#define NOTES_ALIGN     4

#define MODULES_MAX_BYTES (16 << 20) /* of the list; that of a distribution has 1 MB */

static int read_notes(const char *path, struct build_id *ret_id)
{
	_cleanup_(buffer_fini) struct buffer notes = { 0 };
	int r = file_read(AT_FDCWD, path, NOTES_MAX_BYTES, &notes);

	if (r < 0)
		return r;
	return build_id_find(notes.data, notes.size, NOTES_ALIGN, ret_id) ? 0 : -ENODATA;
}

int kernel_file_finder_read_build_id(struct build_id *ret_id)
{
	return read_notes(NOTES_PATH, ret_id);
}

int kernel_file_finder_read_module_build_id(const char *folder, const char *name,
					    struct build_id *ret_id)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/notes/.note.gnu.build-id", folder, name);
	return read_notes(path, ret_id);
}

/* The file at @path, if it has that build id. */
static int try_path(const struct build_id *build_id, const char *path, char **ret_path)
{
	_cleanup_(closep) int fd = file_opener_open_path(0, path);
	struct build_id id;

	if (fd < 0 || build_id_read(fd, &id) < 0 || id.n_bytes != build_id->n_bytes ||
	    memcmp(id.bytes, build_id->bytes, id.n_bytes) != 0)
		return -ENOENT;
	*ret_path = strdup(path);
	return *ret_path ? steal_fd(&fd) : -ENOMEM;
}

static int try_build_id(const struct build_id *build_id, const char *folder, char **ret_path)
{
	char hex[2 * BUILD_ID_MAX_BYTES + 1] = "", path[PATH_MAX];

	for (uint32_t i = 0; i < build_id->n_bytes; i++)
		snprintf(hex + 2 * i, 3, "%02x", build_id->bytes[i]);
	snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s.debug", folder, hex, hex + 2);
	return try_path(build_id, path, ret_path);
}

/* The folders in order; NULL behind the last one. */
static const char *folder_at(const struct kernel_file_finder *finder, size_t index)
{
	const char *const *folder = finder->folders;

	for (; folder && *folder; folder++, index--)
		if (!index)
			return *folder;
	return index ? NULL : "/usr/lib/debug";
}

static int try_folder(const struct kernel_file_finder *finder, const char *folder, char **ret_path)
{
	char path[PATH_MAX];
	int r = try_build_id(&finder->build_id, folder, ret_path);

	if (r != -ENOENT)
		return r;
	snprintf(path, sizeof(path), "%s/lib/modules/%s/vmlinux", folder, finder->release);
	r = try_path(&finder->build_id, path, ret_path);
	if (r != -ENOENT)
		return r;
	snprintf(path, sizeof(path), "%s/boot/vmlinux-%s", folder, finder->release);
	return try_path(&finder->build_id, path, ret_path);
}

int kernel_file_finder_find(const struct kernel_file_finder *finder, char **ret_path)
{
	const char *folder;
	char path[PATH_MAX];
	int r = -ENOENT;

	if (finder->build_id.n_bytes < 2)
		return -ENOENT;
	for (size_t i = 0; r == -ENOENT && (folder = folder_at(finder, i)); i++)
		r = try_folder(finder, folder, ret_path);
	if (r != -ENOENT)
		return r;
	snprintf(path, sizeof(path), "%s/%s/build/vmlinux", finder->modules, finder->release);
	return try_path(&finder->build_id, path, ret_path);
}

/* Files have dashes where modules have underscores. */
static bool is_module(const char *file_name, const char *name)
{
	for (; *name; name++, file_name++)
		if (*file_name != *name && !(*file_name == '-' && *name == '_'))
			return false;
	return strncmp(file_name, ".ko", strlen(".ko")) == 0;
}

/*
 * Where the file of the module lies in the folder of its release, without what it is compressed by;
 * "" if that is not known. It is what one of the lines of `modules.dep` starts with:
 *
 *     kernel/fs/fuse/fuse.ko.xz: …
 */
static void find_module_path(const struct kernel_file_finder *finder, const char *name,
			     char ret_path[PATH_MAX])
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	char path[PATH_MAX];

	*ret_path = '\0';
	snprintf(path, sizeof(path), "%s/%s/modules.dep", finder->modules, finder->release);
	if (file_read(AT_FDCWD, path, MODULES_MAX_BYTES, &text) < 0)
		return;
	for (const char *line = text.data; *line; line += strcspn(line, "\n"), line += !!*line) {
		size_t length = strcspn(line, ":\n");
		const char *slash = memrchr(line, '/', length);
		const char *file_name = slash ? slash + 1 : line;

		if (!is_module(file_name, name))
			continue;
		length = (size_t)(file_name - line) + strlen(name) + strlen(".ko");
		snprintf(ret_path, PATH_MAX, "%.*s", (int)length, line);
		return;
	}
}

static int try_module_folder(const struct kernel_file_finder *finder, const char *folder,
			     const char *module_path, const struct build_id *build_id,
			     char **ret_path)
{
	static const char *const endings[] = { ".debug", "" };
	char path[PATH_MAX];
	int r = try_build_id(build_id, folder, ret_path);

	for (size_t i = 0; r == -ENOENT && *module_path && i < ARRAY_SIZE(endings); i++) {
		int n = snprintf(path, sizeof(path), "%s/lib/modules/%s/%s%s", folder,
				 finder->release, module_path, endings[i]);

		if (n > 0 && (size_t)n < sizeof(path))
			r = try_path(build_id, path, ret_path);
	}
	return r;
}

int kernel_file_finder_find_module(const struct kernel_file_finder *finder, const char *name,
				   const struct build_id *build_id, char **ret_path)
{
	char path[PATH_MAX], module_path[PATH_MAX];
	const char *folder;
	int n, r = -ENOENT;

	if (build_id->n_bytes < 2)
		return -ENOENT;
	find_module_path(finder, name, module_path);
	for (size_t i = 0; r == -ENOENT && (folder = folder_at(finder, i)); i++)
		r = try_module_folder(finder, folder, module_path, build_id, ret_path);
	if (r != -ENOENT || !*module_path)
		return r;
	n = snprintf(path, sizeof(path), "%s/%s/%s", finder->modules, finder->release, module_path);
	return n > 0 && (size_t)n < sizeof(path) ? try_path(build_id, path, ret_path) : -ENOENT;
}
