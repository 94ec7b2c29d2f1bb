/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/jit_describer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/channel.h"
#include "profiler/daemon/build_budget.h"
#include "profiler/daemon/jit_finder.h"
#include "profiler/daemon/role.h"
#include "profiler/jit_table.h"

enum {
	MAX_JITS = 256,
	MIN_JITS = 8,
	FILES_OF_JIT = 32, /* that may be open altogether, for one JIT: it has four */
	MAX_LOST = 3,      /* resolvers that end over the files of one */
	MAX_DOUBLINGS = 2, /* of the time to the next look, after looks in vain */
};

#define LOOK_NS (3 * NS_PER_SECOND)

/* A reading may cost that part of the time until the next. */
#define LOOK_COST 50

/* What the file is called as long as nothing names it. */
#define NAMELESS "[anonymous]"

struct jit_describer {
	struct role_process *server;
	struct role_process *resolver;
	struct jit_table *jits;
	struct jit_finder finder;
	uint64_t max_bytes; /* of symbol files */
	uint32_t dictionary;
	struct jit_status status;
};

DEFINE_CLEANUP(struct jit_describer *, jit_describer_free)

static size_t max_jits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= MAX_JITS * FILES_OF_JIT)
		return MAX_JITS;
	return limit.rlim_cur < MIN_JITS * FILES_OF_JIT ? MIN_JITS : limit.rlim_cur / FILES_OF_JIT;
}

int jit_describer_new(struct role_process *server, struct role_process *resolver,
		      uint64_t max_bytes, struct jit_describer **ret_describer)
{
	_cleanup_(jit_describer_freep) struct jit_describer *describer =
		calloc(1, sizeof(*describer));
	int r;

	if (!describer)
		return -ENOMEM;
	describer->server = server;
	describer->resolver = resolver;
	describer->max_bytes = max_bytes;
	r = jit_table_new(max_jits(), &describer->jits);
	if (r == 0)
		r = jit_finder_init(&describer->finder);
	if (r < 0)
		return r;
	*ret_describer = steal(describer);
	return 0;
}

struct jit_describer *jit_describer_free(struct jit_describer *describer)
{
	if (!describer)
		return NULL;
	jit_table_free(describer->jits);
	jit_finder_fini(&describer->finder);
	free(describer);
	return NULL;
}

uint32_t jit_describer_get(struct jit_describer *describer, const struct process_key *process,
			   uint32_t number)
{
	struct jit *jit = jit_table_find(describer->jits, number);
	int r = 0;

	if (!jit)
		r = jit_table_add(describer->jits, process, &jit);
	if (r == -ENOSPC) {
		jit_table_forget_ended(describer->jits);
		r = jit_table_add(describer->jits, process, &jit);
	}
	if (r < 0) {
		describer->status.over_bound++;
		return 0;
	}
	jit->last_used = describer->dictionary;
	return jit->number;
}

bool jit_describer_owns(uint32_t number)
{
	return number >= JIT_FIRST_NUMBER;
}

static bool is_told(const struct jit_describer *describer, const struct jit *jit)
{
	return jit->dictionary == describer->dictionary && describer->server->channel;
}

static int send_file(struct jit_describer *describer, const struct jit *jit)
{
	struct message_file message = { .file = jit->number };
	char nameless[] = NAMELESS;
	char *path = jit->path ? jit->path : nameless;
	const struct iovec parts[] = { { &message, sizeof(message) }, { path, strlen(path) + 1 } };

	return channel_send_parts(describer->server->channel, MESSAGE_FILE, parts, 2);
}

static int send_names(struct jit_describer *describer, const struct jit *jit)
{
	const struct message_names names = { jit->number, jit->names };

	return channel_send_fds(describer->server->channel, MESSAGE_NAMES, &names, sizeof(names),
				(int[]){ jit->symbols_fd, -1 });
}

static void set_names(struct jit_describer *describer, struct jit *jit, enum names_state names)
{
	jit->names = names;
	if (is_told(describer, jit))
		(void)send_names(describer, jit);
}

/* Tell the resolver how many samples wait for names, or would have better ones. */
static void hurry(struct jit_describer *describer, const struct jit *jit)
{
	const struct message_hurry message = { .file = jit->number, .n_hits = jit->n_hits };
	struct channel *channel = describer->resolver->channel;

	if (channel && channel_send(channel, MESSAGE_HURRY, &message, sizeof(message)) == 0)
		role_process_flush(describer->resolver);
}

static uint64_t bytes_of(const struct jit_source *source)
{
	struct stat status;

	return fstat(source->fd, &status) == 0 ? build_budget_bytes(&status) : 0;
}

