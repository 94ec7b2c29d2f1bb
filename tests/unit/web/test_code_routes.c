/* SPDX-License-Identifier: Apache-2.0 */
#include "web/code_routes.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "http_client.h"
#include "profiler/base/file.h"
#include "profiler/store.h"
#include "tests/unit/profiler/symbol_fixture.h"
#include "unwind/disassembly.h"
#include "unwind/symbol_file.h"
#include "web/request.h"
#include "web/server.h"
#include "web_fixture.h"

#define OUTER       "symbol_fixture_outer"
#define FILE_NUMBER 1 /* of the web fixture */
#define NO_REPLY    1

static struct web_fixture fixture;
static char build_id[2 * BUILD_ID_MAX_BYTES + 1];
static char source_path[4096];

/* What the other role does; the last question. */
static struct {
	int result; /* of its reply, or NO_REPLY */
	const void *bytes;
	size_t size;
	struct question question;
	char path[4096];
} role;

static int on_ask(void *context, uint32_t ticket, const struct question *question)
{
	int fd = -1;

	(void)context;
	role.question = *question;
	snprintf(role.path, sizeof(role.path), "%s", question->path ? question->path : "");
	if (role.result == NO_REPLY)
		return 0;
	if (role.result == 0) {
		fd = memfd_create("reply", MFD_CLOEXEC);
		if (fd < 0 || file_write_fd(fd, role.bytes, role.size) < 0)
			return -EIO;
	}
	web_server_take_reply(fixture.server, ticket + 1, 0, -1); /* for nobody */
	web_server_take_reply(fixture.server, ticket, role.result, fd);
	return 0;
}

static void reply_with(const void *bytes, size_t size)
{
	role.result = 0;
	role.bytes = bytes;
	role.size = size;
}

static void describe_program(void)
{
	struct elf_description description;
	struct symbol_frame frame;
	struct symbol_file *symbols;

	symbol_fixture_make(true, &description, &symbols);
	assert_true(description.build_id.n_bytes > 0);
	for (uint32_t i = 0; i < description.build_id.n_bytes; i++)
		snprintf(build_id + 2 * (size_t)i, 3, "%02x", description.build_id.bytes[i]);
	assert_int_equal(symbol_file_find(symbols, symbol_fixture_call_vaddr(), &frame, 1), 1);
	snprintf(source_path, sizeof(source_path), "%s/%s", frame.directory, frame.filename);
	assert_int_equal(store_describe_file(fixture.store, FILE_NUMBER, &description), 0);
	assert_int_equal(store_name_file(fixture.store, FILE_NUMBER, NAMES_LINES, symbols), 0);
}

static struct reply ask(const char *route, const char *parameters)
{
	char target[8192];

	snprintf(target, sizeof(target), "/api/v1/%s?build_id=%s&%s", route, build_id, parameters);
	return client_ask(fixture.port, "GET", target);
}

static void answers(const char *route, const char *parameters, int code, const char *word)
{
	struct reply reply = ask(route, parameters);

	if (reply.code != code || !strstr(reply.body, word))
		fail_msg("%s?%s: %d %s", route, parameters, reply.code, reply.body);
	reply_fini(&reply);
}

/* Two instructions: up to the place that is known, and one there. */
static void make_lines(struct code_line ret_lines[2], uint64_t start_vaddr)
{
	uint64_t call_vaddr = symbol_fixture_call_vaddr();

	memset(ret_lines, 0, 2 * sizeof(*ret_lines));
	ret_lines[0] = (struct code_line){ start_vaddr, 1, { 0x90 }, "nop" };
	ret_lines[1] = (struct code_line){ call_vaddr, 2, { 0xeb, 0xfe }, "jmp there" };
}

static void asks_for_the_code_of_a_function_and_names_each_instruction(void **state)
{
	struct code_line lines[2];
	struct reply reply;

	(void)state;
	role.result = -ENODATA;
	answers("disassembly", "function=" OUTER, 404, "cannot be read");
	assert_int_equal(role.question.kind, QUESTION_CODE);
	assert_int_equal(role.question.file, FILE_NUMBER);
	assert_in_range(symbol_fixture_call_vaddr(), role.question.start_vaddr,
			role.question.end_vaddr - 1);
	make_lines(lines, role.question.start_vaddr);
	reply_with(lines, sizeof(lines));
	reply = ask("disassembly", "function=" OUTER);
	assert_int_equal(reply.code, 200);
	assert_non_null(strstr(reply.body, "\"function\":\"" OUTER "\""));
	assert_non_null(strstr(reply.body, "\"text\":\"jmp there\",\"self\":0,\"total\":0,"
					   "\"frames\":[{\"function\":\"symbol_fixture_inlined\""));
	assert_non_null(strstr(reply.body, "\"bytes\":\"ebfe\""));
	reply_fini(&reply);
}

