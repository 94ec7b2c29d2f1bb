/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export/encoder.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/channel.h"
#include "profiler/daemon/file_fence.h"
#include "profiler/daemon/history_keeper.h"
#include "profiler/daemon/log.h"
#include "profiler/daemon/loop.h"
#include "profiler/daemon/options.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/sandbox.h"
#include "profiler/daemon/server_memory.h"
#include "profiler/database.h"
#include "profiler/history.h"
#include "profiler/kernel_view.h"
#include "profiler/label_set.h"
#include "profiler/labeler.h"
#include "profiler/labeling.h"
#include "profiler/past_files.h"
#include "profiler/process_message.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "profiler/store.h"
#include "unwind/symbol_file.h"
#include "web/request.h"
#include "web/server.h"

enum {
	N_WORKERS = 2,
	EXPIRE_INTERVAL_MS = 1000,
};

#define STORE_RETENTION_NS (600 * NS_PER_SECOND) /* older samples are in history alone */

struct server {
	struct loop *loop;
	struct channel *channel;
	struct store *store;
	const char *history_folder;
	struct history *history; /* NULL for `record`, as are the next two */
	struct history_keeper *keeper;
	struct web_server *web;
	struct status status; /* as of the last MESSAGE_STATUS */
	struct message_stored stored;
	struct service_told told;
	struct labeler *labeler;
	bool is_stored_due; /* samples came in since the last MESSAGE_STORED */
};

DEFINE_CLEANUP(struct profile *, profile_free)

/* A symbol file, mapped; or NULL. That it cannot shrink any more, the sampler has seen to: it is
 * sealed, or a file on disk that only the sampler may write. */
static struct symbol_file *map_symbols(int fd)
{
	struct symbol_file *symbols = NULL;

	return fd >= 0 && symbol_file_map(fd, &symbols) == 0 ? symbols : NULL;
}

static int name_file(struct server *server, const struct message_names *names, int fd)
{
	struct symbol_file *symbols = map_symbols(fd);
	enum names_state state = (enum names_state)names->state;

	if (!symbols && (state == NAMES_FUNCTIONS || state == NAMES_LINES))
		state = NAMES_FAILED;
	return store_name_file(server->store, names->file, state, symbols);
}

