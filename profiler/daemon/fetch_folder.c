/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/fetch_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/daemon/log.h"

#define PARENT "/var/tmp/"
#define PREFIX "pilotlight-fetcher-"

enum { MAX_OPEN_FOLDERS = 8 }; /* while one is emptied */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	if (where->level > 0)
		(void)remove(path);
	return 0;
}

static void empty(const char *path)
{
	(void)nftw(path, remove_entry, MAX_OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

/* One that was killed could not remove its folder, whose name has its pid. */
static void remove_stale_folders(void)
{
	_cleanup_(closedirp) DIR *entries = opendir(PARENT);
	const struct dirent *entry;
	char path[PATH_MAX];

	while (entries && (entry = readdir(entries))) {
		const size_t prefix_bytes = sizeof(PREFIX) - 1;
		struct stat status;

		if (strncmp(entry->d_name, PREFIX, prefix_bytes) != 0 ||
		    fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
		    kill((pid_t)strtol(entry->d_name + prefix_bytes, NULL, 10), 0) == 0 ||
		    errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), PARENT "%s", entry->d_name);
		empty(path);
		(void)rmdir(path);
	}
}

static int make_parts(struct fetch_folder *folder)
{
	for (size_t i = 0; i < FETCH_FOLDER_PARTS; i++) {
		snprintf(folder->parts[i], sizeof(folder->parts[i]), "%s/%zu", folder->path, i);
		if (mkdir(folder->parts[i], S_IRWXU) < 0)
			return -errno;
	}
	return 0;
}

void fetch_folder_make(struct fetch_folder *folder)
{
	remove_stale_folders();
	snprintf(folder->path, sizeof(folder->path), PARENT PREFIX "%d-XXXXXX", getpid());
	if (mkdtemp(folder->path) && make_parts(folder) == 0)
		return;
	log_line("fetcher: cannot make a folder in /var/tmp: %s; nothing is fetched",
		 strerror(errno));
	folder->path[0] = '\0';
}

void fetch_folder_empty(const struct fetch_folder *folder, size_t part)
{
	if (folder->path[0])
		empty(folder->parts[part]);
}

void fetch_folder_remove(const struct fetch_folder *folder)
{
	if (!folder->path[0])
		return;
	empty(folder->path);
	(void)rmdir(folder->path);
}
