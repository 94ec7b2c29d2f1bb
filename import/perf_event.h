/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Perf event: the lines that `perf script` prints, taken apart. Texts are borrowed from the line.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import/profile_builder.h"

struct perf_event {
	struct builder_text comm;
	struct builder_text pid;
	struct builder_text tid;
	struct builder_text name; /* "cpu-clock", "cycles:u" */
	int64_t time_ns;
	uint64_t period; /* 1 if it is missing */
	bool has_period;
	uint32_t cpu;
};

struct perf_frame {
	uint64_t address;
	struct builder_text symbol; /* without its offset … */
	uint64_t symbol_off;        /* … which is this; or 0 */
	struct builder_text path;   /* or empty */
	bool is_inlined;
};

/* Whether @line begins an event. */
bool perf_event_parse(const char *line, size_t length, struct perf_event *ret_event);

/* Whether @line is a frame. */
bool perf_frame_parse(const char *line, size_t length, struct perf_frame *ret_frame);

/* The last part of its path, or "[unknown]". */
struct builder_text perf_frame_file(const struct perf_frame *frame);

/* Whether the periods of such events are ns of CPU time. */
bool perf_event_is_clock(struct builder_text name);
