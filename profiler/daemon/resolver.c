/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/resolver.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/channel.h"
#include "profiler/daemon/build_job.h"
#include "profiler/daemon/build_queue.h"
#include "profiler/daemon/log.h"
#include "profiler/daemon/loop.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/sandbox.h"
#include "unwind/debug_reference.h"
#include "unwind/disassembly.h"

enum { CHECK_INTERVAL_MS = 1000 };

#define ANSWER_WAIT_NS (60 * NS_PER_SECOND)

/* Children at once. Names never keep a table waiting, for stacks cannot be walked without, but well
 * be named later. */
static const unsigned int max_running[BUILD_STEP_COUNT] = {
	[BUILD_STEP_TABLE] = 2,
	[BUILD_STEP_FUNCTIONS] = 2,
	[BUILD_STEP_LINES] = 1,
	[BUILD_STEP_CODE] = 1,
};

struct resolver {
	struct loop *loop;
	struct channel *channel;
	struct build_queue queues[BUILD_STEP_COUNT];
	struct build_job *waiting; /* for files that they have asked for, to go on with lines */
};

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

static void tell_failed(struct resolver *resolver, const struct build_job *job)
{
	const struct message_reply reply = { job->code.ticket, -EIO };

	(void)channel_send(resolver->channel, MESSAGE_REPLY, &reply, sizeof(reply));
	channel_flush(resolver->channel);
}

/* What there was to tell of @job, its last step was over with @outcome. */
static void end_job(struct resolver *resolver, struct build_job *job, enum build_outcome outcome)
{
	if (job->step != BUILD_STEP_CODE)
		tell_built(resolver, job, outcome);
	else if (outcome != BUILD_OK)
		tell_failed(resolver, job); /* the child could not */
	build_job_free(job);
}

static void start_jobs(struct resolver *resolver, enum build_step step)
{
	struct build_queue *queue = &resolver->queues[step];
	struct build_job *job;

	while ((job = build_queue_begin(queue, clock_monotonic_ns()))) {
		if (build_job_start(job, channel_fd(resolver->channel)) == 0)
			continue;
		build_queue_end(queue, job, 0);
		end_job(resolver, job, BUILD_NO_MEMORY);
	}
}

/* The files have come: once more, from the start. Only new files may name others. */
static void go_on_with_files(struct resolver *resolver, struct build_job *job)
{
	job->may_ask = job->n_debug_files > job->n_files_before && job->n_rounds < BUILD_MAX_ROUNDS;
	build_queue_add(&resolver->queues[BUILD_STEP_LINES], job);
}

/* Its child has asked for files; they may have come already. */
static void await_files(struct resolver *resolver, struct build_job *job)
{
	job->n_rounds++;
	if (job->is_answered) {
		go_on_with_files(resolver, job);
		return;
	}
	job->next = resolver->waiting;
	resolver->waiting = job;
}

/*
 * One step is over. Lines follow functions for every ELF file, also for one without symbol tables,
 * unless reading it killed the child: then it is left alone.
 */
static void finish_job(struct resolver *resolver, struct build_job *job, unsigned int outcome)
{
	bool may_go_on = outcome == BUILD_OK || outcome == BUILD_NO_NAMES;

	if (outcome == BUILD_WANTS_FILES) {
		await_files(resolver, job);
		return;
	}
	if (job->step >= BUILD_STEP_LINES || job->what.kind != BUILD_NAMES || !may_go_on) {
		if (job->step == BUILD_STEP_LINES && outcome == BUILD_NO_NAMES && job->has_names)
			outcome = BUILD_OK; /* no DWARF, but symbols: that is all there is */
		end_job(resolver, job, (enum build_outcome)outcome);
		return;
	}
	job->has_names = outcome == BUILD_OK;
	job->step = BUILD_STEP_LINES;
	job->may_ask = true;
	build_queue_add(&resolver->queues[BUILD_STEP_LINES], job);
}

static uint64_t ns_of(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * NS_PER_SECOND + (uint64_t)time->tv_usec * 1000;
}

/* It is in no queue any more. */
static struct build_job *take_ended(struct resolver *resolver, pid_t pid,
				    const struct rusage *usage)
{
	for (int step = 0; step < BUILD_STEP_COUNT; step++) {
		struct build_queue *queue = &resolver->queues[step];
		struct build_job *job = queue->running;

		while (job && job->pid != pid)
			job = job->next;
		if (!job)
			continue;
		build_queue_end(queue, job, ns_of(&usage->ru_utime) + ns_of(&usage->ru_stime));
		return job;
	}
	return NULL;
}

static void start_all(struct resolver *resolver)
{
	for (int step = 0; step < BUILD_STEP_COUNT; step++)
		start_jobs(resolver, (enum build_step)step);
}

static int on_signal(void *context, int signal)
{
	struct resolver *resolver = context;
	struct rusage usage;
	int status;
	pid_t pid;

	if (signal != SIGCHLD)
		return 0;
	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		struct build_job *job = take_ended(resolver, pid, &usage);

		if (job)
			finish_job(resolver, job, build_job_outcome(job, status));
	}
	start_all(resolver);
	return 0;
}

