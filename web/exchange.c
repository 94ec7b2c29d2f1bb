/* SPDX-License-Identifier: Apache-2.0 */
#include "web/exchange.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <utlist.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "web/connection.h"
#include "web/connection_set.h"
#include "web/reply.h"
#include "web/route.h"
#include "web/site.h"

#define DISCARD_MAX (16UL << 20) /* bytes of a body that are read just to be polite */

enum exchange_state {
	EXCHANGE_HEAD, /* the request line is there */
	EXCHANGE_BODY, /* … the header too */
	EXCHANGE_PUT_OFF,
	EXCHANGE_WORKING,
	EXCHANGE_READY, /* answered; not yet handed to libmicrohttpd */
	EXCHANGE_LEFT,  /* there is no client any more */
	EXCHANGE_SENDING,
};

struct exchange {
	struct exchange *prev, *next; /* in the list of suspended ones */
	struct exchange_set *set;
	struct MHD_Connection *mhd;
	struct connection *connection;
	enum exchange_state state;
	bool was_put_off;
	bool client_left;
	char *target;
	size_t body_bytes; /* that came, kept or not */
	int64_t start_ns;  /* when the request was complete, or taken up again */
	int64_t due_ns;
	uint32_t ticket;      /* of the question that it waits for, or 0 */
	size_t counted_bytes; /* of the answer, in site->answer_bytes */
	struct work work;
	struct request request;
};

static struct exchange *exchange_free(struct exchange *exchange)
{
	if (!exchange)
		return NULL;
	atomic_fetch_sub(&exchange->set->site->answer_bytes, exchange->counted_bytes);
	request_fini(&exchange->request);
	free(exchange->target);
	free(exchange);
	return NULL;
}

DEFINE_CLEANUP(struct exchange *, exchange_free)

void *exchange_on_target(void *set, const char *target, struct MHD_Connection *mhd)
{
	_cleanup_(exchange_freep) struct exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		return NULL;
	exchange->set = set;
	exchange->mhd = mhd;
	exchange->connection = connection_of(mhd);
	exchange->target = strdup(target);
	if (!exchange->target || !exchange->connection)
		return NULL;
	return steal(exchange);
}

static enum MHD_Result count_header(void *n, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	(void)kind;
	(void)value;
	*(int *)n += !strcasecmp(name, "Host");
	return MHD_YES;
}

static const char *header(const struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->mhd, MHD_HEADER_KIND, name);
}

static void read_head(struct exchange *exchange, const char *method, const char *version)
{
	struct request *request = &exchange->request;
	int n_hosts = 0;

	MHD_get_connection_values(exchange->mhd, MHD_HEADER_KIND, count_header, &n_hosts);
	request->method = method_from_name(method);
	request->host = header(exchange, "Host");
	request->has_many_hosts = n_hosts > 1;
	request->needs_host = strcmp(version, MHD_HTTP_VERSION_1_0) != 0;
	request->if_none_match = header(exchange, "If-None-Match");
	request->content_type = header(exchange, "Content-Type");
	request->content_encoding = header(exchange, "Content-Encoding");
	request->accept_encoding = header(exchange, "Accept-Encoding");
	request->connect_version = header(exchange, "Connect-Protocol-Version");
	request->local = &exchange->connection->local.any;
}

/*
 * A body that is too large is read and forgotten nevertheless, since many clients do not look for
 * an answer before all is sent. Unless it is much too large, or the client asks first.
 */
static bool body_is_hopeless(const struct exchange *exchange)
{
	const char *length = header(exchange, "Content-Length");
	unsigned long long bytes = length ? strtoull(length, NULL, 10) : 0;

	return bytes > (header(exchange, "Expect") ? REQUEST_BODY_MAX : DISCARD_MAX);
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
	struct answer *answer = &exchange->request.answer;
	int64_t now_ns = clock_monotonic_ns();
	struct MHD_Response *response;
	enum MHD_Result result;

	route_finish(&exchange->request);
	traffic_count(&exchange->set->site->traffic, route_number(exchange->request.route),
		      answer->code, now_ns - exchange->start_ns);
	traffic_count_limits(&exchange->set->site->traffic, exchange->request.limits_met);
	exchange->state = EXCHANGE_SENDING;
	connection_expect_reading(exchange->connection, now_ns);
	response = reply_new(answer, exchange->connection);
	if (!response)
		return MHD_NO;
	result = MHD_queue_response(exchange->mhd, answer->code, response);
	MHD_destroy_response(response);
	return result;
}

