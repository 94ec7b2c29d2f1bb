/* SPDX-License-Identifier: Apache-2.0 */
#include "web/json_text.h"

#include <inttypes.h>

#include "export/text.h"
#include "profiler/base/buffer.h"
#include "profiler/base/clock.h"
#include "profiler/label.h"
#include "profiler/query_budget.h"

void json_text_append_string(struct buffer *out, const char *text)
{
	buffer_append_char(out, '"');
	text_append_json(out, text);
	buffer_append_char(out, '"');
}

void json_text_append_labels(struct buffer *out, const struct label *labels, size_t n_labels)
{
	buffer_append_char(out, '{');
	for (size_t i = 0; i < n_labels; i++) {
		if (i)
			buffer_append_char(out, ',');
		json_text_append_string(out, labels[i].name);
		buffer_append_char(out, ':');
		json_text_append_string(out, labels[i].value);
	}
	buffer_append_char(out, '}');
}

void json_text_append_limits(struct buffer *out, unsigned int limits_met)
{
	const char *separator = "";

	buffer_append_char(out, '[');
	for (int i = 0; i < QUERY_LIMIT_COUNT; i++) {
		if (!(limits_met >> i & 1))
			continue;
		buffer_printf(out, "%s\"%s\"", separator, query_limit_names[i]);
		separator = ",";
	}
	buffer_append_char(out, ']');
}

void json_text_append_seconds(struct buffer *out, int64_t ns)
{
	uint64_t magnitude = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	uint64_t seconds = magnitude / NS_PER_SECOND, fraction = magnitude % NS_PER_SECOND;
	int digits = 9;

	buffer_printf(out, "%s%" PRIu64, ns < 0 ? "-" : "", seconds);
	if (!fraction)
		return;
	for (; fraction % 10 == 0; digits--)
		fraction /= 10;
	buffer_printf(out, ".%0*" PRIu64, digits, fraction);
}
