/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/message.h"

#include <errno.h>

/* Append a message as a sender would. */
static void put(struct buffer *packet, uint16_t type, const void *body, size_t body_bytes)
{
	const struct message_header header = { MESSAGE_VERSION, type, (uint32_t)body_bytes };

	buffer_append(packet, &header, sizeof(header));
	buffer_append(packet, body, body_bytes);
	buffer_append_zeros(packet, message_bytes(body_bytes) - sizeof(header) - body_bytes);
}

static int next(const struct buffer *packet, struct message *ret_message)
{
	const void *bytes = packet->data;
	size_t size = packet->size;

	return message_next(&bytes, &size, ret_message);
}

static void takes_messages_off_a_packet_one_by_one(void **state)
{
	_cleanup_(buffer_fini) struct buffer packet = { 0 };
	const struct message_number number = { .number = 7 };
	struct message message;
	const void *bytes;
	size_t size;

	(void)state;
	put(&packet, MESSAGE_PING, NULL, 0);
	put(&packet, MESSAGE_DICTIONARY, &number, sizeof(number));
	bytes = packet.data;
	size = packet.size;
	assert_int_equal(message_next(&bytes, &size, &message), 1);
	assert_int_equal(message.type, MESSAGE_PING);
	assert_int_equal(message_next(&bytes, &size, &message), 1);
	assert_int_equal(message.type, MESSAGE_DICTIONARY);
	assert_int_equal(((const struct message_number *)message.body)->number, 7);
	assert_int_equal(message_next(&bytes, &size, &message), 0);
}

static void reads_the_texts_of_a_process(void **state)
{
	_cleanup_(buffer_fini) struct buffer packet = { 0 };
	_cleanup_(buffer_fini) struct buffer body = { 0 };
	static const char texts[] = "sh\0/bin/sh\0/user.slice\0\0\0\0"
				    "sshd\0/usr/sbin/sshd\0/\0\0\0";
	const struct message_process process = { 3, 812 };
	struct message message;

	(void)state;
	buffer_append(&body, &process, sizeof(process));
	buffer_append(&body, texts, sizeof(texts));
	put(&packet, MESSAGE_PROCESS, body.data, body.size);
	assert_int_equal(next(&packet, &message), 1);
	assert_string_equal(message_text(&message, 0), "sh");
	assert_string_equal(message_text(&message, 1), "/bin/sh");
	assert_string_equal(message_text(&message, 2), "/user.slice");
	assert_string_equal(message_text(&message, 8), "/");
}

static void refuses_a_text_that_does_not_end(void **state)
{
	_cleanup_(buffer_fini) struct buffer packet = { 0 };
	const char body[sizeof(struct message_file) + 8] = "\1\0\0\0\0\0\0\0/bin/sh!";
	struct message message;

	(void)state;
	put(&packet, MESSAGE_FILE, body, sizeof(body));
	assert_int_equal(next(&packet, &message), -EBADMSG);
}

static void refuses_a_stack_whose_count_is_not_that_of_its_frames(void **state)
{
	_cleanup_(buffer_fini) struct buffer packet = { 0 };
	struct {
		struct message_stack stack;
		struct frame frames[2];
	} body = { { 1, 3 }, { { FRAME_KERNEL, 0, 1 }, { FRAME_KERNEL, 0, 2 } } };
	struct message message;

	(void)state;
	put(&packet, MESSAGE_STACK, &body, sizeof(body));
	assert_int_equal(next(&packet, &message), -EBADMSG);
}

static int next_of_cut(uint64_t outcome)
{
	_cleanup_(buffer_fini) struct buffer packet = { 0 };
	struct {
		struct message_stack stack;
		struct frame frame;
	} body = { { 1, 1 }, { FRAME_CUT, 0, outcome } };
	struct message message;

	put(&packet, MESSAGE_STACK, &body, sizeof(body));
	return next(&packet, &message);
}

static void refuses_a_cut_without_a_reason(void **state)
{
	(void)state;
	assert_int_equal(next_of_cut(STACK_TRUNCATED_DEPTH), 1);
	assert_int_equal(next_of_cut(STACK_WHOLE), -EBADMSG);
	assert_int_equal(next_of_cut(STACK_OUTCOME_COUNT), -EBADMSG);
}