/* If the resolver is not there, it will be asked when it is. */
static void send_order(struct jit_describer *describer, const struct jit *jit)
{
	struct message_build build = {
		.file = jit->number,
		.kind = BUILD_JIT,
		.user = jit->identity.uid,
	};
	struct channel *channel = describer->resolver->channel;
	int fds[MESSAGE_MAX_FDS] = { -1, -1 };
	int n = 0;

	for (int i = 0; i < JIT_SOURCE_COUNT; i++) {
		const struct jit_source *source = &jit->sources[i];

		if (source->fd < 0)
			continue;
		fds[n++] = source->fd;
		build.device = source->read.device;
		build.n_bytes += bytes_of(source);
	}
	if (channel && channel_send_fds(channel, MESSAGE_BUILD, &build, sizeof(build), fds) == 0)
		role_process_flush(describer->resolver);
	if (jit->n_hits)
		hurry(describer, jit);
}

static void order(struct jit_describer *describer, struct jit *jit)
{
	jit->is_ordered = true;
	jit->ordered_ns = clock_monotonic_ns();
	jit->n_vain = 0;
	describer->status.n_queued++;
	if (jit->names == NAMES_NONE)
		set_names(describer, jit, NAMES_PENDING);
	send_order(describer, jit);
}

/* Find its sources. Returns whether there is something new in them. */
static bool find_news(struct jit_describer *describer, struct jit *jit)
{
	if (jit_finder_find(&describer->finder, jit) && is_told(describer, jit))
		(void)send_file(describer, jit);
	return jit_finder_has_changed(jit);
}

/* Its process has ended: read what it has written since, once, and let go. */
static void look_for_the_last_time(struct jit_describer *describer, struct jit *jit)
{
	if (!jit->is_ordered_last && !jit->is_left_alone && find_news(describer, jit)) {
		jit->is_ordered_last = true;
		order(describer, jit);
	} else {
		jit_finder_close(jit);
	}
}

static void look(struct jit_describer *describer, struct jit *jit)
{
	unsigned int n_doublings = jit->n_vain < MAX_DOUBLINGS ? jit->n_vain : MAX_DOUBLINGS;

	jit->is_hit = false;
	jit->next_look_ns = clock_monotonic_ns() + (LOOK_NS << n_doublings);
	if (find_news(describer, jit))
		order(describer, jit);
	else if (jit->is_ended)
		jit_finder_close(jit);
	else
		jit->n_vain++;
}

static void look_if_hit(void *context, struct jit *jit)
{
	bool is_busy = jit->is_ordered || jit->is_left_alone || jit->is_ended;

	if (jit->is_hit && !is_busy)
		look(context, jit);
}

static void look_if_due(void *context, struct jit *jit)
{
	if (clock_monotonic_ns() >= jit->next_look_ns)
		look_if_hit(context, jit);
}

void jit_describer_look(struct jit_describer *describer)
{
	jit_table_each(describer->jits, look_if_due, describer);
}

void jit_describer_look_at_once(struct jit_describer *describer)
{
	jit_table_each(describer->jits, look_if_hit, describer);
}

static int tell(struct jit_describer *describer, const struct jit *jit)
{
	int r = send_file(describer, jit);

	return r < 0 ? r : send_names(describer, jit);
}

/* What was forgotten has no names: a stack may come late, of a process that has ended. */
int jit_describer_describe(struct jit_describer *describer, uint32_t number)
{
	const struct jit forgotten = { .number = number, .symbols_fd = -1 };
	struct jit *jit = jit_table_find(describer->jits, number);
	int r;

	if (!jit)
		return tell(describer, &forgotten);
	if (!jit->next_look_ns)
		look(describer, jit);
	if (jit->dictionary == describer->dictionary)
		return 0;
	r = tell(describer, jit);
	if (r == 0)
		jit->dictionary = describer->dictionary;
	return r;
}

void jit_describer_note_sample(struct jit_describer *describer, uint32_t number)
{
	struct jit *jit = jit_table_find(describer->jits, number);

	if (!jit)
		return;
	jit->is_hit = true;
	jit->last_used = describer->dictionary;
	jit->n_hits++;
	if (jit->is_ordered && __builtin_popcount(jit->n_hits) == 1)
		hurry(describer, jit);
}

void jit_describer_note_end(struct jit_describer *describer, uint32_t number)
{
	struct jit *jit = jit_table_find(describer->jits, number);

	if (!jit || jit->is_ended)
		return;
	jit->is_ended = true;
	if (!jit->is_ordered)
		look_for_the_last_time(describer, jit);
}

void jit_describer_begin_dictionary(struct jit_describer *describer, uint32_t dictionary)
{
	describer->dictionary = dictionary;
}