static void run_work(struct work *work)
{
	struct exchange *exchange =
		(struct exchange *)((char *)work - offsetof(struct exchange, work));
	struct site *site = exchange->set->site;

	exchange->request.work(&exchange->request, site);
	exchange->counted_bytes = exchange->request.answer.body.size;
	atomic_fetch_add(&site->answer_bytes, exchange->counted_bytes);
}

static void start_work(struct exchange *exchange)
{
	struct exchange_set *set = exchange->set;

	exchange->state = EXCHANGE_WORKING;
	exchange->work.run = run_work;
	set->n_working += !exchange->was_put_off;
	set->site->traffic.n_working++;
	set->site->get_status(set->site->context, &exchange->request.status);
	work_queue_add(set->queue, &exchange->work);
}

static void put_off(struct exchange *exchange, int64_t due_ns)
{
	struct epoll_event event = { .events = EPOLLRDHUP, .data.ptr = exchange };

	exchange->state = EXCHANGE_PUT_OFF;
	exchange->was_put_off = true;
	exchange->due_ns = due_ns;
	exchange->set->site->traffic.n_put_off++;
	epoll_ctl(exchange->set->epoll_fd, EPOLL_CTL_ADD, exchange->connection->fd, &event);
}

static void end_put_off(struct exchange *exchange)
{
	exchange->set->site->traffic.n_put_off--;
	epoll_ctl(exchange->set->epoll_fd, EPOLL_CTL_DEL, exchange->connection->fd, NULL);
}

static void suspend(struct exchange *exchange)
{
	MHD_suspend_connection(exchange->mhd);
	DL_APPEND(exchange->set->suspended, exchange);
	if (exchange->request.delay_ns)
		put_off(exchange, exchange->start_ns + exchange->request.delay_ns);
	else
		start_work(exchange);
}

static void resume(struct exchange *exchange, enum exchange_state state)
{
	exchange->state = state;
	DL_DELETE(exchange->set->suspended, exchange);
	MHD_resume_connection(exchange->mhd);
}

/* Returns whether there is room for the work of @exchange; else it is answered. */
static bool may_work(struct exchange *exchange)
{
	const struct exchange_set *set = exchange->set;
	struct answer *answer = &exchange->request.answer;

	if (set->is_ending)
		answer_fail_busy(answer, "the daemon is ending");
	else if (exchange->request.delay_ns &&
		 set->site->traffic.n_put_off >= EXCHANGES_MAX_PUT_OFF)
		answer_fail_busy(answer, "too many profiles are being waited for");
	else if (!exchange->request.delay_ns && set->n_working >= EXCHANGES_MAX_WORKING)
		answer_fail_busy(answer, "too many requests are being worked on");
	return !answer->code;
}

/* The request is there, as a whole. */
static enum MHD_Result begin(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	int r;

	exchange->start_ns = clock_monotonic_ns();
	connection_rest(exchange->connection);
	request->route = &routes[n_routes - 1];
	r = request_set_target(request, exchange->target);
	if (r == -EINVAL)
		answer_fail(&request->answer, 400, "the path contains a NUL byte (%%00)");
	else if (r < 0)
		answer_fail_busy(&request->answer, "out of memory");
	else
		route_begin(request, exchange->set->site);
	if (request->answer.code || !may_work(exchange))
		return send_answer(exchange);
	suspend(exchange);
	return MHD_YES;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *n_bytes)
{
	request_add_body(&exchange->request, bytes, *n_bytes);
	exchange->body_bytes += *n_bytes;
	*n_bytes = 0;
	connection_progress(exchange->connection, exchange->body_bytes, clock_monotonic_ns());
	return exchange->body_bytes > DISCARD_MAX ? MHD_NO : MHD_YES;
}

