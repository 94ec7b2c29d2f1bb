/* SPDX-License-Identifier: Apache-2.0 */
#include "web/ui_routes.h"

#include <string.h>

#include "web/request.h"
#include "web/ui_files.h"

static void answer_with_file(struct request *request, const char *name)
{
	const struct ui_file *file = ui_file_find(name);
	struct answer *answer = &request->answer;

	if (!file) {
		answer_fail(answer, 404, "there is nothing at this path");
		return;
	}
	answer->code = 200;
	answer->media_type = file->media_type;
	answer->caching = "no-cache"; /* kept, and asked for by its tag */
	answer->fixed_body = file->bytes;
	answer->fixed_size = file->size;
	answer_add_header(answer, "ETag", file->etag);
	if (request->if_none_match && strstr(request->if_none_match, file->etag)) {
		answer->code = 304;
		answer->fixed_size = 0;
	}
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
