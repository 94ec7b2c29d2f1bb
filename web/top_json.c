/* SPDX-License-Identifier: Apache-2.0 */
#include "web/top_json.h"

#include <inttypes.h>

#include "profiler/base/buffer.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"
#include "profiler/profile_top.h"
#include "web/json_text.h"

static void append_string(struct buffer *out, const char *name, const struct profile *profile,
			  uint32_t string)
{
	buffer_printf(out, "\"%s\":", name);
	json_text_append_string(out, string_table_get(profile->strings, string));
	buffer_append_char(out, ',');
}

static void append_function(struct buffer *out, const struct profile *profile,
			    const struct top_function *function)
{
	buffer_append_char(out, '{');
	append_string(out, "name", profile, function->name);
	append_string(out, "file", profile, function->filename);
	append_string(out, "mapping", profile, function->mapping);
	buffer_printf(out, "\"self\":%" PRIu64 ",\"total\":%" PRIu64, function->self_value,
		      function->total_value);
	buffer_printf(out, ",\"self_count\":%" PRIu64 ",\"total_count\":%" PRIu64 "}",
		      function->self_count, function->total_count);
}

static int64_t end_of(const struct profile *profile)
{
	int64_t end_ns;

	return __builtin_add_overflow(profile->start_unix_ns, profile->duration_ns, &end_ns)
		       ? INT64_MAX
		       : end_ns;
}

int top_json_append(const struct profile_top *top, const struct profile *profile, size_t n,
		    unsigned int limits_met, struct buffer *ret_json)
{
	size_t n_shown = n < top->n_functions ? n : top->n_functions;

	buffer_append_string(ret_json, "{\"from\":");
	json_text_append_seconds(ret_json, profile->start_unix_ns);
	buffer_append_string(ret_json, ",\"to\":");
	json_text_append_seconds(ret_json, end_of(profile));
	buffer_printf(ret_json, ",\"count\":%" PRIu64 ",\"value\":%" PRIu64, top->count,
		      top->value);
	buffer_append_string(ret_json, ",\"functions\":[");
	for (size_t i = 0; i < n_shown; i++) {
		if (i)
			buffer_append_char(ret_json, ',');
		append_function(ret_json, profile, &top->functions[i]);
	}
	buffer_printf(ret_json, "],\"left_out\":%zu,\"limits\":", top->n_functions - n_shown);
	json_text_append_limits(ret_json, limits_met);
	buffer_append_string(ret_json, "}\n");
	return buffer_error(ret_json);
}
