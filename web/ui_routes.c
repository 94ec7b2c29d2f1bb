/* SPDX-License-Identifier: Apache-2.0 */
#include "web/ui_routes.h"

#include <string.h>

#include "export/gzip.h"
#include "web/request.h"
#include "web/ui_files.h"

/* For browsers, which all take gzip. What they keep has a tag, and is asked for by it. */
static void answer_gzipped(struct request *request, const struct ui_file *file)
{
	struct answer *answer = &request->answer;

	answer_add_header(answer, "Content-Encoding", "gzip");
	answer_add_header(answer, "ETag", file->etag);
	answer->fixed_body = file->bytes;
	answer->fixed_size = file->size;
	answer->code = 200;
	if (request->if_none_match && strstr(request->if_none_match, file->etag)) {
		answer->code = 304;
		answer->fixed_size = 0;
	}
}

static void answer_with_file(struct request *request, const char *name)
{
	const struct ui_file *file = ui_file_find(name);
	struct answer *answer = &request->answer;

	if (!file) {
		answer_fail(answer, 404, "there is nothing at this path");
		return;
	}
	answer->caching = "no-cache";
	answer->media_type = file->media_type;
	answer_add_header(answer, "Vary", "Accept-Encoding");
	if (request_takes_gzip(request)) {
		answer_gzipped(request, file);
		return;
	}
	if (gzip_expand(file->bytes, file->size, &answer->body) < 0) {
		answer_fail_busy(answer, "out of memory");
		return;
	}
	answer_finish(answer, file->media_type);
}

void ui_begin_index(struct request *request, struct site *site)
{
	(void)site;
	answer_with_file(request, "index.html");
}

void ui_begin_file(struct request *request, struct site *site)
{
	(void)site;
	answer_with_file(request, request->wildcard);
}
