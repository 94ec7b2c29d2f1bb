/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/sampler.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/channel.h"
#include "profiler/daemon/binary_describer.h"
#include "profiler/daemon/container_describer.h"
#include "profiler/daemon/describer.h"
#include "profiler/daemon/fetcher.h"
#include "profiler/daemon/inquiries.h"
#include "profiler/daemon/kernel_half.h"
#include "profiler/daemon/kernel_half_loader.h"
#include "profiler/daemon/log.h"
#include "profiler/daemon/loop.h"
#include "profiler/daemon/options.h"
#include "profiler/daemon/options_read.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/sampler_process.h"
#include "profiler/daemon/sandbox.h"
#include "profiler/daemon/server_memory.h"
#include "profiler/daemon/status_reader.h"
#include "profiler/daemon/table_cache.h"
#include "profiler/daemon/table_loader.h"
#include "profiler/daemon/table_store.h"
#include "profiler/status.h"

enum {
	READ_INTERVAL_MS = 200,   /* of the ring, if nothing in it is urgent */
	SEND_INTERVAL_MS = 150,   /* of what was read; whatever is urgent, the server can wait */
	SEND_AT_BYTES = 1 << 20,  /* at once, if there is so much */
	CHECK_INTERVAL_MS = 1000, /* of roles, CPUs, and what they cost */
	PERIOD_MS = 5 * 60 * 1000,
	FINISH_WAIT_MS = 5000,
	ROLE_STOP_WAIT_MS = 2000,
	ENCODE_WAIT_MS = 60000,
	KEEP_WAIT_MS = 1000, /* at the end, for names that are not on disk yet */
	SERVER_QUEUE_BYTES = 16 << 20,
	RESOLVER_QUEUE_BYTES = 4 << 20,
	CONTAINERS_PART_OF_MEMORY = 32, /* that is for what they are called */
};

struct sampler {
	const struct options *options;
	struct loop *loop;
	struct kernel_half *half;
	struct table_store *table_store;
	struct table_cache *table_cache;
	struct table_loader *table_loader;
	struct container_describer *containers;
	struct describer *describer;
	struct role_events events;
	struct role_process roles[ROLE_COUNT]; /* all but the sampler's own */
	struct inquiries inquiries;
	struct server_memory server_memory;
	int config_fd; /* what roles read: a memory file, or −1 */
	struct sampler_status status;
	int64_t stop_unix_ns;
	uint64_t n_sent; /* samples, with the status that goes with them */
	int64_t sent_ns; /* when the server was last told, by the monotonic clock */
	bool is_ring_awaited;
	bool is_encoded;
	bool is_hurried; /* names are not waited for any more */
	struct message_encoded encoded;
};

DEFINE_CLEANUP(struct sampler *, sampler_free)

static void on_record(void *context, const void *record, size_t size)
{
	struct sampler *sampler = context;

	describer_take_record(sampler->describer, record, size);
}

static void on_pending(void *context, const void *record, size_t size)
{
	struct sampler *sampler = context;

	describer_take_pending(sampler->describer, record, size);
}

static void on_forget_stack(void *context, uint64_t stack_hash)
{
	struct sampler *sampler = context;

	kernel_half_forget_stack(sampler->half, stack_hash);
}

static void send_status(struct sampler *sampler)
{
	const struct status_sources sources = {
		.half = sampler->half,
		.tables = sampler->table_store,
		.cache = sampler->table_cache,
		.describer = sampler->describer,
		.containers = sampler->containers,
	};
	struct channel *channel = sampler->roles[ROLE_SERVER].channel;

	if (channel && status_reader_read(&sources, &sampler->status) == 0)
		channel_send(channel, MESSAGE_STATUS, &sampler->status, sizeof(sampler->status));
}

/* A ring that is left as it is would call us for ever: then only the timer does. */
static void await_ring(struct sampler *sampler, bool is_awaited)
{
	if (is_awaited == sampler->is_ring_awaited)
		return;
	sampler->is_ring_awaited = is_awaited;
	loop_change_fd(sampler->loop, kernel_half_fd(sampler->half), is_awaited ? EPOLLIN : 0);
}

