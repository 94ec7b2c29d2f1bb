/* SPDX-License-Identifier: Apache-2.0 */
#include "web_fixture.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/clock.h"
#include "profiler/label.h"
#include "web/server.h"

static const char *const allow_hosts[] = { "node1.example", NULL };

static void get_status(void *context, struct status *ret_status)
{
	const struct web_fixture *fixture = context;

	*ret_status = fixture->status;
}

static void listen_somewhere(struct web_fixture *fixture)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);

	fixture->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fixture->listen_fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fixture->listen_fd, 1024), 0);
	assert_int_equal(getsockname(fixture->listen_fd, (struct sockaddr *)&address, &size), 0);
	fixture->port = ntohs(address.sin_port);
}

/* A process "api" whose thread ran at one place of the program for 3 ticks, now. */
static void fill_store(struct store *store)
{
	static const struct label labels[] = { { "cgroup", "/" },
					       { "comm", "api" },
					       { "exe", "/usr/bin/api" },
					       { "service_name", "api" } };
	static const struct store_process process = { 1, 4242, labels, ARRAY_SIZE(labels) };
	static const struct frame frames[] = { { FRAME_NATIVE, 1, 0x1234 },
					       { FRAME_NATIVE, 1, 0x1000 } };
	struct sample samples[3];

	assert_int_equal(store_begin_dictionary(store, 1), 0);
	assert_int_equal(store_add_file(store, 1, "/usr/bin/api"), 0);
	assert_int_equal(store_add_process(store, &process), 0);
	assert_int_equal(store_add_thread(store, 1, 1, 4242, "main"), 0);
	assert_int_equal(store_add_stack(store, 1, frames, 2), 0);
	for (int i = 0; i < 3; i++)
		samples[i] = (struct sample){
			.time_unix_ns = clock_unix_ns() - i * 10 * NS_PER_MS,
			.value = 10101010,
			.weight = 1,
			.thread = 1,
			.stack = 1,
		};
	assert_int_equal(store_add_samples(store, samples, 3), 3);
}

void web_fixture_init(struct web_fixture *fixture)
{
	static const struct store_options options = {
		.memory_bytes = 16 << 20,
		.retention_ns = 600 * NS_PER_SECOND,
		.period_ns = 10101010,
	};
	struct store_status store_status;
	struct sampler_status sampler = {
		.start_unix_ns = clock_unix_ns() - NS_PER_SECOND,
		.ticks = 110,
		.idle = 100,
		.dropped = { [DROP_RING_FULL] = 2 },
		.frequency_hz = 99,
		.event = "cpu-clock",
	};

	*fixture = (struct web_fixture){ .listen_fd = -1, .stop_fd = -1 };
	assert_int_equal(store_new(&options, &fixture->store), 0);
	fill_store(fixture->store);
	store_get_status(fixture->store, &store_status);
	status_join(&sampler, &store_status, &fixture->status);
	listen_somewhere(fixture);
}

static void *run_server(void *argument)
{
	struct web_fixture *fixture = argument;
	struct pollfd ready[] = {
		{ .fd = web_server_fd(fixture->server), .events = POLLIN },
		{ .fd = fixture->stop_fd, .events = POLLIN },
	};

	while (!ready[1].revents) {
		poll(ready, 2, -1);
		web_server_run(fixture->server);
	}
	return NULL;
}

void web_fixture_start(struct web_fixture *fixture)
{
	const struct web_server_options options = {
		.listen_fd = fixture->listen_fd,
		.store = fixture->store,
		.allow_hosts = allow_hosts,
		.version = "1.2.3",
		.n_workers = 2,
		.patience_ns = FIXTURE_PATIENCE_MS * NS_PER_MS,
		.reply_wait_ns = FIXTURE_PATIENCE_MS * NS_PER_MS,
		.get_status = get_status,
		.ask = fixture->ask,
		.has_source_dirs = fixture->has_source_dirs,
		.query_cpu_ns = fixture->query_cpu_ns,
		.query_bytes = fixture->query_bytes,
		.context = fixture,
	};

	fixture->stop_fd = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(web_server_new(&options, &fixture->server), 0);
	assert_int_equal(pthread_create(&fixture->thread, NULL, run_server, fixture), 0);
}

void web_fixture_stop(struct web_fixture *fixture)
{
	if (!fixture->server)
		return;
	eventfd_write(fixture->stop_fd, 1);
	pthread_join(fixture->thread, NULL);
	fixture->server = web_server_free(fixture->server);
	close(fixture->stop_fd);
}

void web_fixture_fini(struct web_fixture *fixture)
{
	web_fixture_stop(fixture);
	close(fixture->listen_fd);
	store_free(fixture->store);
}
