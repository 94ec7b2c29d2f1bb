/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_file_jit.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "unwind/jit_code.h"
#include "unwind/jit_report.h"
#include "unwind/jitdump.h"
#include "unwind/jitdump_copy.h"
#include "unwind/perf_map.h"

DEFINE_CLEANUP(struct jit_code *, jit_code_free)

enum { MAX_FILES = 2 };

/* What was read of a file: names point into it. It is not mapped, for it may be cut off meanwhile.
 */
struct input {
	char *text;         /* of a perf map */
	struct buffer dump; /* of a jitdump */
};

struct inputs {
	struct input files[MAX_FILES];
};

static void inputs_fini(struct inputs *inputs)
{
	for (int i = 0; i < MAX_FILES; i++) {
		struct input *input = &inputs->files[i];

		free(input->text);
		buffer_fini(&input->dump);
	}
}

/* Which bytes of a map are read: the last ones. */
struct extent {
	uint64_t start;
	size_t size;
};

static struct extent extent_of_map(uint64_t size)
{
	if (size > PERF_MAP_MAX_BYTES)
		return (struct extent){ size - PERF_MAP_MAX_BYTES, PERF_MAP_MAX_BYTES };
	return (struct extent){ 0, size };
}

/* What starts within a file starts within a line. */
static const char *first_line(const char *text, const struct extent *extent)
{
	const char *newline = extent->start ? memchr(text, '\n', extent->size) : NULL;

	return newline ? newline + 1 : text;
}

/* Some runtimes cut it off when they write it anew: what is there then is read. */
static int read_map(int fd, uint64_t size, struct jit_code *code, struct input *input,
		    struct jit_report *report)
{
	struct extent extent = extent_of_map(size);
	const char *line;
	int r;

	input->text = malloc(extent.size + 1);
	if (!input->text)
		return -ENOMEM;
	r = file_read_up_to(fd, input->text, extent.size, extent.start, &extent.size);
	if (r < 0)
		return r;
	report->unread_bytes += extent.start;
	line = first_line(input->text, &extent);
	return perf_map_read(line, extent.size - (size_t)(line - input->text), code, report);
}

static int read_dump(int fd, uint64_t size, struct jit_code *code, struct input *input,
		     struct jit_report *report)
{
	int r = jitdump_copy(fd, size, &input->dump, report);

	if (r < 0)
		return r;
	return jitdump_read((const uint8_t *)input->dump.data, input->dump.size, code, report);
}

static int read_file(int fd, struct jit_code *code, struct input *input, struct jit_report *report)
{
	uint8_t start[4];
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (file_read_at(fd, start, sizeof(start), 0) == 0 && jitdump_is_one(start, sizeof(start)))
		return read_dump(fd, (uint64_t)status.st_size, code, input, report);
	return read_map(fd, (uint64_t)status.st_size, code, input, report);
}

int symbol_file_build_jit(const int *fds, size_t n_fds, struct buffer *ret_bytes,
			  struct jit_report *report)
{
	_cleanup_(jit_code_freep) struct jit_code *code = NULL;
	_cleanup_(inputs_fini) struct inputs inputs = { 0 };
	int r = jit_code_new(report, &code);

	assert(n_fds <= MAX_FILES);
	for (size_t i = 0; r == 0 && i < n_fds; i++)
		r = read_file(fds[i], code, &inputs.files[i], report);
	return r < 0 ? r : jit_code_finish(code, ret_bytes);
}
