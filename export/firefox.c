/* SPDX-License-Identifier: Apache-2.0 */
#include "export/firefox.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "export/firefox_thread.h"
#include "export/text.h"
#include "export/timeline.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"

#define FORMAT_VERSION "48"
#define NS_PER_MS      1000000

/* In the order of enum firefox_category. */
static const char categories[] =
	"[{\"name\":\"Other\",\"color\":\"grey\",\"subcategories\":[\"Other\"]},"
	"{\"name\":\"User\",\"color\":\"yellow\",\"subcategories\":[\"Other\"]},"
	"{\"name\":\"Kernel\",\"color\":\"orange\",\"subcategories\":[\"Other\"]},"
	"{\"name\":\"JIT\",\"color\":\"green\",\"subcategories\":[\"Other\"]}]";

static void append_milliseconds(struct buffer *out, int64_t ns)
{
	if (ns < 0)
		ns = 0;
	buffer_printf(out, "%" PRId64 ".%06" PRId64, ns / NS_PER_MS, ns % NS_PER_MS);
}

static void append_meta(const struct timeline *timeline, struct buffer *out)
{
	const struct profile *profile = timeline->profile;

	buffer_append_string(out, "\"meta\":{\"interval\":");
	append_milliseconds(out, profile->period_ns > 0 ? profile->period_ns : NS_PER_MS);
	buffer_append_string(out, ",\"startTime\":");
	append_milliseconds(out, timeline->start_unix_ns);
	buffer_append_string(out, ",\"product\":\"Pilotlight");
	timeline_append_lacks(timeline, ", ", "", out);
	buffer_append_string(
		out, "\",\"importedFrom\":\"Pilotlight\",\"processType\":0,\"stackwalk\":1,"
		     "\"debug\":false,\"version\":29,\"preprocessedProfileVersion\":" FORMAT_VERSION
		     ",\"symbolicated\":true,\"platform\":\"Linux\","
		     "\"oscpu\":\"Linux\",\"toolkit\":\"\",\"sampleUnits\":{\"time\":\"ms\","
		     "\"eventDelay\":\"ms\",\"threadCPUDelta\":\"ns\"},\"markerSchema\":[],"
		     "\"extensions\":{\"baseURL\":[],\"id\":[],\"name\":[],\"length\":0},"
		     "\"categories\":");
	buffer_append_string(out, categories);
	buffer_append_string(out, "},\n");
}

static void append_path(const char *key, const char *path, struct buffer *out)
{
	buffer_printf(out, "\"%s\":\"", key);
	text_append_json(out, path);
	buffer_append_string(out, "\",");
}

/* The profile's mappings, by the same numbers. */
static void append_libs(const struct profile *profile, struct buffer *out)
{
	buffer_append_string(out, "\"libs\":[");
	for (size_t i = 0; i < profile->n_mappings && !buffer_error(out); i++) {
		const struct profile_mapping *mapping = &profile->mappings[i];
		const char *path = string_table_get(profile->strings, mapping->filename);
		const char *slash = strrchr(path, '/');
		const char *name = slash ? slash + 1 : path;

		buffer_append_string(out, i ? ",\n{" : "\n{");
		append_path("name", name, out);
		append_path("path", path, out);
		append_path("debugName", name, out);
		append_path("debugPath", path, out);
		append_path("codeId", string_table_get(profile->strings, mapping->build_id), out);
		buffer_append_string(out, "\"breakpadId\":\"\",\"arch\":\"\"}");
	}
	buffer_append_string(out, "],\n");
}

int firefox_encode(const struct profile *profile, struct buffer *out)
{
	_cleanup_(timeline_fini) struct timeline timeline = { 0 };
	_cleanup_(firefox_tables_fini) struct firefox_tables tables = { 0 };
	int r;

	r = timeline_init(profile, &timeline);
	if (r == 0)
		r = firefox_tables_init(&timeline, &tables);
	if (r < 0)
		return r;
	buffer_append_char(out, '{');
	append_meta(&timeline, out);
	append_libs(profile, out);
	buffer_append_string(out, "\"pages\":[],\"counters\":[],\"profilerOverhead\":[],"
				  "\"threads\":[");
	for (size_t i = 0; r == 0 && i < timeline.n_threads; i++) {
		if (!timeline.threads[i].n_moments)
			continue;
		buffer_append_string(out, i ? ",\n" : "\n");
		r = firefox_thread_append(&tables, &timeline.threads[i], out);
	}
	buffer_append_string(out, "]}\n");
	return r < 0 ? r : buffer_error(out);
}
