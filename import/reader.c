/* SPDX-License-Identifier: Apache-2.0 */
#include "import/reader.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "export/gzip.h"
#include "import/complaint.h"
#include "import/folded_reader.h"
#include "import/perf_event.h"
#include "import/perf_reader.h"
#include "import/pprof_reader.h"
#include "import/speedscope_reader.h"
#include "import/text_lines.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

#define LOOKED_AT_BYTES 4096

static const struct reader pprof = { "pprof", pprof_read };
static const struct reader folded = { "folded", folded_read };
static const struct reader perf = { "perf", perf_read };
static const struct reader speedscope = { "speedscope", speedscope_read };

/* A pprof begins with the tag and the length of a field, or has such soon. */
static bool is_text(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size && i < LOOKED_AT_BYTES; i++) {
		if ((unsigned char)bytes[i] < ' ' && !strchr("\t\n\r", bytes[i]))
			return false;
		if (!bytes[i])
			return false;
	}
	return true;
}

/* The line of an event of perf script is followed by frames, each after a tab or spaces. */
static bool is_perf(const char *bytes, size_t size)
{
	struct text_lines lines = text_lines_of(bytes, size);
	bool follows_event = false;
	struct perf_event event;

	for (size_t n = 0; n < 100 && text_lines_next(&lines); n++) {
		if (!lines.length || lines.line[0] == '#')
			continue;
		if (follows_event && (lines.line[0] == '\t' || lines.line[0] == ' '))
			return true;
		follows_event = perf_event_parse(lines.line, lines.length, &event);
	}
	return false;
}

const struct reader *reader_find(const char *bytes, size_t size)
{
	size_t start = 0;

	if (!is_text(bytes, size))
		return &pprof;
	while (start < size && strchr(" \t\r\n", bytes[start]))
		start++;
	if (start < size && bytes[start] == '{')
		return &speedscope;
	return is_perf(bytes, size) ? &perf : &folded;
}

static int unpack(const char *bytes, size_t size, struct buffer *unpacked,
		  struct complaint *complaint)
{
	int r;

	unpacked->limit = READER_INPUT_MAX;
	r = gzip_expand(bytes, size, unpacked);
	if (r == -EBADMSG)
		return complain(complaint, "what gzip made of it is damaged, or ends early");
	if (r == -EFBIG)
		return complain(complaint, "it is larger than %lu MiB", READER_INPUT_MAX >> 20);
	return r;
}

int reader_read(const char *bytes, size_t size, struct profile **ret_profile,
		struct complaint *complaint)
{
	_cleanup_(buffer_fini) struct buffer unpacked = { 0 };
	int r;

	if (size >= 2 && !memcmp(bytes, "\x1f\x8b", 2)) {
		r = unpack(bytes, size, &unpacked, complaint);
		if (r < 0)
			return r;
		bytes = unpacked.size ? unpacked.data : "";
		size = unpacked.size;
	}
	if (!size)
		return complain(complaint, "it is empty");
	return reader_find(bytes, size)->read(bytes, size, ret_profile, complaint);
}
