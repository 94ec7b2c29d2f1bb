/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question to the querier. The first byte chooses the method, the second one the body's form:
 * bit 0 is JSON, bit 1 compressed. Whatever it is, it is answered; what is read of JSON is the same
 * message after a way through protobuf and back.
 */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/label.h"
#include "profiler/store.h"
#include "web/message_json.h"
#include "web/querier.pb-c.h"
#include "web/request.h"
#include "web/route.h"
#include "web/site.h"

enum { FORM_JSON = 1, FORM_GZIP = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *path;
	const ProtobufCMessageDescriptor *question;
} methods[] = {
#define METHOD(name, question)                                                                     \
	{                                                                                          \
		"/querier.v1.QuerierService/" name, &querier__##question##_request__descriptor     \
	}
	METHOD("ProfileTypes", profile_types),
	METHOD("LabelNames", label_names),
	METHOD("LabelValues", label_values),
	METHOD("Series", series),
	METHOD("SelectSeries", select_series),
	METHOD("SelectMergeStacktraces", select_merge_stacktraces),
	METHOD("SelectMergeProfile", select_merge_profile),
	METHOD("Diff", diff),
	METHOD("GetProfileStats", get_profile_stats),
#undef METHOD
};

static void must(int r)
{
	if (r < 0)
		abort();
}

static struct store *new_store(void)
{
	static const struct store_options options = {
		.memory_bytes = 1 << 20,
		.retention_ns = 3600000000000,
		.period_ns = 10000000,
	};
	static const struct label labels[] = { { "comm", "api" }, { "exe", "/usr/bin/api" } };
	static const struct store_process process = { 1, 4242, labels, ARRAY_SIZE(labels) };
	static const struct frame frames[] = { { FRAME_NATIVE, 1, 0x1234 },
					       { FRAME_NATIVE, 1, 0x1000 } };
	struct sample sample = { .value = 10000000, .weight = 1, .thread = 1, .stack = 1 };
	struct store *store;

	must(store_new(&options, &store));
	must(store_begin_dictionary(store, 1));
	must(store_add_file(store, 1, "/usr/bin/api"));
	must(store_add_process(store, &process));
	must(store_add_thread(store, 1, 1, 4242, "main"));
	must(store_add_stack(store, 1, frames, ARRAY_SIZE(frames)));
	for (int i = 0; i < 3; i++) {
		sample.time_unix_ns = 1700000000000000000 + i * 1000000000LL;
		if (store_add_samples(store, &sample, 1) != 1)
			abort();
	}
	return store;
}

static void ask(struct store *store, const char *path, unsigned int form, const uint8_t *body,
		size_t size)
{
	struct request request = {
		.method = METHOD_POST,
		.content_type = form & FORM_JSON ? "application/json" : "application/proto",
		.content_encoding = form & FORM_GZIP ? "gzip" : NULL,
	};
	struct site site = {
		.store = store,
		.query_cpu_ns = NS_PER_SECOND,
		.query_bytes = 8 << 20,
	};

	must(request_set_target(&request, path));
	request_add_body(&request, (const char *)body, size);
	route_begin(&request, &site);
	if (!request.answer.code)
		request.work(&request, &site);
	assert(request.answer.code >= 200);
	if (!strcmp(request.answer.media_type, ANSWER_JSON)) {
		json_t *json =
			json_loadb(request.answer.body.data, request.answer.body.size, 0, NULL);

		assert(json);
		json_decref(json);
	}
	request_fini(&request);
}

/* Take @message for the answer to come, and write it as JSON. */
static void write_and_free(ProtobufCMessage *message, struct buffer *out)
{
	message_append_json(message, out);
	assert(!buffer_error(out));
	protobuf_c_message_free_unpacked(message, NULL);
}

static void go_there_and_back(const ProtobufCMessageDescriptor *type, const uint8_t *json,
			      size_t size)
{
	const struct buffer text = { .data = (char *)(uintptr_t)json, .size = size };
	_cleanup_(buffer_fini) struct buffer there = { 0 }, back = { 0 };
	_cleanup_(freep) uint8_t *packed = NULL;
	ProtobufCMessage *message, *again;
	char error[256];
	size_t n_bytes;

	if (message_from_json(type, &text, &message, error, sizeof(error)) < 0)
		return;
	n_bytes = protobuf_c_message_get_packed_size(message);
	packed = malloc(n_bytes + 1);
	if (!packed)
		abort();
	protobuf_c_message_pack(message, packed);
	again = protobuf_c_message_unpack(type, NULL, n_bytes, packed);
	assert(again);
	write_and_free(message, &there);
	write_and_free(again, &back);
	assert(there.size == back.size && !memcmp(there.data, back.data, there.size));
	assert(message_from_json(type, &there, &message, error, sizeof(error)) == 0);
	protobuf_c_message_free_unpacked(message, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct store *store;
	size_t method_i;

	if (!store)
		store = new_store();
	if (size < 2)
		return 0;
	method_i = data[0] % ARRAY_SIZE(methods);
	ask(store, methods[method_i].path, data[1], data + 2, size - 2);
	if (data[1] & FORM_JSON)
		go_there_and_back(methods[method_i].question, data + 2, size - 2);
	return 0;
}