/* Tell the server all that was read. */
static void send_all(struct sampler *sampler)
{
	describer_finish_pending(sampler->describer);
	describer_flush(sampler->describer);
	describer_relieve(sampler->describer);
	send_status(sampler);
	role_process_flush(&sampler->roles[ROLE_SERVER]);
	sampler->n_sent = describer_sent_count(sampler->describer);
	sampler->sent_ns = clock_monotonic_ns();
}

static bool is_sending_due(const struct sampler *sampler)
{
	return clock_monotonic_ns() - sampler->sent_ns >= SEND_INTERVAL_MS * NS_PER_MS ||
	       describer_sent_count(sampler->describer) != sampler->n_sent || /* it had to */
	       (sampler->roles[ROLE_SERVER].channel &&
		channel_queued_bytes(sampler->roles[ROLE_SERVER].channel) >= SEND_AT_BYTES);
}

/* Each process that is new calls us, lest it be gone: most times there is little to tell yet. */
static int read_ring(void *context)
{
	struct sampler *sampler = context;
	bool is_ready = describer_is_server_ready(sampler->describer);
	int r;

	await_ring(sampler, is_ready);
	container_describer_tend(sampler->containers);
	if (!is_ready)
		return 0; /* the ring keeps them, and counts what it cannot keep */
	r = kernel_half_read(sampler->half);
	if (r == 0 && describer_has_pending(sampler->describer))
		r = kernel_half_read(sampler->half); /* execs before their mappings were read */
	table_loader_run(sampler->table_loader);
	binary_describer_keep_names(describer_binaries(sampler->describer));
	if (is_sending_due(sampler))
		send_all(sampler);
	return r;
}

static int on_check_timer(void *context)
{
	struct sampler *sampler = context;
	int r = kernel_half_refresh_cpus(sampler->half);

	if (r >= 0)
		sampler->status.n_cpus = (uint32_t)r;
	describer_tend_files(sampler->describer);
	role_self_get_status(&sampler->status.roles[ROLE_SAMPLER]);
	for (int role = 0; role < ROLE_COUNT; role++) {
		struct role_process *process = &sampler->roles[role];

		if (!process->loop)
			continue; /* it was never started */
		role_process_check(process);
		role_process_get_status(process, &sampler->status.roles[role]);
	}
	return 0;
}

static int on_period_timer(void *context)
{
	struct sampler *sampler = context;

	describer_end_period(sampler->describer);
	return 0;
}

static int on_role_start(void *context, enum role role)
{
	struct sampler *sampler = context;
	int r = 0;

	if (role == ROLE_SERVER) {
		r = server_memory_tell(&sampler->server_memory, sampler->roles[role].channel);
		if (r == 0)
			r = describer_begin_dictionary(sampler->describer);
	} else if (role == ROLE_RESOLVER) {
		describer_on_resolver_start(sampler->describer);
		container_describer_on_resolver_start(sampler->containers);
	}
	return r;
}

static void on_role_end(void *context, enum role role, const char *reason)
{
	struct sampler *sampler = context;

	if (role == ROLE_SERVER) {
		describer_on_server_end(sampler->describer);
		sampler->encoded = (struct message_encoded){ .result = -EPIPE };
		sampler->is_encoded = true;
	}
	if (role == ROLE_FETCHER)
		binary_describer_on_fetcher_end(describer_binaries(sampler->describer));
	log_line("%s %s; it is started anew, sampling goes on", role_names[role], reason);
}

static int on_server_message(struct sampler *sampler, const struct message *message)
{
	if (inquiries_are(message))
		return inquiries_take_question(&sampler->inquiries, message);
	if (message->type == MESSAGE_SERVICE) {
		server_memory_take(&sampler->server_memory, message);
		return 0;
	}
	if (message->type != MESSAGE_ENCODED) {
		int r = describer_on_server_message(sampler->describer, message);

		return r < 0 || sampler->is_ring_awaited ? r : read_ring(sampler);
	}
	sampler->encoded = *(const struct message_encoded *)message->body;
	sampler->is_encoded = true;
	return 0;
}