static void refuses_a_frame_of_no_known_kind(void **state)
{
	_cleanup_(buffer_fini) struct buffer packet = { 0 };
	struct {
		struct message_stack stack;
		struct frame frame;
	} body = { { 1, 1 }, { FRAME_KIND_COUNT, 0, 1 } };
	struct message message;

	(void)state;
	put(&packet, MESSAGE_STACK, &body, sizeof(body));
	assert_int_equal(next(&packet, &message), -EBADMSG);
}

static void refuses_numbers_that_would_index_past_a_table(void **state)
{
	const struct message_built built = { 1, BUILD_OUTCOME_COUNT };
	const struct message_build build = { 1, BUILD_NAMES, .n_places = BUILD_MAX_PLACES + 1 };
	const struct message_names names = { 1, NAMES_STATE_COUNT };
	const struct message_debug_file debug_file = { 1, DEBUG_REFERENCE_OBJECT + 1 };
	struct message_description description = { .file = 1 };
	const struct sample sample = { .outcome = STACK_OUTCOME_COUNT };
	struct message message;

	(void)state;
	description.description.n_segments = ELF_FILE_MAX_SEGMENTS + 1;
	for (int i = 0; i < 6; i++) {
		_cleanup_(buffer_fini) struct buffer packet = { 0 };

		if (i == 5)
			put(&packet, MESSAGE_BUILD, &build, sizeof(build));
		else if (i == 0)
			put(&packet, MESSAGE_BUILT, &built, sizeof(built));
		else if (i == 1)
			put(&packet, MESSAGE_NAMES, &names, sizeof(names));
		else if (i == 3)
			put(&packet, MESSAGE_DEBUG_FILE, &debug_file, sizeof(debug_file));
		else if (i == 2)
			put(&packet, MESSAGE_DESCRIPTION, &description, sizeof(description));
		else
			put(&packet, MESSAGE_SAMPLES, &sample, sizeof(sample));
		assert_int_equal(next(&packet, &message), -EBADMSG);
	}
}

static void refuses_a_reference_whose_texts_do_not_end(void **state)
{
	struct message_debug_reference reference = { .file = 1 };
	struct message message;

	(void)state;
	for (int i = 0; i < 3; i++) {
		_cleanup_(buffer_fini) struct buffer packet = { 0 };
		struct debug_reference *r = &reference.reference;

		memset(r->name, i == 1 ? 'x' : 0, sizeof(r->name));
		memset(r->directory, i == 2 ? 'x' : 0, sizeof(r->directory));
		put(&packet, MESSAGE_DEBUG_REFERENCE, &reference, sizeof(reference));
		assert_int_equal(next(&packet, &message), i ? -EBADMSG : 1);
	}
}

static void refuses_every_packet_that_is_cut_short(void **state)
{
	_cleanup_(buffer_fini) struct buffer packet = { 0 };
	const struct message_number number = { .number = 7 };
	struct message message;

	(void)state;
	put(&packet, MESSAGE_DICTIONARY, &number, sizeof(number));
	for (size_t size = 1; size < packet.size; size++) {
		const struct buffer cut = { .data = packet.data, .size = size };

		assert_int_equal(next(&cut, &message), -EBADMSG);
	}
}

static void refuses_another_version_and_unknown_types(void **state)
{
	struct message_header header = { MESSAGE_VERSION + 1, MESSAGE_PING, 0 };
	const struct buffer packet = { .data = (char *)&header, .size = sizeof(header) };
	struct message message;

	(void)state;
	assert_int_equal(next(&packet, &message), -EBADMSG);
	header = (struct message_header){ MESSAGE_VERSION, MESSAGE_TYPE_COUNT, 0 };
	assert_int_equal(next(&packet, &message), -EBADMSG);
	header.type = 0;
	assert_int_equal(next(&packet, &message), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_messages_off_a_packet_one_by_one),
		cmocka_unit_test(reads_the_texts_of_a_process),
		cmocka_unit_test(refuses_a_text_that_does_not_end),
		cmocka_unit_test(refuses_a_stack_whose_count_is_not_that_of_its_frames),
		cmocka_unit_test(refuses_a_cut_without_a_reason),
		cmocka_unit_test(refuses_a_frame_of_no_known_kind),
		cmocka_unit_test(refuses_numbers_that_would_index_past_a_table),
		cmocka_unit_test(refuses_a_reference_whose_texts_do_not_end),
		cmocka_unit_test(refuses_every_packet_that_is_cut_short),
		cmocka_unit_test(refuses_another_version_and_unknown_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
