/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>

#include "profiler/base/clock.h"
#include "profiler/base/cleanup.h"
#include "web/connection_set.h"
#include "web/exchange.h"
#include "web/function_meter.h"
#include "web/route.h"
#include "web/site.h"

enum {
	MAX_CONNECTIONS = 800,
	HEADER_BYTES = 32 << 10, /* of a request and of an answer, together */
	SPARE_CONNECTIONS = 32,  /* more than libmicrohttpd accepts at a time */
	OTHER_FDS = 64,          /* that are not connections */
	MAX_EVENTS = 64,
	MAX_ROUNDS = 16, /* of libmicrohttpd, before others have their turn */
};

/* Well below the 15 s that are promised. */
#define PATIENCE_NS (10 * NS_PER_SECOND)

/* Another role reads one function, or opens a file. */
#define REPLY_WAIT_NS (10 * NS_PER_SECOND)

struct web_server {
	struct site site;
	struct connection_set connections;
	struct exchange_set exchanges;
	struct work_queue *queue;
	struct MHD_Daemon *mhd;
	int epoll_fd; /* holds: libmicrohttpd's own, the timer, the queue's, and exchanges */
	int timer_fd;
	int64_t timer_ns; /* what it is set to */
};

DEFINE_CLEANUP(struct web_server *, web_server_free)

static unsigned int connection_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= MAX_CONNECTIONS + OTHER_FDS)
		return MAX_CONNECTIONS;
	return limit.rlim_cur > 2 * OTHER_FDS ? (unsigned int)limit.rlim_cur - OTHER_FDS
					      : OTHER_FDS;
}

/* Our own listening descriptor is a copy, since libmicrohttpd takes the one that it gets. */
static int start_mhd(struct web_server *server, int listen_fd)
{
	int fd = fcntl(listen_fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	server->mhd = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, exchange_on_request,
		&server->exchanges, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		connection_limit(), MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
		MHD_OPTION_URI_LOG_CALLBACK, exchange_on_target, &server->exchanges,
		MHD_OPTION_NOTIFY_COMPLETED, exchange_on_completed, &server->exchanges,
		MHD_OPTION_NOTIFY_CONNECTION, connection_set_on_change, &server->connections,
		MHD_OPTION_END);
	return server->mhd ? 0 : -EIO;
}

static int watch(const struct web_server *server, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int watch_all(struct web_server *server)
{
	const union MHD_DaemonInfo *mhd =
		MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	int r;

	r = watch(server, mhd->epoll_fd);
	if (r < 0)
		return r;
	r = watch(server, server->timer_fd);
	return r < 0 ? r : watch(server, work_queue_fd(server->queue));
}

int web_server_new(const struct web_server_options *options, struct web_server **ret_server)
{
	_cleanup_(web_server_freep) struct web_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	site_init(&server->site, options);
	route_name_traffic(&server->site.traffic);
	server->timer_ns = INT64_MAX;
	server->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll_fd < 0 || server->timer_fd < 0)
		return -errno;
	r = work_queue_new(options->n_workers, &server->queue);
	if (r < 0)
		return r;
	server->connections = (struct connection_set){
		.traffic = &server->site.traffic,
		.patience_ns = options->patience_ns ? options->patience_ns : PATIENCE_NS,
		.crowd = connection_limit() - SPARE_CONNECTIONS,
	};
	server->exchanges = (struct exchange_set){
		.site = &server->site,
		.queue = server->queue,
		.epoll_fd = server->epoll_fd,
		.reply_wait_ns = options->reply_wait_ns ? options->reply_wait_ns : REPLY_WAIT_NS,
	};
	if (options->metrics_services)
		r = function_meter_new(options->store, options->metrics_services,
				       options->metrics_functions, &server->site.functions);
	if (r < 0)
		return r;
	r = start_mhd(server, options->listen_fd);
	if (r < 0)
		return r;
	r = watch_all(server);
	if (r < 0)
		return r;
	*ret_server = steal(server);
	return 0;
}

/* Answers that are due to suspended connections are sent as far as their sockets take them. */
static void stop_mhd(struct web_server *server)
{
	int listen_fd;

	if (!server->mhd)
		return;
	listen_fd = MHD_quiesce_daemon(server->mhd);
	exchange_set_end(&server->exchanges);
	for (int i = 0; i < MAX_ROUNDS; i++)
		MHD_run(server->mhd);
	MHD_stop_daemon(server->mhd);
	closep(&listen_fd);
}

struct web_server *web_server_free(struct web_server *server)
{
	if (!server)
		return NULL;
	work_queue_free(server->queue);
	stop_mhd(server);
	closep(&server->epoll_fd);
	closep(&server->timer_fd);
	site_fini(&server->site);
	free(server);
	return NULL;
}

int web_server_fd(const struct web_server *server)
{
	return server->epoll_fd;
}

/* Whether libmicrohttpd has more to do at once: edge-triggered events that it keeps to itself. */
static bool mhd_is_busy(const struct web_server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	return MHD_get_timeout(server->mhd, &timeout_ms) == MHD_YES && timeout_ms == 0;
}

static void handle_hangups(struct web_server *server)
{
	struct epoll_event events[MAX_EVENTS];
	int n = epoll_wait(server->epoll_fd, events, MAX_EVENTS, 0);

	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr)
			exchange_on_hangup(&server->exchanges, events[i].data.ptr);
	}
}

static int64_t next_time_ns(const struct web_server *server)
{
	int64_t exchange_ns = exchange_set_next_ns(&server->exchanges);
	int64_t connection_ns = connection_set_next_ns(&server->connections);

	if (mhd_is_busy(server))
		return 1; /* long past: the timer goes off at once */
	return exchange_ns < connection_ns ? exchange_ns : connection_ns;
}

static void set_timer(struct web_server *server)
{
	int64_t next_ns = next_time_ns(server);
	struct itimerspec when = { 0 };

	if (next_ns == server->timer_ns)
		return;
	server->timer_ns = next_ns;
	if (next_ns != INT64_MAX) {
		when.it_value.tv_sec = next_ns / NS_PER_SECOND;
		when.it_value.tv_nsec = next_ns % NS_PER_SECOND;
	}
	timerfd_settime(server->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void web_server_take_reply(struct web_server *server, uint32_t ticket, int result, int fd)
{
	exchange_set_take_reply(&server->exchanges, ticket, result, fd);
	set_timer(server);
}

void web_server_run(struct web_server *server)
{
	int64_t now_ns = clock_monotonic_ns();

	handle_hangups(server);
	exchange_set_take_done(&server->exchanges);
	exchange_set_advance(&server->exchanges, now_ns);
	connection_set_advance(&server->connections, now_ns);
	if (server->site.functions)
		function_meter_advance(server->site.functions, now_ns);
	if (server->timer_ns <= now_ns)
		server->timer_ns = 0; /* it has gone off, and is readable until it is set again */
	for (int i = 0; i < MAX_ROUNDS; i++) {
		MHD_run(server->mhd);
		if (!mhd_is_busy(server))
			break;
	}
	set_timer(server);
}
