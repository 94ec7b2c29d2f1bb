/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay: feed every file of a corpus to a fuzz harness, as a normal test, without libFuzzer.
 *
 *     replay_NAME CORPUS-FOLDER
 *
 * A harness that finds a fault dies of it; the last name printed is the file that did it.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"

#define CORPUS_FILE_LIMIT_BYTES (64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(int folder_fd, const char *name)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	int r = file_read(folder_fd, name, CORPUS_FILE_LIMIT_BYTES, &text);
	if (r < 0)
		return r;

	/* In memory of its own and exact size, so that a sanitizer sees a read past the end. */
	_cleanup_(freep) uint8_t *data = malloc(text.size ? text.size : 1);
	if (!data)
		return -ENOMEM;
	if (text.size)
		memcpy(data, text.data, text.size);
	LLVMFuzzerTestOneInput(data, text.size);
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_(closedirp) DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	if (!folder) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return EXIT_FAILURE;
	}

	int n_files = 0;
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (entry->d_name[0] == '.')
			continue;
		fprintf(stderr, "%s\n", entry->d_name);
		if (replay_file(dirfd(folder), entry->d_name) < 0)
			return EXIT_FAILURE;
		n_files++;
	}
	return n_files ? EXIT_SUCCESS : EXIT_FAILURE;
}