static int on_role_message(void *context, enum role role, const struct message *message,
			   int fds[MESSAGE_MAX_FDS])
{
	struct sampler *sampler = context;

	if (role == ROLE_SERVER)
		return on_server_message(sampler, message);
	if (container_describer_owns(message))
		return container_describer_on_message(sampler->containers, role, message, fds);
	if (role == ROLE_FETCHER)
		return binary_describer_on_fetcher_message(describer_binaries(sampler->describer),
							   message, fds);
	if (inquiries_are(message))
		return inquiries_take_reply(&sampler->inquiries, message, fds[0]);
	return describer_on_resolver_message(sampler->describer, message, fds);
}

static int start_role(struct sampler *sampler, const struct sampler_setup *setup, enum role role)
{
	struct role_process *process = &sampler->roles[role];

	*process = (struct role_process){
		.role = role,
		.args = setup->args,
		.listen_fd = role == ROLE_SERVER ? setup->listen_fd : -1,
		.config_fd = sampler->config_fd,
		.loop = sampler->loop,
		.events = &sampler->events,
		.queue_limit_bytes =
			role == ROLE_SERVER ? SERVER_QUEUE_BYTES : RESOLVER_QUEUE_BYTES,
	};
	return role_process_start(process);
}

static int start_tables(struct sampler *sampler, const struct options *options)
{
	const struct table_cache_options cache = {
		.folder = options->cache,
		.max_bytes = TABLE_CACHE_MAX_BYTES,
	};
	const struct table_store_maps maps = kernel_half_table_maps(sampler->half);
	int r;

	r = table_store_new(&maps, options->memory_bytes / 2, &sampler->table_store);
	if (r == 0)
		r = table_cache_new(&cache, &sampler->table_cache);
	return r < 0 ? r
		     : table_loader_new(sampler->table_store, sampler->table_cache,
					&sampler->table_loader);
}

static int start_containers(struct sampler *sampler, const struct options *options)
{
	const struct container_describer_options containers = {
		.resolver = &sampler->roles[ROLE_RESOLVER],
		.fetcher = &sampler->roles[ROLE_FETCHER],
		.pods = options->pods,
		.docker_folder = CONTAINER_DOCKER_FOLDER,
		.podman_list = CONTAINER_PODMAN_LIST,
		.max_bytes = options->memory_bytes / CONTAINERS_PART_OF_MEMORY,
	};

	return container_describer_new(&containers, &sampler->containers);
}

static int start_roles(struct sampler *sampler, const struct sampler_setup *setup)
{
	struct describer_options options = {
		.server = &sampler->roles[ROLE_SERVER],
		.resolver = &sampler->roles[ROLE_RESOLVER],
		.fetcher = &sampler->roles[ROLE_FETCHER],
		.debuginfod_urls = fetcher_urls(setup->options),
		.cache = setup->options->cache,
		.debug_folders = setup->options->debug_folders,
		.memory_bytes = setup->options->memory_bytes,
		.on_forget_stack = on_forget_stack,
		.context = sampler,
	};
	int r;

	sampler->events = (struct role_events){
		.on_message = on_role_message,
		.on_start = on_role_start,
		.on_end = on_role_end,
		.context = sampler,
	};
	sampler->inquiries = (struct inquiries){
		.server = &sampler->roles[ROLE_SERVER],
		.resolver = &sampler->roles[ROLE_RESOLVER],
		.source_dirs = setup->options->source_dirs,
	};
	r = start_tables(sampler, setup->options);
	options.tables = sampler->table_loader;
	if (r == 0)
		r = start_containers(sampler, setup->options);
	options.containers = sampler->containers;
	if (r == 0)
		r = describer_new(&options, &sampler->describer);
	sampler->inquiries.describer = sampler->describer;
	if (r == 0)
		r = start_role(sampler, setup, ROLE_RESOLVER);
	if (r == 0)
		r = start_role(sampler, setup, ROLE_SERVER);
	if (r == 0 && fetcher_is_wanted(setup->options))
		r = start_role(sampler, setup, ROLE_FETCHER);
	if (r < 0)
		log_line("cannot start the roles: %s", strerror(-r));
	return r;
}

