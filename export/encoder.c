/* SPDX-License-Identifier: Apache-2.0 */
#include "export/encoder.h"

#include <stddef.h>
#include <string.h>

#include "export/firefox.h"
#include "export/folded.h"
#include "export/html.h"
#include "export/perf.h"
#include "export/pprof.h"
#include "export/speedscope.h"
#include "export/svg.h"

const struct encoder encoders[] = {
	{ "pprof", ".pb.gz", "application/octet-stream", false, pprof_encode },
	{ "folded", ".folded", "text/plain; charset=utf-8", false, folded_encode },
	{ "speedscope", ".speedscope.json", "application/json", true, speedscope_encode },
	{ "svg", ".svg", "image/svg+xml", false, svg_encode },
	{ "html", ".html", "text/html; charset=utf-8", false, html_encode },
	{ "perf", ".perf", "text/plain; charset=utf-8", true, perf_encode },
	{ "firefox", ".firefox.json", "application/json", true, firefox_encode },
	{ 0 },
};

/* In the format of the first of them. */
static const struct encoder pprof_in_time = {
	"pprof", ".pb.gz", "application/octet-stream", true, pprof_encode_moments,
};

const struct encoder *encoder_in_time(const struct encoder *encoder)
{
	if (encoder == &encoders[0])
		return &pprof_in_time;
	return encoder->wants_moments ? encoder : NULL;
}

const struct encoder *encoder_find(const char *name)
{
	for (const struct encoder *encoder = encoders; encoder->name; encoder++) {
		if (!strcmp(encoder->name, name))
			return encoder;
	}
	return NULL;
}

static bool path_ends_in(const char *path, const char *ending)
{
	size_t path_length = strlen(path), ending_length = strlen(ending);

	return path_length >= ending_length && !strcmp(path + path_length - ending_length, ending);
}

const struct encoder *encoder_find_by_path(const char *path)
{
	for (const struct encoder *encoder = encoders; encoder->name; encoder++) {
		if (path_ends_in(path, encoder->file_ending))
			return encoder;
	}
	return NULL;
}
