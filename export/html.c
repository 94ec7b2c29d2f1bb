/* SPDX-License-Identifier: Apache-2.0 */
#include "export/html.h"

#include <stddef.h>
#include <stdint.h>

#include "export/html_parts.h"
#include "export/pprof.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

/* RFC 4648, §4. */
static void append_base64(struct buffer *out, const uint8_t *bytes, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	buffer_prepare(out, (size + 2) / 3 * 4);
	for (size_t i = 0; i < size && !buffer_error(out); i += 3) {
		size_t n = size - i < 3 ? size - i : 3;
		uint32_t group = (uint32_t)bytes[i] << 16;
		char text[4];

		if (n > 1)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (n > 2)
			group |= bytes[i + 2];
		for (size_t k = 0; k < sizeof(text); k++)
			text[k] = k <= n ? digits[group >> (18 - 6 * k) & 63] : '=';
		buffer_append(out, text, sizeof(text));
	}
}

int html_encode(const struct profile *profile, struct buffer *out)
{
	_cleanup_(buffer_fini) struct buffer pprof = { .limit = out->limit };
	int r;

	r = pprof_encode(profile, &pprof);
	if (r < 0)
		return r;
	buffer_append_string(out, html_before);
	append_base64(out, (const uint8_t *)pprof.data, pprof.size);
	buffer_append_string(out, html_after);
	return buffer_error(out);
}