static int add_timers(struct sampler *sampler)
{
	int r;

	sampler->is_ring_awaited = true;
	r = loop_add_fd(sampler->loop, kernel_half_fd(sampler->half), EPOLLIN, read_ring, sampler);
	if (r == 0)
		r = loop_add_timer(sampler->loop, READ_INTERVAL_MS, read_ring, sampler);
	if (r == 0)
		r = loop_add_timer(sampler->loop, CHECK_INTERVAL_MS, on_check_timer, sampler);
	if (r == 0)
		r = loop_add_timer(sampler->loop, PERIOD_MS, on_period_timer, sampler);
	return r;
}

/* Where it cannot be, the first hit asks. */
static void preload_tables(struct sampler *sampler)
{
	(void)kernel_half_preload(sampler->half);
}

static int start_sampling(struct sampler *sampler)
{
	int r = kernel_half_refresh_cpus(sampler->half);

	if (r < 0) {
		log_line("cannot sample any CPU: %s; `pilotlight doctor` says what is missing",
			 strerror(-r));
		return r;
	}
	sampler->status.n_cpus = (uint32_t)r;
	sampler->status.start_unix_ns = clock_unix_ns();
	preload_tables(sampler);
	r = sandbox_drop_privileges(ROLE_SAMPLER);
	if (r == 0)
		r = sandbox_filter(FILTER_SAMPLER);
	if (r < 0)
		log_line("cannot give up privileges: %s", strerror(-r));
	return r;
}

int sampler_new(const struct sampler_setup *setup, struct sampler **ret_sampler)
{
	_cleanup_(sampler_freep) struct sampler *sampler = calloc(1, sizeof(*sampler));
	int r;

	if (!sampler)
		return -ENOMEM;
	sampler->options = setup->options;
	sampler->config_fd = -1;
	r = server_memory_set_labeling(&sampler->server_memory, &setup->options->labeling);
	if (r == 0)
		r = options_keep_config(setup->options, &sampler->config_fd);
	if (r == 0)
		r = sampler_process_prepare(setup->selects_processes);
	if (r == 0)
		r = loop_new(&sampler->loop);
	if (r == 0)
		r = kernel_half_load(setup->options, setup->selects_processes,
				     &(struct kernel_half_events){ on_record, on_pending, sampler },
				     &sampler->status, &sampler->half);
	if (r == 0)
		r = start_roles(sampler, setup);
	if (r == 0)
		r = add_timers(sampler);
	if (r == 0)
		r = start_sampling(sampler);
	if (r < 0)
		return r;
	*ret_sampler = steal(sampler);
	return 0;
}

struct sampler *sampler_free(struct sampler *sampler)
{
	if (!sampler)
		return NULL;
	for (int role = ROLE_COUNT - 1; role > ROLE_SAMPLER; role--)
		role_process_stop(&sampler->roles[role], ROLE_STOP_WAIT_MS);
	if (sampler->describer)
		binary_describer_keep_last_names(describer_binaries(sampler->describer),
						 clock_monotonic_ns() + KEEP_WAIT_MS * NS_PER_MS);
	describer_free(sampler->describer);
	container_describer_free(sampler->containers);
	table_loader_free(sampler->table_loader);
	table_cache_free(sampler->table_cache);
	table_store_free(sampler->table_store);
	kernel_half_free(sampler->half);
	loop_free(sampler->loop);
	server_memory_fini(&sampler->server_memory);
	closep(&sampler->config_fd);
	free(sampler);
	return NULL;
}