static int name_kernel(struct server *server, const int fds[MESSAGE_MAX_FDS])
{
	struct kernel_range *ranges = NULL;
	struct symbol_file *symbols;
	struct stat status;
	size_t n_ranges;
	int r;

	if (fds[0] < 0)
		return store_name_kernel(server->store, NULL, NULL, 0);
	if (fds[1] < 0 || fstat(fds[1], &status) < 0)
		return -EBADMSG;
	n_ranges = (size_t)status.st_size / sizeof(*ranges);
	if (n_ranges > KERNEL_MAX_RANGES)
		return -EBADMSG;
	ranges = calloc(n_ranges + 1, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	if (pread(fds[1], ranges, n_ranges * sizeof(*ranges), 0) !=
	    (ssize_t)(n_ranges * sizeof(*ranges)))
		n_ranges = 0;
	for (size_t i = 0; i < n_ranges; i++)
		ranges[i].name[sizeof(ranges[i].name) - 1] = '\0';
	symbols = map_symbols(fds[0]);
	r = symbols ? store_name_kernel(server->store, symbols, ranges, n_ranges) : -EBADMSG;
	free(ranges);
	return r;
}

static int encode(struct server *server, const struct message *message, int fd)
{
	const struct message_encode *range = message->body;
	const struct query query = { range->start_unix_ns, range->end_unix_ns, NULL };
	const struct encoder *encoder = encoder_find(message_text(message, 0));
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct message_encoded encoded = { 0 };
	int r = encoder ? 0 : -EINVAL;

	if (r == 0)
		r = encoder->wants_moments ? query_run_timed(server->store, &query, &profile)
					   : query_run(server->store, &query, &profile);
	if (r == 0)
		r = encoder->encode(profile, &bytes);
	if (r == 0)
		r = file_write_fd(fd, bytes.data, bytes.size);
	for (size_t i = 0; r == 0 && i < profile->n_samples; i++)
		encoded.n_samples += profile->samples[i].count;
	encoded.result = r;
	return channel_send(server->channel, MESSAGE_ENCODED, &encoded, sizeof(encoded));
}

static int add_file(struct server *server, const struct message_file *file, const char *path)
{
	int r = store_add_file(server->store, file->file, path);

	return r < 0 ? r : store_set_file_key(server->store, file->file, &file->key);
}

static int add_process(struct server *server, const struct message *message)
{
	const struct message_process *body = message->body;
	struct store_process process = { .process = body->process };
	_cleanup_(label_set_fini) struct label_set labels = { 0 };
	struct process_message told;
	char pid[16];
	int r;

	process_message_read(message, &told);
	r = labeler_label(server->labeler, &told.facts, &labels);
	if (r < 0)
		return r;
	process.is_left_out = r == 1;
	snprintf(pid, sizeof(pid), "%" PRIu32, body->pid);
	if (!strcmp(label_set_get(&labels, LABEL_PID), pid)) {
		process.pid = body->pid; /* as a number, it leaves labels that others share */
		(void)label_set_put(&labels, LABEL_PID, "");
	}
	process.labels = labels.labels;
	process.n_labels = labels.n_labels;
	return store_add_process(server->store, &process);
}

static void add_samples(struct server *server, const struct message *message)
{
	size_t n_samples = message->body_bytes / sizeof(struct sample);
	size_t n_stored = store_add_samples(server->store, message->body, n_samples);
	uint64_t n_left_out = store_left_out_count(server->store);

	server->stored.n_stored += n_stored;
	server->stored.n_refused += n_samples - n_stored - (n_left_out - server->stored.n_left_out);
	server->stored.n_left_out = n_left_out;
	server->is_stored_due = true;
}

static int configure_labels(struct server *server, const struct message *message)
{
	_cleanup_(labeling_fini) struct labeling labeling = { 0 };
	int r = labeling_take(&labeling, message);

	return r < 0 ? r : labeler_configure(server->labeler, &labeling);
}

static void resume_service(struct server *server, const struct message *message)
{
	const struct message_service *service = message->body;

	store_resume_service(server->store, message_text(message, 0), service->cpu_ns);
}

static void set_status(struct server *server, const struct sampler_status *sampler)
{
	struct store_status store;

	store_get_status(server->store, &store);
	status_join(sampler, &store, &server->status);
	server->status.labels = labeler_get_status(server->labeler);
	(void)service_counts_tell(&store.services, &server->told, server->channel);
	if (server->history)
		history_get_status(server->history, &server->status.history);
}

/* What describes something goes to the store as it is. Returns 0, -errno, or 1: another type. */
static int describe(struct server *server, const struct message *message, const int *fds)
{
	const struct message_thread *thread = message->body;
	const struct message_stack *stack = message->body;
	const struct message_file *file = message->body;
	const struct message_description *description = message->body;

	switch (message->type) {
	case MESSAGE_DICTIONARY:
		return store_begin_dictionary(server->store, file->file);
	case MESSAGE_FILE:
		return add_file(server, file, message_text(message, 0));
	case MESSAGE_DESCRIPTION:
		return store_describe_file(server->store, description->file,
					   &description->description);
	case MESSAGE_NAMES:
		return name_file(server, message->body, fds[0]);
	case MESSAGE_KERNEL_NAMES:
		return name_kernel(server, fds);
	case MESSAGE_PROCESS:
		return add_process(server, message);
	case MESSAGE_THREAD:
		return store_add_thread(server->store, thread->thread, thread->process, thread->tid,
					message_text(message, 0));
	case MESSAGE_STACK:
		return store_add_stack(server->store, stack->stack, message_frames(message),
				       stack->n_frames);
	default:
		return 1;
	}
}

static int take_reply(struct server *server, const struct message_reply *reply, int fd)
{
	_cleanup_(closep) int owned = fd;

	if (!server->web || reply->result > 0)
		return -EBADMSG;
	web_server_take_reply(server->web, reply->ticket, reply->result, steal_fd(&owned));
	return 0;
}

static int on_message(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct server *server = context;

	switch (message->type) {
	case MESSAGE_PING:
		return channel_send(server->channel, MESSAGE_PONG, NULL, 0);
	case MESSAGE_SAMPLES:
		add_samples(server, message);
		return 0;
	case MESSAGE_STATUS:
		set_status(server, message->body);
		return 0;
	case MESSAGE_LABELING:
		return configure_labels(server, message);
	case MESSAGE_SERVICE:
		resume_service(server, message);
		return 0;
	case MESSAGE_ENCODE:
		return encode(server, message, fds[0]);
	case MESSAGE_REPLY:
		return take_reply(server, message->body, steal_fd(&fds[0]));
	default:
		/* A description that finds no memory, or nothing to describe, is missed by the
		 * samples that refer to it, and these are counted. */
		return describe(server, message, fds) == 1 ? -EBADMSG : 0;
	}
}

static int on_channel(void *context)
{
	struct server *server = context;
	int r = channel_receive(server->channel, on_message, server);

	if (r < 0)
		return r;
	if (server->is_stored_due) {
		server->is_stored_due = false;
		r = channel_send(server->channel, MESSAGE_STORED, &server->stored,
				 sizeof(server->stored));
		if (r < 0)
			return r;
	}
	r = channel_flush(server->channel);
	return r == -EAGAIN ? 0 : r;
}

static int on_web(void *context)
{
	struct server *server = context;

	web_server_run(server->web);
	return 0;
}

static int on_timer(void *context)
{
	struct server *server = context;

	store_expire(server->store, clock_unix_ns());
	return server->web ? on_web(server) : 0;
}

static int on_signal(void *context, int signal)
{
	(void)context;
	(void)signal;
	return 0; /* the sampler ends us, after the last samples */
}

static void get_status(void *context, struct status *ret_status)
{
	const struct server *server = context;

	*ret_status = server->status;
}

static int ask_source(struct server *server, uint32_t ticket, const char *path)
{
	struct {
		struct message_number number;
		char path[MESSAGE_MAX_TEXT_BYTES];
	} body = { .number = { ticket, 0 } };
	size_t length = strlen(path) + 1;

	if (length > sizeof(body.path))
		return -ENAMETOOLONG;
	memcpy(body.path, path, length);
	return channel_send(server->channel, MESSAGE_ASK_SOURCE, &body,
			    sizeof(body.number) + length);
}

static int ask(void *context, uint32_t ticket, const struct question *question)
{
	struct server *server = context;
	const struct message_code code = {
		.ticket = ticket,
		.file = question->file,
		.start_vaddr = question->start_vaddr,
		.end_vaddr = question->end_vaddr,
	};
	int r;

	if (question->kind == QUESTION_SOURCE)
		r = ask_source(server, ticket, question->path);
	else
		r = channel_send(server->channel, MESSAGE_ASK_CODE, &code, sizeof(code));
	if (r < 0)
		return r;
	r = channel_flush(server->channel);
	return r == -EAGAIN ? 0 : r;
}

/* Ask the sampler for names of files of the past. */
static int on_past_files(void *context)
{
	struct server *server = context;
	struct message_ask_names question = { 0 };
	int r = 0;

	while (r == 0 && past_files_next(server->store, &question.file, &question.key))
		r = channel_send(server->channel, MESSAGE_ASK_NAMES, &question, sizeof(question));
	if (r == 0)
		r = channel_flush(server->channel);
	return r == -EAGAIN ? 0 : r;
}

static bool is_in_memory(const struct options *options)
{
	return !strcmp(options->store, DATABASE_IN_MEMORY);
}

/* A history in memory gets an eighth of that. */
static int start_history(struct server *server, const struct options *options)
{
	struct history_options history_options = {
		.folder = server->history_folder,
		.retention_age_s = options->retention_age_ns / NS_PER_SECOND,
		.retention_bytes = (int64_t)options->retention_bytes,
		.on_put_aside = history_log_put_aside,
	};
	int opened, fd, r;

	if (is_in_memory(options) && options->retention_bytes > options->memory_bytes / 8)
		history_options.retention_bytes = (int64_t)options->memory_bytes / 8;
	opened = history_open(&history_options, &server->history);
	if (!server->history)
		return opened;
	if (opened < 0)
		log_line("history: %s: %s; what is new stays in memory", options->store,
			 history_strerror(opened));
	history_attach(server->history, server->store);
	fd = past_files_open(server->store);
	if (fd < 0)
		return fd;
	r = loop_add_fd(server->loop, fd, EPOLLIN, on_past_files, server);
	return r < 0 ? r
		     : history_keeper_start(server->history, server->store, opened,
					    &server->keeper);
}

static int start_web(struct server *server, const struct options *options)
{
	const struct web_server_options web_options = {
		.listen_fd = ROLE_LISTEN_FD,
		.store = server->store,
		.allow_hosts = options->allow_hosts,
		.has_source_dirs = options->source_dirs != NULL,
		.version = PILOTLIGHT_VERSION,
		.metrics_services = options->metrics_services,
		.metrics_functions = options->metrics_functions,
		.n_workers = N_WORKERS,
		.get_status = get_status,
		.ask = ask,
		.context = server,
	};
	int r = web_server_new(&web_options, &server->web);

	if (r < 0)
		return r;
	return loop_add_fd(server->loop, web_server_fd(server->web), EPOLLIN, on_web, server);
}

static int set_up(struct server *server, const struct options *options)
{
	const int signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	const bool has_disk = options->command != COMMAND_DAEMON || !is_in_memory(options);
	const struct store_options store_options = {
		.memory_bytes = options->memory_bytes / 8 * (has_disk ? 3 : 2),
		.retention_ns = options->retention_age_ns < STORE_RETENTION_NS
					? options->retention_age_ns
					: STORE_RETENTION_NS,
		.period_ns = NS_PER_SECOND / options->frequency_hz,
	};
	int r;

	r = store_new(&store_options, &server->store);
	if (r == 0)
		r = labeler_new(&server->labeler);
	if (r == 0)
		r = loop_new(&server->loop);
	if (r == 0)
		r = channel_new(ROLE_CHANNEL_FD, 64 * MESSAGE_MAX_PACKET_BYTES, &server->channel);
	if (r == 0)
		r = loop_add_signals(server->loop, signals, on_signal, NULL);
	if (r == 0)
		r = loop_add_timer(server->loop, EXPIRE_INTERVAL_MS, on_timer, server);
	if (r == 0)
		r = loop_add_fd(server->loop, ROLE_CHANNEL_FD, EPOLLIN, on_channel, server);
	if (r == 0 && options->command == COMMAND_DAEMON)
		r = start_history(server, options);
	if (r == 0 && options->command == COMMAND_DAEMON)
		r = start_web(server, options);
	return r;
}

/* From here on it reads what strangers wrote. Where there is no Landlock, the uid keeps it from
 * files. */
static int confine(const struct server *server, const struct options *options)
{
	const struct file_gate gates[] = { { server->history_folder, true }, { NULL, false } };
	int r;

	if (options->command != COMMAND_DAEMON || is_in_memory(options))
		return sandbox_filter(FILTER_SERVER);
	r = file_fence_raise(gates);
	if (r == 0 || r == -ENOSYS || r == -EOPNOTSUPP)
		r = sandbox_filter(FILTER_SERVER_WITH_FOLDER);
	return r;
}

int server_main(const struct options *options)
{
	struct server server = { .history_folder = options->store };
	int r;

	/* Whoever is in the folder needs no right to those above it. */
	if (options->command == COMMAND_DAEMON && !is_in_memory(options) &&
	    chdir(options->store) == 0)
		server.history_folder = ".";
	r = sandbox_drop_privileges(ROLE_SERVER);
	if (r == 0)
		r = set_up(&server, options);
	if (r == 0)
		r = confine(&server, options);
	if (r < 0) {
		log_line("server: cannot start: %s", strerror(-r));
		return 1;
	}
	r = loop_run(server.loop);
	web_server_free(server.web);
	history_keeper_stop(server.keeper);
	loop_free(server.loop);
	channel_free(server.channel);
	history_close(server.history);
	store_free(server.store);
	labeler_free(server.labeler);
	return r == -EPIPE ? 0 : 1;
}