void jit_describer_forget_unused(struct jit_describer *describer, uint32_t dictionary)
{
	jit_table_forget_unused(describer->jits, dictionary);
}

/* The answer has come, or none will. */
static void finish(struct jit_describer *describer, struct jit *jit, enum build_outcome outcome)
{
	int64_t now_ns = clock_monotonic_ns();
	int64_t wait_ns = (now_ns - jit->ordered_ns) * LOOK_COST;

	if (!jit->is_ordered)
		return;
	jit->is_ordered = false;
	jit->n_lost = 0;
	describer->status.n_queued--;
	describer->status.builds[outcome]++;
	jit->is_left_alone = outcome == BUILD_CRASHED || outcome == BUILD_TIMED_OUT;
	if (jit->symbols_fd < 0)
		set_names(describer, jit, NAMES_FAILED);
	jit->next_look_ns = now_ns + (wait_ns > LOOK_NS ? wait_ns : LOOK_NS);
	if (jit->is_ended)
		look_for_the_last_time(describer, jit);
}

static void repeat_order(void *context, struct jit *jit)
{
	struct jit_describer *describer = context;

	if (!jit->is_ordered)
		return;
	if (++jit->n_lost == MAX_LOST)
		finish(describer, jit, BUILD_CRASHED);
	else
		send_order(describer, jit);
}

void jit_describer_on_resolver_start(struct jit_describer *describer)
{
	jit_table_each(describer->jits, repeat_order, describer);
}

static void add_bytes(void *context, struct jit *jit)
{
	uint64_t *bytes = context;

	*bytes += jit->symbols_bytes;
}

static uint64_t symbol_bytes(const struct jit_describer *describer)
{
	uint64_t bytes = 0;

	jit_table_each(describer->jits, add_bytes, &bytes);
	return bytes;
}

static int take_names(struct jit_describer *describer, struct jit *jit,
		      const struct message_names *names, int fds[MESSAGE_MAX_FDS])
{
	struct stat status;
	uint64_t others;

	if (names->state != NAMES_FUNCTIONS || fds[0] < 0 || fstat(fds[0], &status) < 0)
		return -EBADMSG;
	others = symbol_bytes(describer) - jit->symbols_bytes;
	if (others + (uint64_t)status.st_size > describer->max_bytes) {
		describer->status.symbols_refused++;
		return 0;
	}
	closep(&jit->symbols_fd);
	jit->symbols_fd = steal_fd(&fds[0]);
	jit->symbols_bytes = (uint64_t)status.st_size;
	set_names(describer, jit, jit->met.n_lines ? NAMES_LINES : NAMES_FUNCTIONS);
	return 0;
}

/* Each reading meets again what the last one has met: only what is new counts. */
static void count_new(uint64_t now, uint64_t before, uint64_t *total)
{
	*total += now > before ? now - before : 0;
}

static void take_report(struct jit_describer *describer, struct jit *jit,
			const struct jit_report *report)
{
	struct jit_status *status = &describer->status;

	for (int i = 0; i < JIT_ENTRY_COUNT; i++)
		count_new(report->entries[i], jit->met.entries[i], &status->entries[i]);
	count_new(report->unread_bytes, jit->met.unread_bytes, &status->unread_bytes);
	count_new(report->n_foreign, jit->met.n_foreign,
		  &describer->finder.refused[JIT_REFUSED_FOREIGN]);
	jit->met = *report;
}

int jit_describer_on_message(struct jit_describer *describer, const struct message *message,
			     int fds[MESSAGE_MAX_FDS])
{
	const struct message_number *number = message->body; /* as all of them begin */
	struct jit *jit = jit_table_find(describer->jits, number->number);
	int r = 0;

	if (!jit)
		return 0;
	switch (message->type) {
	case MESSAGE_NAMES:
		r = take_names(describer, jit, message->body, fds);
		break;
	case MESSAGE_JIT_READ:
		take_report(describer, jit,
			    &((const struct message_jit_read *)message->body)->report);
		break;
	case MESSAGE_BUILT:
		finish(describer, jit,
		       (enum build_outcome)((const struct message_built *)message->body)->outcome);
		break;
	default:
		r = -EBADMSG;
	}
	role_process_flush(describer->server);
	return r;
}

void jit_describer_get_status(const struct jit_describer *describer, struct jit_status *ret_status)
{
	*ret_status = describer->status;
	memcpy(ret_status->refused, describer->finder.refused, sizeof(ret_status->refused));
	ret_status->n_processes = (uint32_t)jit_table_count(describer->jits);
	ret_status->symbol_bytes = symbol_bytes(describer);
}