int sampler_select(struct sampler *sampler, uint32_t pid)
{
	int r = kernel_half_select(sampler->half, pid);

	if (r == 0)
		preload_tables(sampler);
	return r;
}

struct loop *sampler_loop(const struct sampler *sampler)
{
	return sampler->loop;
}

int sampler_set_frequency(struct sampler *sampler, unsigned int frequency_hz)
{
	sampler->status.frequency_hz = frequency_hz;
	return kernel_half_set_frequency(sampler->half, frequency_hz);
}

/* What was described already is described anew. */
int sampler_set_labeling(struct sampler *sampler, const struct labeling *labeling)
{
	struct channel *channel = sampler->roles[ROLE_SERVER].channel;
	int r = server_memory_set_labeling(&sampler->server_memory, labeling);

	if (r == 0 && channel)
		r = server_memory_tell_labeling(&sampler->server_memory, channel);
	return r == 0 && channel ? describer_begin_dictionary(sampler->describer) : r;
}

/* Run the loop until @is_done says so, at most @wait_ms. Returns whether it did. */
static bool run_until(struct sampler *sampler, bool (*is_done)(struct sampler *sampler),
		      int wait_ms)
{
	int64_t end_ns = clock_monotonic_ns() + wait_ms * NS_PER_MS;

	while (!is_done(sampler)) {
		if (clock_monotonic_ns() >= end_ns || loop_run_once(sampler->loop, 50) < 0)
			return false;
	}
	return true;
}

static bool is_server_ready(struct sampler *sampler)
{
	return describer_is_server_ready(sampler->describer);
}

static bool is_settled(struct sampler *sampler)
{
	return describer_is_settled(sampler->describer) &&
	       !describer_has_pending(sampler->describer);
}

void sampler_finish(struct sampler *sampler)
{
	kernel_half_stop(sampler->half);
	sampler->stop_unix_ns = clock_unix_ns() + 1; /* exclusive */
	run_until(sampler, is_server_ready, FINISH_WAIT_MS);
	sampler->sent_ns = 0;
	read_ring(sampler);
	if (!run_until(sampler, is_settled, FINISH_WAIT_MS))
		log_line("the server did not store the last samples in time");
}

static bool has_all_names(struct sampler *sampler)
{
	return sampler->is_hurried || describer_unread_count(sampler->describer) == 0;
}

uint32_t sampler_await_names(struct sampler *sampler, int wait_ms)
{
	describer_find_last_names(sampler->describer);
	run_until(sampler, has_all_names, wait_ms);
	return describer_unread_count(sampler->describer);
}

void sampler_hurry(struct sampler *sampler)
{
	sampler->is_hurried = true;
}

static bool is_encoded(struct sampler *sampler)
{
	return sampler->is_encoded;
}

int sampler_encode(struct sampler *sampler, const char *encoder, int fd, uint64_t *ret_n_samples)
{
	const struct message_encode message = {
		.start_unix_ns = sampler->status.start_unix_ns,
		.end_unix_ns = sampler->stop_unix_ns,
	};
	char body[sizeof(message) + 64] = { 0 };
	size_t length = strlen(encoder) + 1;
	int r;

	if (length > sizeof(body) - sizeof(message))
		return -EINVAL;
	if (!sampler->roles[ROLE_SERVER].channel)
		return -ECONNRESET;
	memcpy(body, &message, sizeof(message));
	memcpy(body + sizeof(message), encoder, length);
	sampler->is_encoded = false;
	r = channel_send_fds(sampler->roles[ROLE_SERVER].channel, MESSAGE_ENCODE, body,
			     sizeof(message) + length, (int[]){ fd, -1 });
	if (r < 0)
		return r;
	role_process_flush(&sampler->roles[ROLE_SERVER]);
	if (!run_until(sampler, is_encoded, ENCODE_WAIT_MS))
		return -ETIMEDOUT;
	*ret_n_samples = sampler->encoded.n_samples;
	return sampler->encoded.result;
}

uint64_t sampler_stored_count(const struct sampler *sampler)
{
	return describer_stored_count(sampler->describer);
}
