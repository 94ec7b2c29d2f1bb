/* SPDX-License-Identifier: Apache-2.0 */
#include "opened_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "unwind/elf_file.h"

/* What follows @kind in @argument, or NULL. */
static const char *after(const char *argument, const char *kind)
{
	size_t length = strlen(kind);

	return strncmp(argument, kind, length) == 0 ? argument + length : NULL;
}

/* Where the file of @argument goes. Sets *@ret_path to what it is called. */
static struct elf_file **place_of(struct opened_files *opened, const char *argument,
				  const char **ret_path)
{
	struct debug_files *files = &opened->files;

	if ((*ret_path = after(argument, "debug=")))
		return &files->debug;
	if ((*ret_path = after(argument, "alternate=")))
		return &files->alternate;
	if ((*ret_path = after(argument, "package=")))
		return &files->package;
	if ((*ret_path = after(argument, "object=")))
		return &opened->objects[files->n_objects++];
	return NULL;
}

static int open_file(struct opened_files *opened, const char *path, struct elf_file **ret_elf)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = elf_file_open(fd, ret_elf);
	if (r < 0) {
		close(fd);
		return r;
	}
	opened->fds[opened->n] = fd;
	opened->elfs[opened->n++] = *ret_elf;
	return 0;
}

int opened_files_open(struct opened_files *opened, char **paths, size_t n)
{
	int r = 0;

	if (!n || n > OPENED_FILES_MAX)
		return -EINVAL;
	opened->files.objects = opened->objects;
	r = open_file(opened, paths[0], &opened->files.binary);
	for (size_t i = 1; r == 0 && i < n; i++) {
		const char *path;
		struct elf_file **place = place_of(opened, paths[i], &path);

		r = place ? open_file(opened, path, place) : -EINVAL;
	}
	return r;
}

void opened_files_fini(struct opened_files *opened)
{
	for (size_t i = 0; i < opened->n; i++) {
		elf_file_free(opened->elfs[i]);
		close(opened->fds[i]);
	}
	*opened = (struct opened_files){ .n = 0 };
}
