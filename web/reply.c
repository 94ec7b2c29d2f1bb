/* SPDX-License-Identifier: Apache-2.0 */
#include "web/reply.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/clock.h"
#include "web/answer.h"
#include "web/connection.h"

#define BLOCK_BYTES (16 << 10) /* handed over at a time */

#define PAGE_POLICY "default-src 'self'; frame-ancestors 'none'"

struct body_reader {
	const char *bytes;
	struct connection *connection;
};

static ssize_t read_body(void *pointer, uint64_t position, char *out, size_t size)
{
	const struct body_reader *reader = pointer;

	memcpy(out, reader->bytes + position, size);
	connection_progress(reader->connection, position + size, clock_monotonic_ns());
	return (ssize_t)size;
}

static struct MHD_Response *response_of_body(const struct answer *answer,
					     struct connection *connection)
{
	struct body_reader *reader = malloc(sizeof(*reader));
	size_t size = answer->fixed_body ? answer->fixed_size : answer->body.size;
	struct MHD_Response *response;

	if (!reader)
		return NULL;
	*reader = (struct body_reader){
		.bytes = answer->fixed_body ? answer->fixed_body : answer->body.data,
		.connection = connection,
	};
	response = MHD_create_response_from_callback(size, BLOCK_BYTES, read_body, reader, free);
	if (!response)
		free(reader);
	return response;
}

static bool add_headers(struct MHD_Response *response, const struct answer *answer)
{
	const struct answer_header common[] = {
		{ "Content-Type", answer->media_type },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Content-Security-Policy", answer->policy ? answer->policy : PAGE_POLICY },
		{ "Cache-Control", answer->caching ? answer->caching : "no-store" },
	};
	bool all = true;

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		all &= MHD_add_response_header(response, common[i].name, common[i].value);
	for (size_t i = 0; i < answer->n_headers; i++)
		all &= MHD_add_response_header(response, answer->headers[i].name,
					       answer->headers[i].value);
	return all;
}

struct MHD_Response *reply_new(const struct answer *answer, struct connection *connection)
{
	struct MHD_Response *response = response_of_body(answer, connection);

	if (response && !add_headers(response, answer)) {
		MHD_destroy_response(response);
		return NULL;
	}
	return response;
}
