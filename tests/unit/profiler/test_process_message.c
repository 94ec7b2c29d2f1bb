/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/process_message.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

/* A packet that holds nothing but those parts. */
static void put(struct buffer *packet, const struct iovec *parts, size_t n_parts)
{
	struct message_header header = { MESSAGE_VERSION, MESSAGE_PROCESS, 0 };

	for (size_t i = 0; i < n_parts; i++)
		header.body_bytes += (uint32_t)parts[i].iov_len;
	buffer_append(packet, &header, sizeof(header));
	for (size_t i = 0; i < n_parts; i++)
		buffer_append(packet, parts[i].iov_base, parts[i].iov_len);
	buffer_append_zeros(packet, message_bytes(header.body_bytes) - packet->size);
}

static int next(const struct buffer *packet, struct message *ret_message)
{
	const void *bytes = packet->data;
	size_t size = packet->size;

	return message_next(&bytes, &size, ret_message);
}

static const struct label labels[] = { { "pod_label_app", "web" }, { "pod_label_b", "" } };
static const struct container_facts container = { "app", "web-1", "shop", labels, 2 };
static const struct container_facts no_container = { "", "", "", NULL, 0 };
static const struct process_facts parent = { 7, true, "sh", "/bin/sh", "/", NULL, &no_container };
static const struct process_facts facts = {
	8, false, "web", "/bin/web", "/c", &parent, &container
};

static void comes_out_as_it_went_in(void **state)
{
	_cleanup_(buffer_fini) struct buffer packet = { 0 };
	struct iovec parts[PROCESS_MESSAGE_MAX_PARTS];
	struct message_process head = { .process = 3 };
	struct process_message read;
	struct message message;

	(void)state;
	put(&packet, parts, process_message_write(&facts, &head, parts));
	assert_int_equal(next(&packet, &message), 1);
	process_message_read(&message, &read);
	assert_int_equal(read.facts.pid, 8);
	assert_false(read.facts.is_kernel);
	assert_string_equal(read.facts.cgroup, "/c");
	assert_ptr_equal(read.facts.parent, &read.parent);
	assert_string_equal(read.parent.comm, "sh");
	assert_true(read.parent.is_kernel);
	assert_string_equal(read.parent_container.container, "");
	assert_int_equal(read.parent_container.n_labels, 0);
	assert_string_equal(read.container.container, "app");
	assert_string_equal(read.container.pod, "web-1");
	assert_string_equal(read.container.namespace, "shop");
	assert_int_equal(read.container.n_labels, 2);
	assert_string_equal(read.container.labels[0].value, "web");
	assert_string_equal(read.container.labels[1].name, "pod_label_b");
}

static void has_no_parent_that_is_not_known(void **state)
{
	const struct process_facts unknown = { 0, false, "", "", "", NULL, &no_container };
	const struct process_facts orphan = { 8,   false,    "web",        "/bin/web",
					      "/", &unknown, &no_container };
	_cleanup_(buffer_fini) struct buffer packet = { 0 };
	struct iovec parts[PROCESS_MESSAGE_MAX_PARTS];
	struct message_process head = { .process = 3 };
	struct process_message read;
	struct message message;

	(void)state;
	put(&packet, parts, process_message_write(&orphan, &head, parts));
	assert_int_equal(next(&packet, &message), 1);
	process_message_read(&message, &read);
	assert_null(read.facts.parent);
}

static void is_refused_with_another_number_of_labels(void **state)
{
	static const uint32_t wrong[] = { 0, 1, 3, POD_MAX_LABELS + 1, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		_cleanup_(buffer_fini) struct buffer packet = { 0 };
		struct iovec parts[PROCESS_MESSAGE_MAX_PARTS];
		struct message_process head = { .process = 3 };
		size_t n_parts = process_message_write(&facts, &head, parts);
		struct message message;

		head.n_labels = wrong[i];
		put(&packet, parts, n_parts);
		assert_int_equal(next(&packet, &message), -EBADMSG);
	}
}

static void leaves_out_labels_whose_name_is_none(void **state)
{
	static const struct label odd[] = { { "a-b", "x" }, { "c", "y" } };
	const struct container_facts odd_container = { "", "", "", odd, 2 };
	const struct process_facts process = { 8,   false,   "web",         "/bin/web",
					       "/", &parent, &odd_container };
	_cleanup_(buffer_fini) struct buffer packet = { 0 };
	struct iovec parts[PROCESS_MESSAGE_MAX_PARTS];
	struct message_process head = { .process = 3 };
	struct process_message read;
	struct message message;

	(void)state;
	put(&packet, parts, process_message_write(&process, &head, parts));
	assert_int_equal(next(&packet, &message), 1);
	process_message_read(&message, &read);
	assert_int_equal(read.container.n_labels, 1);
	assert_string_equal(read.container.labels[0].name, "c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_out_as_it_went_in),
		cmocka_unit_test(has_no_parent_that_is_not_known),
		cmocka_unit_test(is_refused_with_another_number_of_labels),
		cmocka_unit_test(leaves_out_labels_whose_name_is_none),
	};

	return cmocka_run_group_tests_name("process_message", tests, NULL, NULL);
}