enum MHD_Result exchange_on_request(void *set, struct MHD_Connection *mhd, const char *url,
				    const char *method, const char *version, const char *bytes,
				    size_t *n_bytes, void **pointer)
{
	struct exchange *exchange = *pointer;

	(void)set;
	(void)mhd;
	(void)url;
	if (!exchange)
		return MHD_NO;
	switch (exchange->state) {
	case EXCHANGE_HEAD:
		read_head(exchange, method, version);
		exchange->state = EXCHANGE_BODY;
		exchange->request.body_is_too_large = body_is_hopeless(exchange);
		return exchange->request.body_is_too_large ? begin(exchange) : MHD_YES;
	case EXCHANGE_BODY:
		return *n_bytes ? take_body(exchange, bytes, n_bytes) : begin(exchange);
	case EXCHANGE_READY:
		return send_answer(exchange);
	case EXCHANGE_LEFT:
		return MHD_NO;
	default:
		return MHD_YES;
	}
}

void exchange_on_completed(void *set, struct MHD_Connection *mhd, void **pointer,
			   enum MHD_RequestTerminationCode why)
{
	struct exchange *exchange = *pointer;

	(void)set;
	(void)mhd;
	(void)why;
	if (!exchange)
		return;
	connection_expect_request(exchange->connection, clock_monotonic_ns());
	*pointer = exchange_free(exchange);
}

void exchange_on_hangup(struct exchange_set *set, struct exchange *exchange)
{
	set->site->traffic.abandoned++;
	end_put_off(exchange);
	resume(exchange, EXCHANGE_LEFT);
}

void exchange_set_advance(struct exchange_set *set, int64_t now_ns)
{
	struct exchange *exchange;

	for (exchange = set->suspended; exchange; exchange = exchange->next) {
		if (exchange->state != EXCHANGE_PUT_OFF || exchange->due_ns > now_ns)
			continue;
		end_put_off(exchange);
		exchange->start_ns = now_ns;
		start_work(exchange);
	}
}

/* The work has a question: it is put off until there is a reply, or no hope of one. */
static void ask(struct exchange *exchange)
{
	struct question *question = &exchange->request.question;
	struct exchange_set *set = exchange->set;
	const struct site *site = set->site;
	int r = -ENOSYS;

	exchange->ticket = ++set->last_ticket;
	put_off(exchange, clock_monotonic_ns() + set->reply_wait_ns);
	question->is_answered = true;
	question->result = -ETIMEDOUT;
	question->fd = -1;
	if (site->ask)
		r = site->ask(site->context, exchange->ticket, question);
	if (r < 0)
		exchange_set_take_reply(set, exchange->ticket, r, -1);
}

void exchange_set_take_reply(struct exchange_set *set, uint32_t ticket, int result, int fd)
{
	_cleanup_(closep) int owned = fd;
	struct exchange *exchange;

	DL_FOREACH(set->suspended, exchange)
	{
		if (exchange->state != EXCHANGE_PUT_OFF || exchange->ticket != ticket)
			continue;
		exchange->request.question.result = result == 0 && fd < 0 ? -EIO : result;
		exchange->request.question.fd = steal_fd(&owned);
		exchange->due_ns = 1; /* long past */
		return;
	}
}

void exchange_set_take_done(struct exchange_set *set)
{
	struct work *work = work_queue_take_done(set->queue), *next;

	for (; work; work = next) {
		struct exchange *exchange =
			(struct exchange *)((char *)work - offsetof(struct exchange, work));

		next = work->next;
		set->n_working -= !exchange->was_put_off;
		set->site->traffic.n_working--;
		if (exchange->request.answer.code)
			resume(exchange, EXCHANGE_READY);
		else
			ask(exchange);
	}
}

int64_t exchange_set_next_ns(const struct exchange_set *set)
{
	const struct exchange *exchange;
	int64_t next_ns = INT64_MAX;

	for (exchange = set->suspended; exchange; exchange = exchange->next) {
		if (exchange->state == EXCHANGE_PUT_OFF && exchange->due_ns < next_ns)
			next_ns = exchange->due_ns;
	}
	return next_ns;
}

void exchange_set_end(struct exchange_set *set)
{
	struct exchange *exchange, *next;

	set->is_ending = true;
	for (exchange = set->suspended; exchange; exchange = next) {
		next = exchange->next;
		if (exchange->state == EXCHANGE_PUT_OFF)
			end_put_off(exchange);
		if (!exchange->request.answer.code)
			answer_fail_busy(&exchange->request.answer, "the daemon is ending");
		resume(exchange, EXCHANGE_READY);
	}
}
