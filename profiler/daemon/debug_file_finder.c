/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/debug_file_finder.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "unwind/debug_reference.h"

static const char usual_folder[] = "/usr/lib/debug";

enum { MAX_ROOTS = 2 };

/* One search: candidates are tried until there is a file. */
struct search {
	const struct debug_file_finder *finder;
	const struct debug_place *place;
	struct stat binary; /* zeros if it is not open */
	int roots[MAX_ROOTS];
	size_t n_roots;
	int fd;              /* what was found, or −1 */
	char path[PATH_MAX]; /* in its root */
};

static void search_fini(struct search *search)
{
	for (size_t i = 0; i < search->n_roots; i++)
		close(search->roots[i]);
	closep(&search->fd);
}

static int open_root(const char *path)
{
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool is_same(int fd, int other)
{
	struct stat status, others;

	return fstat(fd, &status) == 0 && fstat(other, &others) == 0 &&
	       status.st_dev == others.st_dev && status.st_ino == others.st_ino;
}

static int search_init(struct search *search, const struct debug_file_finder *finder,
		       const struct debug_place *place)
{
	char path[32];
	int root;

	*search = (struct search){ .finder = finder, .place = place, .fd = -1 };
	if (place->fd >= 0 && fstat(place->fd, &search->binary) < 0)
		return -errno;
	search->roots[0] = open_root("/");
	if (search->roots[0] < 0)
		return -errno;
	search->n_roots = 1;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/root", place->pid);
	root = place->pid ? open_root(path) : -1;
	if (root >= 0 && is_same(root, search->roots[0])) {
		close(root);
	} else if (root >= 0) {
		search->roots[1] = search->roots[0]; /* ours comes after its own */
		search->roots[0] = root;
		search->n_roots = 2;
	}
	return 0;
}

static bool is_allowed(const struct search *search, int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       ((status.st_mode & S_IROTH) || status.st_uid == search->place->owner) &&
	       (status.st_dev != search->binary.st_dev || status.st_ino != search->binary.st_ino);
}

static bool is_elf(int fd)
{
	char magic[SELFMAG];

	return pread(fd, magic, SELFMAG, 0) == SELFMAG && memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* It is looked at before it is opened: there are devices and pipes at which that does something. */
static int open_in(const struct search *search, int root)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	_cleanup_(closep) int place =
		(int)syscall(SYS_openat2, root, search->path, &how, sizeof(how));
	_cleanup_(closep) int fd = -1;
	char path[64];

	if (place < 0 || !is_allowed(search, place))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd >= 0 && is_elf(fd) ? steal_fd(&fd) : -1;
}

/* Whether there is one at the path that is printed. */
__attribute__((format(printf, 2, 3))) static bool try(struct search *search, const char *format,
						      ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(search->path, sizeof(search->path), format, arguments);
	va_end(arguments);
	if (n < 0 || (size_t)n >= sizeof(search->path))
		return false;
	for (size_t i = 0; i < search->n_roots && search->fd < 0; i++)
		search->fd = open_in(search, search->roots[i]);
	return search->fd >= 0;
}

/* The folders in order; NULL behind the last one. */
static const char *folder_at(const struct debug_file_finder *finder, size_t index)
{
	const char *const *folders = finder->folders;
	size_t n = 0;

	while (folders && folders[n])
		n++;
	if (index < n)
		return folders[index];
	return index == n ? usual_folder : NULL;
}

/* How many bytes of @path its folder has: "" for a file in the root. */
static int folder_bytes(const char *path)
{
	const char *end = strrchr(path, '/');

	return end ? (int)(end - path) : 0;
}

static bool is_plain_name(const char *name)
{
	return name[0] && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool try_build_id(struct search *search, const struct build_id *id)
{
	char rest[2 * BUILD_ID_MAX_BYTES + 1] = "";
	const char *folder;

	if (id->n_bytes < 2 || id->n_bytes > BUILD_ID_MAX_BYTES)
		return false;
	for (uint32_t i = 1; i < id->n_bytes; i++)
		snprintf(rest + 2 * (size_t)(i - 1), 3, "%02x", id->bytes[i]);
	for (size_t i = 0; (folder = folder_at(search->finder, i)); i++)
		if (try(search, "%s/.build-id/%02x/%s.debug", folder, id->bytes[0], rest))
			return true;
	return false;
}

static bool try_link(struct search *search, const char *name)
{
	const char *path = search->place->path, *folder;
	int n_bytes = folder_bytes(path);

	if (!is_plain_name(name))
		return false;
	if (try(search, "%.*s/%s", n_bytes, path, name) ||
	    try(search, "%.*s/.debug/%s", n_bytes, path, name))
		return true;
	for (size_t i = 0; (folder = folder_at(search->finder, i)); i++)
		if (try(search, "%s%.*s/%s", folder, n_bytes, path, name))
			return true;
	return false;
}

static bool try_alternate(struct search *search, const struct debug_reference *reference)
{
	const struct debug_place *place = search->place;
	const char *holder = place->debug_path ? place->debug_path : place->path;

	if (try_build_id(search, &reference->build_id))
		return true;
	if (reference->name[0] == '/')
		return try(search, "%s", reference->name);
	return try(search, "%.*s/%s", folder_bytes(holder), holder, reference->name);
}

static bool try_package(struct search *search)
{
	const struct debug_place *place = search->place;

	return try(search, "%s.dwp", place->path) ||
	       (place->debug_path && try(search, "%s.dwp", place->debug_path));
}

static bool try_object(struct search *search, const struct debug_reference *reference)
{
	const char *path = search->place->path, *name = strrchr(reference->name, '/');

	if (reference->name[0] == '/'
		    ? try(search, "%s", reference->name)
		    : reference->directory[0] == '/' &&
			      try(search, "%s/%s", reference->directory, reference->name))
		return true;
	name = name ? name + 1 : reference->name;
	return is_plain_name(name) && try(search, "%.*s/%s", folder_bytes(path), path, name);
}

/* Returns a descriptor, or -errno. */
static int take(struct search *search, char **ret_path)
{
	char *path;

	if (search->fd < 0)
		return -ENOENT;
	path = strdup(search->path);
	if (!path)
		return -ENOMEM;
	*ret_path = path;
	return steal_fd(&search->fd);
}

int debug_file_finder_find_own(const struct debug_file_finder *finder,
			       const struct debug_place *place, char **ret_path)
{
	_cleanup_(search_fini) struct search search;
	int r = search_init(&search, finder, place);

	if (r < 0)
		return r;
	(void)try_build_id(&search, &place->build_id);
	return take(&search, ret_path);
}

int debug_file_finder_find(const struct debug_file_finder *finder, const struct debug_place *place,
			   const struct debug_reference *reference, char **ret_path)
{
	_cleanup_(search_fini) struct search search;
	int r = search_init(&search, finder, place);

	if (r < 0)
		return r;
	switch (reference->kind) {
	case DEBUG_REFERENCE_LINK:
		(void)try_link(&search, reference->name);
		break;
	case DEBUG_REFERENCE_ALTERNATE:
		(void)try_alternate(&search, reference);
		break;
	case DEBUG_REFERENCE_PACKAGE:
		(void)try_package(&search);
		break;
	case DEBUG_REFERENCE_OBJECT:
		(void)try_object(&search, reference);
		break;
	default:
		return -ENOENT;
	}
	return take(&search, ret_path);
}

static int64_t change_of(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return 0;
	return status.st_mtim.tv_sec * NS_PER_SECOND + status.st_mtim.tv_nsec;
}

int64_t debug_file_finder_changed(const struct debug_file_finder *finder)
{
	static const char *const places[] = { "", "/.build-id" };
	char path[PATH_MAX];
	int64_t latest_ns = 0;
	const char *folder;

	for (size_t i = 0; (folder = folder_at(finder, i)); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(places); j++) {
			int64_t change_ns;

			snprintf(path, sizeof(path), "%s%s", folder, places[j]);
			change_ns = change_of(path);
			if (change_ns > latest_ns)
				latest_ns = change_ns;
		}
	}
	return latest_ns;
}
