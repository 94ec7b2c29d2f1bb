/* SPDX-License-Identifier: Apache-2.0 */
#include "web/ui_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "web/request.h"
#include "web/ui_routes.h"

static void has_the_page(void **state)
{
	const struct ui_file *file = ui_file_find("index.html");

	(void)state;
	assert_non_null(file);
	assert_string_equal(file->media_type, "text/html; charset=utf-8");
	assert_null(ui_file_find("index"));
	assert_null(ui_file_find(""));
}

static void has_names_in_order_and_tags_in_quotes(void **state)
{
	(void)state;
	for (const struct ui_file *file = ui_files; file->name; file++) {
		if (file != ui_files)
			assert_true(strcmp(file[-1].name, file->name) < 0);
		assert_int_equal(file->etag[0], '"');
	}
}

static void sends_a_file_once(void **state)
{
	struct request request = { .accept_encoding = "gzip, br" };

	(void)state;
	ui_begin_index(&request, NULL);
	assert_int_equal(request.answer.code, 200);
	assert_ptr_equal(request.answer.fixed_body, ui_file_find("index.html")->bytes);
	request_fini(&request);
	request.accept_encoding = "gzip";
	request.if_none_match = ui_file_find("index.html")->etag;
	ui_begin_index(&request, NULL);
	assert_int_equal(request.answer.code, 304);
	assert_int_equal(request.answer.fixed_size, 0);
	request_fini(&request);
}

static void expands_a_file_for_those_who_do_not_take_gzip(void **state)
{
	const struct answer *answer;
	struct request request = { 0 };

	(void)state;
	ui_begin_index(&request, NULL);
	answer = &request.answer;
	assert_int_equal(answer->code, 200);
	assert_null(answer->fixed_body);
	assert_non_null(memmem(answer->body.data, answer->body.size, "<html", 5));
	assert_non_null(memmem(answer->body.data, answer->body.size, "</html>", 7));
	assert_int_equal(answer->n_headers, 1);
	assert_string_equal(answer->headers[0].name, "Vary");
	request_fini(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "has the page", has_the_page },
		{ "has names in order and tags in quotes", has_names_in_order_and_tags_in_quotes },
		{ "sends a file once", sends_a_file_once },
		{ "expands a file for those who do not take gzip",
		  expands_a_file_for_those_who_do_not_take_gzip },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