static void believes_no_line_that_is_damaged(void **state)
{
	struct code_line lines[2] = { 0 };

	(void)state;
	reply_with(lines, sizeof(lines));
	make_lines(lines, role.question.start_vaddr);
	lines[0].n_bytes = 0;
	answers("disassembly", "function=" OUTER, 404, "cannot be read");
	lines[0].n_bytes = CODE_LINE_MAX_BYTES + 1;
	answers("disassembly", "function=" OUTER, 404, "cannot be read");
	make_lines(lines, role.question.start_vaddr);
	memset(lines[1].text, 'x', sizeof(lines[1].text));
	answers("disassembly", "function=" OUTER, 404, "cannot be read");
	make_lines(lines, role.question.start_vaddr - 1);
	answers("disassembly", "function=" OUTER, 404, "cannot be read");
}

static void says_why_there_is_no_code(void **state)
{
	(void)state;
	role.result = -EFBIG;
	answers("disassembly", "function=" OUTER, 400, "KiB of code");
	role.result = -ENOTSUP;
	answers("disassembly", "function=" OUTER, 501, "machine");
	role.result = -ENOSYS;
	answers("disassembly", "function=" OUTER, 501, "libcapstone");
	role.result = -EAGAIN;
	answers("disassembly", "function=" OUTER, 503, "too much");
	role.result = -EIO;
	answers("disassembly", "function=" OUTER, 500, "Input/output error");
}

static void gives_up_on_who_does_not_reply(void **state)
{
	(void)state;
	role.result = NO_REPLY;
	answers("disassembly", "function=" OUTER, 504, "in time");
	answers("source", "file=x", 404, "does not name");
}

static void says_what_is_wrong_with_a_request(void **state)
{
	(void)state;
	answers("disassembly", "function=nobody", 404, "no such function");
	answers("disassembly", "address=0x1", 404, "no such function");
	answers("disassembly", "address=main", 400, "address");
	answers("disassembly", "", 400, "either function or address");
	answers("disassembly", "function=a&address=1", 400, "either function or address");
	answers("disassembly", "function=a&from=nonsense", 400, "from");
	build_id[1] = 'X';
	answers("disassembly", "function=main", 400, "build_id");
}

static void shows_a_file_that_debug_information_names(void **state)
{
	static const char text[] = "int main(void);\n";
	char parameters[4200];

	(void)state;
	snprintf(parameters, sizeof(parameters), "file=%s", source_path);
	reply_with(text, strlen(text));
	answers("source", parameters, 200, text);
	assert_int_equal(role.question.kind, QUESTION_SOURCE);
	assert_string_equal(role.path, source_path);
	role.result = -EACCES;
	answers("source", parameters, 403, "--source-dir");
	role.result = -ENOENT;
	answers("source", parameters, 404, "--source-dir");
	role.result = -EISDIR;
	answers("source", parameters, 403, "regular");
	role.result = -EFBIG;
	answers("source", parameters, 403, "too large");
	role.result = NO_REPLY;
	answers("source", parameters, 504, "in time");
}

static void asks_nobody_for_other_files(void **state)
{
	char parameters[4200];

	(void)state;
	role.question = (struct question){ 0 };
	reply_with("secret", 6);
	answers("source", "", 400, "file");
	answers("source", "file=/etc/passwd", 404, "does not name");
	snprintf(parameters, sizeof(parameters), "file=%s/../../x", source_path);
	answers("source", parameters, 404, "does not name");
	assert_int_equal(role.question.kind, QUESTION_NONE);
}

static void source_files_are_off_unless_a_folder_is_given(void **state)
{
	(void)state;
	web_fixture_stop(&fixture);
	fixture.has_source_dirs = false;
	web_fixture_start(&fixture);
	answers("source", "file=/etc/passwd", 403, "--source-dir");
}

static int set_up(void **state)
{
	(void)state;
	web_fixture_init(&fixture);
	describe_program();
	fixture.ask = on_ask;
	fixture.has_source_dirs = true;
	web_fixture_start(&fixture);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	web_fixture_fini(&fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_for_the_code_of_a_function_and_names_each_instruction),
		cmocka_unit_test(believes_no_line_that_is_damaged),
		cmocka_unit_test(says_why_there_is_no_code),
		cmocka_unit_test(gives_up_on_who_does_not_reply),
		cmocka_unit_test(shows_a_file_that_debug_information_names),
		cmocka_unit_test(asks_nobody_for_other_files),
		cmocka_unit_test(source_files_are_off_unless_a_folder_is_given),
		cmocka_unit_test(says_what_is_wrong_with_a_request),
	};

	return cmocka_run_group_tests_name("code routes", tests, set_up, tear_down);
}
