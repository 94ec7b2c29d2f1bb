/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_file_jit.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "unwind/jit_code.h"
#include "unwind/jit_report.h"
#include "unwind/perf_map.h"

DEFINE_CLEANUP(struct jit_code *, jit_code_free)

enum { MAX_FILES = 2 };

/* What was read of the files: names point into it. */
struct texts {
	char *bytes[MAX_FILES];
};

static void texts_fini(struct texts *texts)
{
	for (int i = 0; i < MAX_FILES; i++)
		free(texts->bytes[i]);
}

/* Which bytes of a file are read, which may be growing. */
struct extent {
	uint64_t start;
	size_t size;
};

static int extent_of(int fd, struct extent *ret_extent)
{
	struct stat status;
	uint64_t size;

	if (fstat(fd, &status) < 0)
		return -errno;
	size = (uint64_t)status.st_size;
	*ret_extent = (struct extent){ 0, size };
	if (size > PERF_MAP_MAX_BYTES)
		*ret_extent = (struct extent){ size - PERF_MAP_MAX_BYTES, PERF_MAP_MAX_BYTES };
	return 0;
}

/* What starts within a file starts within a line. */
static const char *first_line(const char *text, const struct extent *extent)
{
	const char *newline = extent->start ? memchr(text, '\n', extent->size) : NULL;

	return newline ? newline + 1 : text;
}

static int read_map(int fd, struct jit_code *code, char **ret_text, struct jit_report *report)
{
	struct extent extent = { 0 };
	const char *line;
	int r;

	r = extent_of(fd, &extent);
	if (r < 0)
		return r;
	*ret_text = malloc(extent.size + 1);
	if (!*ret_text)
		return -ENOMEM;
	r = file_read_at(fd, *ret_text, extent.size, extent.start);
	if (r == -ENODATA)
		return 0; /* it was cut off meanwhile, and is read again when it has changed */
	if (r < 0)
		return r;
	report->unread_bytes += extent.start;
	line = first_line(*ret_text, &extent);
	return perf_map_read(line, extent.size - (size_t)(line - *ret_text), code, report);
}

int symbol_file_build_jit(const int *fds, size_t n_fds, struct buffer *ret_bytes,
			  struct jit_report *report)
{
	_cleanup_(jit_code_freep) struct jit_code *code = NULL;
	_cleanup_(texts_fini) struct texts texts = { 0 };
	int r = jit_code_new(report, &code);

	assert(n_fds <= MAX_FILES);
	for (size_t i = 0; r == 0 && i < n_fds; i++)
		r = read_map(fds[i], code, &texts.bytes[i], report);
	return r < 0 ? r : jit_code_finish(code, ret_bytes);
}
