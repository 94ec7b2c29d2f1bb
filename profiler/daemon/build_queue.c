/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/build_queue.h"

#include <stddef.h>

#include "profiler/base/clock.h"
#include "profiler/daemon/build_budget.h"
#include "profiler/daemon/build_job.h"

/* What has waited for so long goes before what is worth more, among those of one owner. */
#define MAX_WAIT_NS (60 * NS_PER_SECOND)

/* What runs for longer takes long; what is not small will. */
#define LONG_NS (5 * NS_PER_SECOND)

#define SMALL_BYTES (16ULL << 20)
#define PAGE_BYTES  4096 /* what is smaller is as good as that */

#define MAX_MORE 2 /* beside those that take long */

/* What reading takes, roughly: it is corrected later. */
#define EXPECTED_NS          NS_PER_MS
#define EXPECTED_NS_PER_BYTE 16

void build_queue_init(struct build_queue *queue, unsigned int max_running)
{
	*queue = (struct build_queue){ .end = &queue->first, .max_running = max_running };
}

void build_queue_add(struct build_queue *queue, struct build_job *job)
{
	job->share = build_owners_enter(&queue->owners, job->what.user, job->what.device);
	job->queued_ns = clock_monotonic_ns();
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

static bool is_overdue(const struct build_job *job, int64_t now_ns)
{
	return now_ns - job->queued_ns >= MAX_WAIT_NS;
}

/* What a file is worth: how many samples wait for its names, by what reading it takes. */
static bool is_worth_more(const struct build_job *job, const struct build_job *than)
{
	uint64_t hits = job->n_hits + 1ULL, pages = job->read_bytes / PAGE_BYTES + 1;
	uint64_t other_hits = than->n_hits + 1ULL, other_pages = than->read_bytes / PAGE_BYTES + 1;

	return hits * other_pages > other_hits * pages;
}

/* @other came after @job. */
static bool goes_before(const struct build_job *other, const struct build_job *job, int64_t now_ns)
{
	int r;

	if (other->what.is_urgent != job->what.is_urgent)
		return other->what.is_urgent;
	r = build_share_compare(&other->share, &job->share);
	return r < 0 || (r == 0 && other->share.place == job->share.place &&
			 !is_overdue(job, now_ns) && is_worth_more(other, job));
}

static bool is_small(const struct build_job *job)
{
	return job->read_bytes <= SMALL_BYTES;
}

static bool takes_long(const struct build_queue *queue, int64_t now_ns)
{
	for (const struct build_job *job = queue->running; job; job = job->next)
		if (is_small(job) && now_ns - job->start_ns < LONG_NS)
			return false;
	return true;
}

/* Whether @job may run beside those that take long. The last place is for who has none. */
static bool may_join(const struct build_queue *queue, const struct build_job *job)
{
	if (is_small(job) && queue->n_running == queue->max_running)
		return true;
	for (const struct build_job *running = queue->running; running; running = running->next)
		if (running->share.user == job->share.user)
			return false;
	return true;
}

static struct build_job **choose(struct build_queue *queue, bool is_one_more, int64_t now_ns)
{
	struct build_job **best = NULL;

	for (struct build_job **link = &queue->first; *link; link = &(*link)->next) {
		if (is_one_more && !may_join(queue, *link))
			continue;
		if (!best || goes_before(*link, *best, now_ns))
			best = link;
	}
	return best;
}

/* @link leads to it. */
static struct build_job *take(struct build_queue *queue, struct build_job **link)
{
	struct build_job *job = *link;

	*link = job->next;
	if (queue->end == &job->next)
		queue->end = link;
	return job;
}

/* However large a file claims to be, no more than it is given. */
static uint64_t expected_ns(const struct build_job *job)
{
	uint64_t seconds = build_budget_seconds(job->step, job->read_bytes);
	uint64_t most_ns = seconds * NS_PER_SECOND;

	if (job->read_bytes >= most_ns / EXPECTED_NS_PER_BYTE)
		return most_ns;
	return EXPECTED_NS + job->read_bytes * EXPECTED_NS_PER_BYTE;
}

struct build_job *build_queue_begin(struct build_queue *queue, int64_t now_ns)
{
	bool is_one_more = queue->n_running >= queue->max_running;
	struct build_job **link, *job;

	if (queue->n_running == queue->max_running + MAX_MORE ||
	    (is_one_more && !takes_long(queue, now_ns)))
		return NULL;
	link = choose(queue, is_one_more, now_ns);
	if (!link)
		return NULL;
	job = take(queue, link);
	job->expected_ns = expected_ns(job);
	build_owners_begin(&queue->owners, &job->share, job->expected_ns);
	job->start_ns = now_ns;
	job->next = queue->running;
	queue->running = job;
	queue->n_running++;
	return job;
}

void build_queue_end(struct build_queue *queue, struct build_job *job, uint64_t cpu_ns)
{
	struct build_job **link = &queue->running;

	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
	queue->n_running--;
	build_owners_end(&job->share, job->expected_ns, cpu_ns);
	build_owners_leave(&job->share);
}
