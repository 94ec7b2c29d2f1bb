/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/channel.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"

DEFINE_CLEANUP(struct channel *, channel_free)

struct received {
	unsigned int n_messages;
	uint32_t last_number;
	int fd; /* the last descriptor, or −1 */
	int answer;
};

static int on_message(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct received *received = context;

	received->n_messages++;
	if (message->type == MESSAGE_DICTIONARY)
		received->last_number = ((const struct message_number *)message->body)->number;
	if (fds[0] >= 0)
		received->fd = steal_fd(&fds[0]);
	return received->answer;
}

static void make_pair(size_t limit_bytes, struct channel **ret_a, struct channel **ret_b)
{
	int fds[2];

	assert_int_equal(channel_pair(fds), 0);
	assert_int_equal(channel_new(fds[0], limit_bytes, ret_a), 0);
	assert_int_equal(channel_new(fds[1], limit_bytes, ret_b), 0);
}

static void carries_messages_in_order(void **state)
{
	_cleanup_(channel_freep) struct channel *a = NULL;
	_cleanup_(channel_freep) struct channel *b = NULL;
	struct received received = { .fd = -1 };

	(void)state;
	make_pair(1 << 20, &a, &b);
	for (uint32_t i = 1; i <= 5000; i++) {
		const struct message_number number = { .number = i };

		assert_int_equal(channel_send(a, MESSAGE_DICTIONARY, &number, sizeof(number)), 0);
	}
	assert_int_equal(channel_flush(a), 0);
	assert_int_equal(channel_queued_bytes(a), 0);
	assert_int_equal(channel_receive(b, on_message, &received), 0);
	assert_int_equal(received.n_messages, 5000);
	assert_int_equal(received.last_number, 5000);
}

static void hands_a_descriptor_over(void **state)
{
	_cleanup_(channel_freep) struct channel *a = NULL;
	_cleanup_(channel_freep) struct channel *b = NULL;
	_cleanup_(closep) int fd = memfd_create("test", MFD_CLOEXEC);
	const struct message_names names = { 1, NAMES_LINES };
	struct received received = { .fd = -1 };
	char text[4] = "";

	(void)state;
	make_pair(1 << 20, &a, &b);
	assert_int_equal(write(fd, "abc", 3), 3);
	assert_int_equal(
		channel_send_fds(a, MESSAGE_NAMES, &names, sizeof(names), (int[]){ fd, -1 }), 0);
	assert_int_equal(channel_flush(a), 0);
	assert_int_equal(channel_receive(b, on_message, &received), 0);
	assert_int_equal(pread(received.fd, text, 3, 0), 3);
	assert_string_equal(text, "abc");
	close(received.fd);
}

static void keeps_what_the_other_side_does_not_take_up_to_its_bound(void **state)
{
	_cleanup_(channel_freep) struct channel *a = NULL;
	_cleanup_(channel_freep) struct channel *b = NULL;
	static struct sample samples[1000];
	struct received received = { .fd = -1 };
	unsigned int n_sent = 0;
	int r;

	(void)state;
	make_pair(4 << 20, &a, &b);
	while ((r = channel_send(a, MESSAGE_SAMPLES, samples, sizeof(samples))) == 0) {
		n_sent++;
		r = channel_flush(a);
		assert_true(r == 0 || r == -EAGAIN);
	}
	assert_int_equal(r, -ENOBUFS);
	assert_true(channel_queued_bytes(a) <= 4 << 20);
	while (channel_queued_bytes(a)) {
		assert_int_equal(channel_receive(b, on_message, &received), 0);
		channel_flush(a);
	}
	assert_int_equal(channel_receive(b, on_message, &received), 0);
	assert_int_equal(received.n_messages, n_sent);
}

static void tells_that_the_other_side_is_gone(void **state)
{
	_cleanup_(channel_freep) struct channel *a = NULL;
	struct channel *b = NULL;
	struct received received = { .fd = -1 };

	(void)state;
	make_pair(1 << 20, &a, &b);
	channel_free(b);
	assert_int_equal(channel_receive(a, on_message, &received), -EPIPE);
	assert_int_equal(channel_send(a, MESSAGE_PING, NULL, 0), 0);
	assert_int_equal(channel_flush(a), -EPIPE);
}

static void stops_when_a_message_is_refused(void **state)
{
	_cleanup_(channel_freep) struct channel *a = NULL;
	_cleanup_(channel_freep) struct channel *b = NULL;
	struct received received = { .fd = -1, .answer = -EBADMSG };

	(void)state;
	make_pair(1 << 20, &a, &b);
	assert_int_equal(channel_send(a, MESSAGE_PING, NULL, 0), 0);
	assert_int_equal(channel_send(a, MESSAGE_PING, NULL, 0), 0);
	assert_int_equal(channel_flush(a), 0);
	assert_int_equal(channel_receive(b, on_message, &received), -EBADMSG);
	assert_int_equal(received.n_messages, 1);
}

static void refuses_nonsense(void **state)
{
	_cleanup_(channel_freep) struct channel *b = NULL;
	_cleanup_(closep) int raw = -1;
	struct received received = { .fd = -1 };
	int fds[2];

	(void)state;
	assert_int_equal(channel_pair(fds), 0);
	raw = fds[0];
	assert_int_equal(channel_new(fds[1], 1 << 20, &b), 0);
	assert_int_equal(write(raw, "nonsense", 8), 8);
	assert_int_equal(channel_receive(b, on_message, &received), -EBADMSG);
	assert_int_equal(received.n_messages, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_messages_in_order),
		cmocka_unit_test(hands_a_descriptor_over),
		cmocka_unit_test(keeps_what_the_other_side_does_not_take_up_to_its_bound),
		cmocka_unit_test(tells_that_the_other_side_is_gone),
		cmocka_unit_test(stops_when_a_message_is_refused),
		cmocka_unit_test(refuses_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
