/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/resolver.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/channel.h"
#include "profiler/daemon/build_job.h"
#include "profiler/daemon/log.h"
#include "profiler/daemon/loop.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/sandbox.h"

enum { CHECK_INTERVAL_MS = 1000 };

/* Children at once. Names never keep a table waiting, for stacks cannot be walked without, but well
 * be named later. */
static const unsigned int max_running[BUILD_STEP_COUNT] = {
	[BUILD_STEP_TABLE] = 2,
	[BUILD_STEP_FUNCTIONS] = 2,
	[BUILD_STEP_LINES] = 1,
};

struct job_queue {
	struct build_job *first;
	struct build_job **end;
	struct build_job *running;
	unsigned int n_running;
};

struct resolver {
	struct loop *loop;
	struct channel *channel;
	struct job_queue queues[BUILD_STEP_COUNT];
};

static void job_free(struct build_job *job)
{
	closep(&job->fd);
	closep(&job->second_fd);
	free(job);
}

/* Urgent ones go before all others. */
static void add_job(struct job_queue *queue, struct build_job *job)
{
	struct build_job **link = queue->end;

	if (job->what.is_urgent)
		for (link = &queue->first; *link && (*link)->what.is_urgent;)
			link = &(*link)->next;
	job->next = *link;
	*link = job;
	if (link == queue->end)
		queue->end = &job->next;
}

/* @link leads to it. */
static struct build_job *take_job(struct job_queue *queue, struct build_job **link)
{
	struct build_job *job = *link;

	*link = job->next;
	if (queue->end == &job->next)
		queue->end = link;
	return job;
}

static void tell_built(struct resolver *resolver, const struct build_job *job,
		       enum build_outcome outcome)
{
	const struct message_built built = {
		.file = job->what.file,
		.outcome = outcome,
		.kind = job->what.kind,
		.order = job->what.order,
	};

	/* A sampler that reads nothing is about to start us anew. */
	(void)channel_send(resolver->channel, MESSAGE_BUILT, &built, sizeof(built));
	channel_flush(resolver->channel);
}

static void start_jobs(struct resolver *resolver, enum build_step step)
{
	struct job_queue *queue = &resolver->queues[step];

	while (queue->first && queue->n_running < max_running[step]) {
		struct build_job *job = take_job(queue, &queue->first);

		if (build_job_start(job, channel_fd(resolver->channel)) < 0) {
			tell_built(resolver, job, BUILD_NO_MEMORY);
			job_free(job);
			continue;
		}
		job->next = queue->running;
		queue->running = job;
		queue->n_running++;
	}
}

/*
 * One step is over. Lines follow functions for every ELF file, also for one without symbol tables,
 * unless reading it killed the child: then it is left alone.
 */
static void finish_job(struct resolver *resolver, struct build_job *job, enum build_outcome outcome)
{
	bool may_go_on = outcome == BUILD_OK || outcome == BUILD_NO_NAMES;

	if (job->step == BUILD_STEP_LINES || job->what.kind != BUILD_NAMES || !may_go_on) {
		if (job->step == BUILD_STEP_LINES && outcome == BUILD_NO_NAMES && job->has_names)
			outcome = BUILD_OK; /* no DWARF, but symbols: that is all there is */
		tell_built(resolver, job, outcome);
		job_free(job);
		return;
	}
	job->has_names = outcome == BUILD_OK;
	job->step = BUILD_STEP_LINES;
	add_job(&resolver->queues[BUILD_STEP_LINES], job);
}

static struct build_job *take_running(struct job_queue *queue, pid_t pid)
{
	struct build_job **link = &queue->running;
	struct build_job *job;

	while (*link && (*link)->pid != pid)
		link = &(*link)->next;
	job = *link;
	if (job) {
		*link = job->next;
		queue->n_running--;
	}
	return job;
}

static void start_all(struct resolver *resolver)
{
	for (int step = 0; step < BUILD_STEP_COUNT; step++)
		start_jobs(resolver, (enum build_step)step);
}

