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

enum {
	MAX_CHILDREN_FUNCTIONS = 2, /* at once */
	MAX_CHILDREN_LINES = 1,
	CHECK_INTERVAL_MS = 1000,
};

struct job_queue {
	struct build_job *first;
	struct build_job **end;
	struct build_job *running;
	unsigned int n_running;
	unsigned int max_running;
};

struct resolver {
	struct loop *loop;
	struct channel *channel;
	struct job_queue queues[2]; /* by enum build_step */
};

static void job_free(struct build_job *job)
{
	if (job->fd >= 0)
		close(job->fd);
	free(job);
}

static void append_job(struct job_queue *queue, struct build_job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

static struct build_job *pop_job(struct job_queue *queue)
{
	struct build_job *job = queue->first;

	queue->first = job->next;
	if (!queue->first)
		queue->end = &queue->first;
	return job;
}

static void tell_built(struct resolver *resolver, const struct build_job *job,
		       enum build_outcome outcome)
{
	const struct message_built built = {
		.file = job->what.file,
		.outcome = outcome,
		.kind = job->what.kind,
	};

	/* A sampler that reads nothing is about to start us anew. */
	(void)channel_send(resolver->channel, MESSAGE_BUILT, &built, sizeof(built));
	channel_flush(resolver->channel);
}

static void start_jobs(struct resolver *resolver, struct job_queue *queue)
{
	while (queue->first && queue->n_running < queue->max_running) {
		struct build_job *job = pop_job(queue);

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
	bool wants_lines = job->what.kind == BUILD_ELF || job->what.kind == BUILD_NAMES;
	bool may_go_on = outcome == BUILD_OK || outcome == BUILD_NO_NAMES;

	if (job->step == BUILD_STEP_LINES || !wants_lines || !may_go_on) {
		if (job->step == BUILD_STEP_LINES && outcome == BUILD_NO_NAMES && job->has_names)
			outcome = BUILD_OK; /* no DWARF, but symbols: that is all there is */
		tell_built(resolver, job, outcome);
		job_free(job);
		return;
	}
	job->has_names = outcome == BUILD_OK;
	job->step = BUILD_STEP_LINES;
	append_job(&resolver->queues[BUILD_STEP_LINES], job);
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
	start_jobs(resolver, &resolver->queues[BUILD_STEP_FUNCTIONS]);
	start_jobs(resolver, &resolver->queues[BUILD_STEP_LINES]);
}

static int on_signal(void *context, int signal)
{
	struct resolver *resolver = context;
	int status;
	pid_t pid;

	if (signal != SIGCHLD)
		return 0;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct build_job *job = take_running(&resolver->queues[0], pid);

		if (!job)
			job = take_running(&resolver->queues[1], pid);
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

	for (int step = 0; step < 2; step++)
		for (struct build_job *job = resolver->queues[step].running; job; job = job->next)
			if (now_ns - job->start_ns > BUILD_WALL_NS)
				kill(job->pid, SIGKILL);
	return 0;
}

static int on_message(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct resolver *resolver = context;
	struct build_job *job;

	if (message->type == MESSAGE_PING)
		return channel_send(resolver->channel, MESSAGE_PONG, NULL, 0);
	if (message->type != MESSAGE_BUILD || fds[0] < 0)
		return -EBADMSG;
	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	job->what = *(const struct message_build *)message->body;
	job->fd = steal_fd(&fds[0]);
	append_job(&resolver->queues[BUILD_STEP_FUNCTIONS], job);
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

	resolver->queues[BUILD_STEP_FUNCTIONS].max_running = MAX_CHILDREN_FUNCTIONS;
	resolver->queues[BUILD_STEP_LINES].max_running = MAX_CHILDREN_LINES;
	for (int step = 0; step < 2; step++)
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
