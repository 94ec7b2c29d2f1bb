/* SPDX-License-Identifier: Apache-2.0 */
#include "import/frame_kind.h"

#include <stddef.h>
#include <string.h>

#include "profiler/base/array.h"

static const struct {
	const char *start;
	enum frame_kind kind;
} starts[] = {
	{ "[truncated", FRAME_CUT },      { "[vdso]", FRAME_NATIVE },
	{ "[unmapped]", FRAME_UNMAPPED }, { "[unknown]", FRAME_UNMAPPED },
	{ "[anon", FRAME_JIT },           { "[heap]", FRAME_JIT },
	{ "[stack", FRAME_JIT },          { "[vsyscall]", FRAME_NATIVE },
	{ "[uprobes]", FRAME_NATIVE },    { "[", FRAME_KERNEL }, /* itself, or a module */
	{ "/tmp/perf-", FRAME_JIT },      { "//anon", FRAME_JIT },
};

enum frame_kind frame_kind_of_path(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		if (!strncmp(path, starts[i].start, strlen(starts[i].start)))
			return starts[i].kind;
	}
	return FRAME_NATIVE;
}
