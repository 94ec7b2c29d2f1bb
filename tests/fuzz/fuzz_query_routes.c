/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Query routes: whatever the parameters are, the answer is a sentence or what was asked for, within
 * limits, and JSON is JSON. The first byte picks the route ("0" the first one), the rest is the
 * query string.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/clock.h"
#include "profiler/label.h"
#include "profiler/store.h"
#include "web/request.h"
#include "web/route.h"
#include "web/site.h"

#define START_NS 1700000000000000000LL

enum { N_PROCESSES = 4, N_SAMPLES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {
	"/api/v1/profile",      "/api/v1/top",      "/api/v1/diff",
	"/api/v1/series",       "/api/v1/timeline", "/api/v1/heatmap",
	"/api/v1/builds",       "/api/v1/labels",   "/api/v1/labels/comm/values",
	"/debug/pprof/profile",
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void describe(struct store *store)
{
	static const char *const comms[N_PROCESSES] = { "api", "a\"b\n", "\xff\xfe",
							"aaaaaaaaaaaaaaa" };
	static const struct frame frames[] = { { FRAME_NATIVE, 1, 0x1234 },
					       { FRAME_KERNEL, 0, 0xffffffff81000010 },
					       { FRAME_NATIVE, 1, 0x1000 } };

	must(store_begin_dictionary(store, 1) == 0);
	must(store_add_file(store, 1, "/usr/bin/api\n") == 0);
	for (uint32_t i = 0; i < N_PROCESSES; i++) {
		const struct label labels[] = { { "comm", comms[i] }, { "exe", "/usr/bin/api" } };
		const struct store_process process = { i, i, labels, ARRAY_SIZE(labels) };

		must(store_add_process(store, &process) == 0);
		must(store_add_thread(store, i, i, i, comms[i]) == 0);
		must(store_add_stack(store, i, frames, 1 + i % 3) == 0);
	}
}

/* A few seconds of samples. */
static struct store *make_store(void)
{
	static const struct store_options options = {
		.memory_bytes = 16 << 20,
		.retention_ns = 600 * NS_PER_SECOND,
		.period_ns = 10101010,
	};
	struct store *store;

	must(store_new(&options, &store) == 0);
	describe(store);
	for (uint32_t i = 0; i < N_SAMPLES; i++) {
		const struct sample sample = {
			.time_unix_ns = START_NS + i * 99 * NS_PER_MS,
			.value = 10101010,
			.weight = 1,
			.thread = i % N_PROCESSES,
			.stack = i % 3,
		};

		must(store_add_samples(store, &sample, 1) == 1);
	}
	return store;
}

static struct site *make_site(void)
{
	static struct site site = { .version = "1", .host = "host", .kernel = "6.1" };

	if (!site.store) {
		site.store = make_store();
		site.query_cpu_ns = NS_PER_SECOND;
		site.query_bytes = 8 << 20;
	}
	return &site;
}

/* Names of labels, or values of one: N_PROCESSES have few. */
static void check_list(const json_t *list)
{
	must(json_array_size(list) <= 4 * N_PROCESSES);
	for (size_t i = 0; i < json_array_size(list); i++)
		must(json_is_string(json_array_get(list, i)));
}

/* Sums have a count, profiles and lists of builds have none. */
static void check_object(const json_t *object)
{
	json_int_t count = json_integer_value(json_object_get(object, "count"));

	must(json_is_object(object));
	must(count >= 0 && count <= N_SAMPLES);
}

static void check_json(const struct answer *answer)
{
	json_t *json = json_loadb(answer->body.data, answer->body.size, 0, NULL);

	must(json != NULL);
	if (json_is_array(json))
		check_list(json);
	else
		check_object(json);
	json_decref(json);
}

static void check(const struct request *request)
{
	const struct answer *answer = &request->answer;

	must(answer->code == 200 || answer->code == 400 || answer->code == 503);
	must(answer->code == 200 || answer->body.size || answer->fixed_size);
	if (answer->code == 200 && !strcmp(answer->media_type, ANSWER_JSON))
		check_json(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request = { .method = METHOD_GET };
	struct site *site = make_site();
	char *target;

	if (size < 1 || memchr(data, '\0', size))
		return 0;
	must(asprintf(&target, "%s?%.*s", paths[(uint8_t)(data[0] - '0') % ARRAY_SIZE(paths)],
		      (int)size - 1, (const char *)data + 1) >= 0);
	must(request_set_target(&request, target) == 0);
	route_begin(&request, site);
	must(!request.answer.code == !!request.work);
	if (request.work)
		request.work(&request, site);
	check(&request);
	request_fini(&request);
	free(target);
	return 0;
}