static int on_signal(void *context, int signal)
{
	struct resolver *resolver = context;
	int status;
	pid_t pid;

	if (signal != SIGCHLD)
		return 0;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct build_job *job = NULL;

		for (int step = 0; step < BUILD_STEP_COUNT && !job; step++)
			job = take_running(&resolver->queues[step], pid);
		if (job)
			finish_job(resolver, job, build_job_outcome(status));
	}
	start_all(resolver);
	return 0;
}

static int on_timer(void *context)
{
	struct resolver *resolver = context;
	int64_t now_ns = clock_monotonic_ns();

	for (int step = 0; step < BUILD_STEP_COUNT; step++)
		for (struct build_job *job = resolver->queues[step].running; job; job = job->next)
			if (now_ns - job->start_ns > BUILD_WALL_NS)
				kill(job->pid, SIGKILL);
	return 0;
}

/* One that is being made, or was, needs no hurry. */
static void hurry(struct resolver *resolver, uint32_t file)
{
	struct job_queue *queue = &resolver->queues[BUILD_STEP_TABLE];
	struct build_job **link = &queue->first;
	struct build_job *job;

	while (*link && (*link)->what.file != file)
		link = &(*link)->next;
	if (!*link || (*link)->what.is_urgent)
		return;
	job = take_job(queue, link);
	job->what.is_urgent = true;
	add_job(queue, job);
}

static int on_message(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct resolver *resolver = context;
	struct build_job *job;

	if (message->type == MESSAGE_PING)
		return channel_send(resolver->channel, MESSAGE_PONG, NULL, 0);
	if (message->type == MESSAGE_HURRY) {
		hurry(resolver, ((const struct message_number *)message->body)->number);
		return 0;
	}
	if (message->type != MESSAGE_BUILD || fds[0] < 0)
		return -EBADMSG;
	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	job->what = *(const struct message_build *)message->body;
	job->step = job->what.kind == BUILD_TABLE ? BUILD_STEP_TABLE : BUILD_STEP_FUNCTIONS;
	job->fd = steal_fd(&fds[0]);
	job->second_fd = steal_fd(&fds[1]);
	add_job(&resolver->queues[job->step], job);
	return 0;
}

static int on_channel(void *context)
{
	struct resolver *resolver = context;
	int r = channel_receive(resolver->channel, on_message, resolver);

	if (r < 0)
		return r;
	start_all(resolver);
	r = channel_flush(resolver->channel);
	return r == -EAGAIN ? 0 : r;
}

static int set_up(struct resolver *resolver)
{
	const int signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP, 0 };
	int r;

	for (int step = 0; step < BUILD_STEP_COUNT; step++)
		resolver->queues[step].end = &resolver->queues[step].first;
	r = loop_new(&resolver->loop);
	if (r == 0)
		r = channel_new(ROLE_CHANNEL_FD, 64 * MESSAGE_MAX_PACKET_BYTES, &resolver->channel);
	if (r == 0)
		r = loop_add_signals(resolver->loop, signals, on_signal, resolver);
	if (r == 0)
		r = loop_add_timer(resolver->loop, CHECK_INTERVAL_MS, on_timer, resolver);
	if (r == 0)
		r = loop_add_fd(resolver->loop, ROLE_CHANNEL_FD, EPOLLIN, on_channel, resolver);
	if (r == 0)
		r = sandbox_filter(FILTER_RESOLVER);
	return r;
}

int resolver_main(void)
{
	struct resolver resolver = { 0 };
	int r;

	r = sandbox_drop_privileges(ROLE_RESOLVER);
	if (r == 0)
		r = set_up(&resolver);
	if (r < 0) {
		log_line("resolver: cannot enter its sandbox: %s", strerror(-r));
		return 1;
	}
	r = loop_run(resolver.loop);
	loop_free(resolver.loop);
	channel_free(resolver.channel);
	return r == -EPIPE ? 0 : 1;
}
