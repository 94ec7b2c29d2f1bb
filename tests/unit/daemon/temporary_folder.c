/* SPDX-License-Identifier: Apache-2.0 */
#include "temporary_folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct temporary_folder temporary_folder_make(void)
{
	struct temporary_folder folder = { "/tmp/pilotlight-test-XXXXXX" };

	assert_non_null(mkdtemp(folder.path));
	return folder;
}

size_t temporary_folder_count(const struct temporary_folder *folder, char ret_path[512])
{
	DIR *entries = opendir(folder->path);
	const struct dirent *entry;
	size_t n = 0;

	while (entries && (entry = readdir(entries))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (ret_path)
			snprintf(ret_path, 512, "%s/%s", folder->path, entry->d_name);
		n++;
	}
	if (entries)
		closedir(entries);
	return n;
}

void temporary_folder_fini(const struct temporary_folder *folder)
{
	char path[512];

	while (temporary_folder_count(folder, path) && unlink(path) == 0)
		;
	rmdir(folder->path);
}
