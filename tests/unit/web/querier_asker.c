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
#include "profiler/store.h"
#include "web/request.h"
#include "web/route.h"
#include "web/site.h"

static void use_quotes(char *text)
{
	for (; (text = strchr(text, '\'')); text++)
		*text = '"';
}

static json_t *ask(struct store *store, unsigned int *ret_code, const char *method, char *question)
{
	struct request request = { .method = METHOD_POST, .content_type = ANSWER_JSON };
	struct site site = { .store = store };
	json_t *answer;
	char path[128];

	use_quotes(question);
	snprintf(path, sizeof(path), "/querier.v1.QuerierService/%s", method);
	assert_int_equal(request_set_target(&request, path), 0);
	request_add_body(&request, question, strlen(question));
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

json_t *querier_ask(struct store *store, unsigned int *ret_code, const char *method,
		    const char *format, ...)
{
	char question[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(question, sizeof(question), format, args);
	va_end(args);
	return ask(store, ret_code, method, question);
}

void querier_expect(struct store *store, const char *method, const char *question,
		    const char *expected)
{
	_cleanup_(freep) char *copy = strdup(expected), *text = NULL;
	json_t *answer, *parsed;
	unsigned int code;

	answer = querier_ask(store, &code, method, "%s", question);
	use_quotes(copy);
	parsed = json_loads(copy, 0, NULL);
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
	json_t *answer = querier_ask(store, &status, method, "%s", question);
	const char *message = json_string_value(json_object_get(answer, "message"));

	assert_true(status >= 400);
	assert_string_equal(json_string_value(json_object_get(answer, "code")), code);
	if (!message || !strstr(message, word))
		fail_msg("%s: %s", question, message ? message : "no message");
	json_decref(answer);
}
