/* SPDX-License-Identifier: Apache-2.0 */
#include "querier_asker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/query_budget.h"
#include "profiler/store.h"
#include "web/request.h"
#include "web/route.h"
#include "web/site.h"

static void use_quotes(char *text)
{
	for (; (text = strchr(text, '\'')); text++)
		*text = '"';
}

json_t *querier_ask(struct store *store, unsigned int *ret_code, const char *method,
		    const char *question)
{
	_cleanup_(freep) char *asked = strdup(question);
	struct request request = { .method = METHOD_POST, .content_type = ANSWER_JSON };
	struct site site = {
		.store = store,
		.query_cpu_ns = QUERY_CPU_NS,
		.query_bytes = QUERY_BYTES,
	};
	json_t *answer;
	char path[128];

	use_quotes(asked);
	snprintf(path, sizeof(path), "/querier.v1.QuerierService/%s", method);
	assert_int_equal(request_set_target(&request, path), 0);
	request_add_body(&request, asked, strlen(asked));
	route_begin(&request, &site);
	if (store)
		store_get_status(store, &request.status.store);
	if (!request.answer.code)
		request.work(&request, &site);
	*ret_code = request.answer.code;
	answer = json_loadb(request.answer.body.data, request.answer.body.size, 0, NULL);
	assert_non_null(answer);
	request_fini(&request);
	return answer;
}

void querier_expect(struct store *store, const char *method, const char *question,
		    const char *expected)
{
	_cleanup_(freep) char *wanted = strdup(expected), *text = NULL;
	json_t *answer, *parsed;
	unsigned int code;

	answer = querier_ask(store, &code, method, question);
	use_quotes(wanted);
	parsed = json_loads(wanted, 0, NULL);
	assert_non_null(parsed);
	text = json_dumps(answer, JSON_COMPACT | JSON_PRESERVE_ORDER);
	if (code != 200 || !json_equal(answer, parsed))
		fail_msg("%s %s: %u %s", method, question, code, text);
	json_decref(answer);
	json_decref(parsed);
}

void querier_expect_error(struct store *store, const char *method, const char *question,
			  const char *code, const char *word)
{
	unsigned int status;
	json_t *answer = querier_ask(store, &status, method, question);
	const char *message = json_string_value(json_object_get(answer, "message"));

	assert_true(status >= 400);
	assert_string_equal(json_string_value(json_object_get(answer, "code")), code);
	if (!message || !strstr(message, word))
		fail_msg("%s: %s", question, message ? message : "no message");
	json_decref(answer);
}