/* The first of the jobs at @link that is for @file, whose link is returned, or one that leads
 * nowhere. */
static struct build_job **find_job(struct build_job **link, uint32_t file)
{
	while (*link && (*link)->what.file != file)
		link = &(*link)->next;
	return link;
}

static void stop_waiting(struct resolver *resolver, struct build_job **link)
{
	struct build_job *job = *link;

	*link = job->next;
	go_on_with_files(resolver, job);
}

/* The sampler answers at once, unless it has no room for what it would say: then without. */
static void expire_waiting(struct resolver *resolver, int64_t now_ns)
{
	struct build_job **link = &resolver->waiting;

	while (*link) {
		if (now_ns - (*link)->start_ns > ANSWER_WAIT_NS)
			stop_waiting(resolver, link);
		else
			link = &(*link)->next;
	}
}

static int on_timer(void *context)
{
	struct resolver *resolver = context;
	int64_t now_ns = clock_monotonic_ns();

	for (int step = 0; step < BUILD_STEP_COUNT; step++)
		for (struct build_job *job = resolver->queues[step].running; job; job = job->next)
			if (build_job_is_overdue(job, now_ns))
				kill(job->pid, SIGKILL);
	expire_waiting(resolver, now_ns);
	start_all(resolver);
	return 0;
}

/* A table that is being made, or was, needs no hurry. */
static void hurry_table(struct resolver *resolver, uint32_t file)
{
	struct build_job *job = *find_job(&resolver->queues[BUILD_STEP_TABLE].first, file);

	if (job)
		job->what.is_urgent = true;
}

/* What is being read may wait again later, for what comes next. */
static void hurry_names(struct resolver *resolver, const struct message_hurry *message)
{
	struct build_queue *functions = &resolver->queues[BUILD_STEP_FUNCTIONS];
	struct build_queue *lines = &resolver->queues[BUILD_STEP_LINES];
	struct build_job **const lists[] = { &functions->first, &functions->running, &lines->first,
					     &lines->running, &resolver->waiting };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct build_job *job = *find_job(lists[i], message->file);

		if (job)
			job->n_hits = message->n_hits;
	}
}

static void hurry(struct resolver *resolver, const struct message_hurry *message)
{
	if (message->n_hits)
		hurry_names(resolver, message);
	else
		hurry_table(resolver, message->file);
}

/* A file that a job has asked for, or the last word on them. */
static int take_debug_file(struct resolver *resolver, const struct message_debug_file *message,
			   int *fd)
{
	struct build_job **link = find_job(&resolver->waiting, message->file);
	struct build_job *job =
		*link ? *link
		      : *find_job(&resolver->queues[BUILD_STEP_LINES].running, message->file);
	int r = 0;

	if (!job)
		return 0;
	if (*fd >= 0) {
		job->read_bytes += (uint64_t)message->n_kib << 10;
		r = build_job_add_debug_file(job, message->kind, fd);
	}
	if (message->is_last) {
		job->is_answered = true;
		if (*link)
			stop_waiting(resolver, link);
	}
	return r;
}

static int add_order(struct resolver *resolver, const struct message_build *what,
		     int fds[MESSAGE_MAX_FDS])
{
	struct build_job *job = calloc(1, sizeof(*job));
	int r = 0;

	if (!job)
		return -ENOMEM;
	job->what = *what;
	job->step = what->kind == BUILD_TABLE ? BUILD_STEP_TABLE : BUILD_STEP_FUNCTIONS;
	job->fd = steal_fd(&fds[0]);
	job->read_bytes = what->n_bytes;
	job->second_fd = -1;
	if (what->kind != BUILD_NAMES)
		job->second_fd = steal_fd(&fds[1]);
	else if (fds[1] >= 0)
		r = build_job_add_debug_file(job, DEBUG_REFERENCE_LINK, &fds[1]);
	if (r < 0) {
		build_job_free(job);
		return r;
	}
	build_queue_add(&resolver->queues[job->step], job);
	return 0;
}

static int add_question(struct resolver *resolver, const struct message_code *code, int *fd)
{
	struct build_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	build_job_ask(job, code);
	job->fd = steal_fd(fd);
	job->second_fd = -1;
	build_queue_add(&resolver->queues[job->step], job);
	return 0;
}

static int on_message(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct resolver *resolver = context;

	if (message->type == MESSAGE_PING)
		return channel_send(resolver->channel, MESSAGE_PONG, NULL, 0);
	if (message->type == MESSAGE_HURRY) {
		hurry(resolver, message->body);
		return 0;
	}
	if (message->type == MESSAGE_DEBUG_FILE)
		return take_debug_file(resolver, message->body, &fds[0]);
	if (fds[0] < 0)
		return -EBADMSG;
	if (message->type == MESSAGE_ASK_CODE)
		return add_question(resolver, message->body, &fds[0]);
	return message->type == MESSAGE_BUILD ? add_order(resolver, message->body, fds) : -EBADMSG;
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
		build_queue_init(&resolver->queues[step], max_running[step]);
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
	disassembly_load();
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
