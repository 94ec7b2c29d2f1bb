/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/binary_describer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/file_opener.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/table_loader.h"
#include "profiler/mapping.h"

enum {
	MAX_BINARIES = 4096,
	MAX_ATTEMPTS = 3, /* to have one read, over deaths of the resolver */
};

/* It is expensive to read files again: so long, at least, they are kept. */
#define FILES_KEPT_NS (30 * NS_PER_SECOND)

#define ALWAYS_USED UINT32_MAX /* last_used of what is never forgotten */

struct binary_describer {
	struct role_process *server;
	struct role_process *resolver;
	struct table_loader *tables;
	struct binary_table *binaries;
	struct binary *vdso;
	uint32_t dictionary;
	int kernel_fds[MESSAGE_MAX_FDS]; /* symbol file and ranges, or −1 */
	uint64_t n_unreadable;
	uint64_t n_over_bound;
	int64_t forgotten_ns; /* when those were that were not used any more */
	uint64_t builds[BUILD_OUTCOME_COUNT];
	uint32_t n_builds_queued;
};

DEFINE_CLEANUP(struct binary_describer *, binary_describer_free)

/* If the resolver is not there, it will be asked when it is. */
static void ask_resolver(struct binary_describer *describer, uint32_t number, enum build_kind kind,
			 int fd)
{
	const struct message_build build = { number, kind };

	if (describer->resolver->channel &&
	    channel_send_fds(describer->resolver->channel, MESSAGE_BUILD, &build, sizeof(build),
			     (int[]){ fd, -1 }) == 0)
		role_process_flush(describer->resolver);
}

/* Without memory for that, its table is there when the kernel half has hit it. */
static void expect_table(struct binary_describer *describer, const struct binary *binary)
{
	(void)table_loader_expect(describer->tables, binary->number);
}

static void request_build(struct binary_describer *describer, struct binary *binary)
{
	binary->n_attempts++;
	if (!binary->had_table)
		expect_table(describer, binary);
	ask_resolver(describer, binary->number, binary->had_table ? BUILD_NAMES : BUILD_ELF,
		     binary->fd);
}

/* The resolver has said all that it will say of @binary. */
static void finish_build(struct binary_describer *describer, struct binary *binary,
			 enum build_outcome outcome)
{
	const struct message_names failed = { binary->number, NAMES_FAILED };

	if (!binary->had_table) /* else what is awaited was asked for after that one came */
		table_loader_finish(describer->tables, binary->number);
	if (binary->fd < 0)
		return;
	close(steal_fd(&binary->fd));
	describer->builds[outcome]++;
	describer->n_builds_queued--;
	if (binary->names != NAMES_PENDING)
		return;
	binary->names = NAMES_FAILED;
	if (binary->dictionary == describer->dictionary && describer->server->channel)
		channel_send(describer->server->channel, MESSAGE_NAMES, &failed, sizeof(failed));
}

/* Takes @fd, also on failure. The resolver is still to be asked. */
static int add_binary(struct binary_describer *describer, const struct stat *status,
		      const char *path, int fd, struct binary **ret_binary)
{
	_cleanup_(closep) int owned = fd;
	const struct binary_identity identity = binary_identity_of(status);
	struct binary *binary;
	int r;

	r = binary_table_add(describer->binaries, &identity, path, &binary);
	describer->n_over_bound += r == -ENOSPC;
	if (r < 0)
		return r;
	binary->fd = steal_fd(&owned);
	binary->last_used = describer->dictionary;
	describer->n_builds_queued++;
	*ret_binary = binary;
	return 0;
}

static int add_vdso(struct binary_describer *describer)
{
	_cleanup_(closep) int fd = file_opener_open_vdso();
	struct stat status;
	int r;

	if (fd < 0)
		return 0; /* there is none: an old machine, or a tool that hides it */
	if (fstat(fd, &status) < 0)
		return -errno;
	r = add_binary(describer, &status, "[vdso]", steal_fd(&fd), &describer->vdso);
	if (r < 0)
		return r;
	describer->vdso->last_used = ALWAYS_USED;
	request_build(describer, describer->vdso);
	return 0;
}

int binary_describer_new(struct role_process *server, struct role_process *resolver,
			 struct table_loader *tables, struct binary_describer **ret_describer)
{
	_cleanup_(binary_describer_freep) struct binary_describer *describer =
		calloc(1, sizeof(*describer));
	int r;

	if (!describer)
		return -ENOMEM;
	describer->server = server;
	describer->resolver = resolver;
	describer->tables = tables;
	for (int i = 0; i < MESSAGE_MAX_FDS; i++)
		describer->kernel_fds[i] = -1;
	r = binary_table_new(MAX_BINARIES, &describer->binaries);
	if (r == 0)
		r = add_vdso(describer);
	if (r < 0)
		return r;
	*ret_describer = steal(describer);
	return 0;
}

static void close_kernel_fds(struct binary_describer *describer)
{
	for (int i = 0; i < MESSAGE_MAX_FDS; i++) {
		if (describer->kernel_fds[i] >= 0)
			close(describer->kernel_fds[i]);
		describer->kernel_fds[i] = -1;
	}
}

struct binary_describer *binary_describer_free(struct binary_describer *describer)
{
	if (!describer)
		return NULL;
	close_kernel_fds(describer);
	binary_table_free(describer->binaries);
	free(describer);
	return NULL;
}

/* A mapping of the process with the folder @process_fd, and who the file in it is. */
struct mapped_file {
	int process_fd;
	const struct mapping *mapping;
	struct stat status;
};

/* As below, but does not ask for a new one; *@ret_fd, if it is not NULL, is the open file, or −1 if
 * a new binary has taken it. */
static int get_binary(struct binary_describer *describer, const struct mapped_file *file,
		      struct binary **ret_binary, int *ret_fd)
{
	const struct binary_identity identity = binary_identity_of(&file->status);
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = -1;
	int r;

	*ret_binary = binary_table_find(describer->binaries, &identity);
	if (*ret_binary && !ret_fd)
		return 0;
	fd = file_opener_open(file->process_fd, file->mapping, &file->status);
	if (fd < 0) {
		describer->n_unreadable++;
		return fd;
	}
	if (*ret_binary) {
		*ret_fd = steal_fd(&fd);
		return 0;
	}
	r = file_opener_path(file->process_fd, file->mapping, &path);
	return r < 0 ? r : add_binary(describer, &file->status, path, steal_fd(&fd), ret_binary);
}

static bool is_new(const struct binary *binary)
{
	return binary->n_attempts == 0;
}

/* The table of @binary, whose file is open as @fd too unless it is new, is awaited: have it loaded
 * or made. What is being made already will come. */
static void request_table(struct binary_describer *describer, struct binary *binary, int fd)
{
	const bool is_first = is_new(binary);

	if (!is_first && !binary->had_table) {
		if (binary->fd < 0) /* it was read before it was hit, and has none */
			table_loader_finish(describer->tables, binary->number);
		return;
	}
	/* One that was there is lost, or awaited by another key. */
	if (table_loader_load_cached(describer->tables, binary->number, is_first ? binary->fd : fd))
		binary->had_table = true;
	else if (!is_first)
		ask_resolver(describer, binary->number, BUILD_TABLE, fd);
	if (is_first)
		request_build(describer, binary);
}

int binary_describer_get(struct binary_describer *describer, int process_fd,
			 const struct mapping *mapping, struct binary **ret_binary)
{
	struct mapped_file file = { process_fd, mapping, { 0 } };
	int r = file_opener_stat(process_fd, mapping, &file.status);

	if (r == 0)
		r = get_binary(describer, &file, ret_binary, NULL);
	if (r == 0 && is_new(*ret_binary)) {
		expect_table(describer, *ret_binary);
		request_table(describer, *ret_binary, -1);
	}
	return r;
}

/* The binary that @record tells of, as get_binary() does. */
static int get_told_binary(struct binary_describer *describer, const struct file_record *record,
			   int process_fd, struct binary **ret_binary, int *ret_fd)
{
	const struct mapping mapping = {
		.start_pc = record->start_pc,
		.end_pc = record->end_pc,
		.path = "",
	};
	struct mapped_file file = { process_fd, &mapping, { 0 } };
	int r = file_opener_stat(process_fd, &mapping, &file.status);

	if (r < 0)
		return r;
	if (!file_opener_is_file(&file.status, &record->key))
		return -ESTALE;
	return get_binary(describer, &file, ret_binary, ret_fd);
}

static bool is_vdso(const struct file_key *key)
{
	return key->inode == 1 && key->device == 0;
}

int binary_describer_take_file(struct binary_describer *describer, const struct file_record *record,
			       int process_fd)
{
	struct binary *binary = describer->vdso;
	_cleanup_(closep) int fd = -1;
	int r = 0;

	if (is_vdso(&record->key))
		fd = file_opener_open_vdso();
	else
		r = get_told_binary(describer, record, process_fd, &binary, &fd);
	if (r < 0 || !binary)
		return r < 0 ? r : -ENOENT;
	binary->last_used = binary == describer->vdso ? ALWAYS_USED : describer->dictionary;
	r = table_loader_add(describer->tables, &record->key, record->file, binary->number);
	if (r == 0 && table_loader_kind(describer->tables, binary->number) == UNWIND_FILE_PENDING)
		request_table(describer, binary, fd);
	return r;
}

struct binary *binary_describer_find(const struct binary_describer *describer, uint32_t number)
{
	return binary_table_find_number(describer->binaries, number);
}

struct binary *binary_describer_vdso(const struct binary_describer *describer)
{
	return describer->vdso;
}

static int send_description(struct binary_describer *describer, const struct binary *binary)
{
	const struct message_description message = {
		.file = binary->number,
		.description = binary->description,
	};

	return channel_send(describer->server->channel, MESSAGE_DESCRIPTION, &message,
			    sizeof(message));
}

static int send_names(struct binary_describer *describer, const struct binary *binary)
{
	const struct message_names names = { binary->number, binary->names };

	return channel_send_fds(describer->server->channel, MESSAGE_NAMES, &names, sizeof(names),
				(int[]){ binary->symbols_fd, -1 });
}

int binary_describer_describe(struct binary_describer *describer, struct binary *binary)
{
	struct message_file message = { .file = binary->number };
	const struct iovec parts[] = { { &message, sizeof(message) },
				       { binary->path, strlen(binary->path) + 1 } };
	int r;

	if (binary->last_used != ALWAYS_USED)
		binary->last_used = describer->dictionary;
	if (binary->dictionary == describer->dictionary)
		return 0;
	r = channel_send_parts(describer->server->channel, MESSAGE_FILE, parts, 2);
	if (r == 0 && binary->is_described)
		r = send_description(describer, binary);
	if (r == 0 && binary->names != NAMES_PENDING)
		r = send_names(describer, binary);
	if (r == 0)
		binary->dictionary = describer->dictionary;
	return r;
}

static int send_kernel_names(struct binary_describer *describer)
{
	if (describer->kernel_fds[0] < 0 || !describer->server->channel)
		return 0;
	return channel_send_fds(describer->server->channel, MESSAGE_KERNEL_NAMES, NULL, 0,
				describer->kernel_fds);
}

static void forget_binary(void *context, const struct binary *binary)
{
	struct binary_describer *describer = context;

	table_loader_forget(describer->tables, binary->number);
}

int binary_describer_begin_dictionary(struct binary_describer *describer, uint32_t dictionary)
{
	describer->dictionary = dictionary;
	return send_kernel_names(describer);
}

void binary_describer_forget_unused(struct binary_describer *describer, uint32_t dictionary)
{
	binary_table_forget_unused(describer->binaries, dictionary, forget_binary, describer);
	describer->forgotten_ns = clock_monotonic_ns();
}

/* A binary at which several resolvers have died is left alone. */
static void request_again(void *context, struct binary *binary)
{
	struct binary_describer *describer = context;

	if (binary->fd < 0)
		return;
	if (binary->n_attempts >= MAX_ATTEMPTS)
		finish_build(describer, binary, BUILD_CRASHED);
	else
		request_build(describer, binary);
}

void binary_describer_on_resolver_start(struct binary_describer *describer)
{
	table_loader_release(describer->tables);
	binary_table_each(describer->binaries, request_again, describer);
	binary_describer_request_kernel(describer);
}

void binary_describer_request_kernel(struct binary_describer *describer)
{
	/* Opened with our privileges: who opens it decides whether it shows addresses. */
	_cleanup_(closep) int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		ask_resolver(describer, 0, BUILD_KERNEL, fd);
}

static void take_table(struct binary_describer *describer, const struct message_table *message,
		       int fd)
{
	struct binary *binary = binary_table_find_number(describer->binaries, message->file);

	if (!binary)
		return;
	binary->had_table = true;
	table_loader_put(describer->tables, message->file, fd);
}

static void take_description(struct binary_describer *describer,
			     const struct message_description *message)
{
	struct binary *binary = binary_table_find_number(describer->binaries, message->file);

	if (!binary)
		return;
	binary->description = message->description;
	binary->is_described = true;
	if (binary->dictionary == describer->dictionary && describer->server->channel)
		send_description(describer, binary);
}

static int take_names(struct binary_describer *describer, const struct message_names *names,
		      int fds[MESSAGE_MAX_FDS])
{
	struct binary *binary = binary_table_find_number(describer->binaries, names->file);

	if (fds[0] < 0 || (names->state != NAMES_FUNCTIONS && names->state != NAMES_LINES))
		return -EBADMSG;
	if (!binary)
		return 0;
	if (binary->symbols_fd >= 0)
		close(binary->symbols_fd);
	binary->symbols_fd = steal_fd(&fds[0]);
	binary->names = (enum names_state)names->state;
	if (binary->dictionary == describer->dictionary && describer->server->channel)
		send_names(describer, binary);
	return 0;
}

static int take_kernel_names(struct binary_describer *describer, int fds[MESSAGE_MAX_FDS])
{
	if (fds[0] < 0 || fds[1] < 0)
		return -EBADMSG;
	close_kernel_fds(describer);
	for (int i = 0; i < MESSAGE_MAX_FDS; i++)
		describer->kernel_fds[i] = steal_fd(&fds[i]);
	send_kernel_names(describer);
	return 0;
}

int binary_describer_on_message(struct binary_describer *describer, const struct message *message,
				int fds[MESSAGE_MAX_FDS])
{
	const struct message_built *built = message->body;
	struct binary *binary;
	int r = 0;

	switch (message->type) {
	case MESSAGE_TABLE:
		take_table(describer, message->body, fds[0]);
		break;
	case MESSAGE_DESCRIPTION:
		take_description(describer, message->body);
		break;
	case MESSAGE_NAMES:
		r = take_names(describer, message->body, fds);
		break;
	case MESSAGE_KERNEL_NAMES:
		r = take_kernel_names(describer, fds);
		break;
	case MESSAGE_BUILT:
		binary = binary_table_find_number(describer->binaries, built->file);
		if (built->kind == BUILD_TABLE)
			table_loader_finish(describer->tables, built->file);
		else if (binary)
			finish_build(describer, binary, (enum build_outcome)built->outcome);
		break;
	default:
		r = -EBADMSG;
	}
	role_process_flush(describer->server);
	return r;
}

bool binary_describer_is_crowded(const struct binary_describer *describer)
{
	return clock_monotonic_ns() - describer->forgotten_ns >= FILES_KEPT_NS &&
	       binary_table_count(describer->binaries) >= MAX_BINARIES / 4 * 3;
}

void binary_describer_get_status(const struct binary_describer *describer,
				 struct sampler_status *ret_status)
{
	ret_status->files_unreadable = describer->n_unreadable;
	ret_status->files_over_bound = describer->n_over_bound;
	ret_status->n_builds_queued = describer->n_builds_queued;
	ret_status->n_files = (uint32_t)binary_table_count(describer->binaries);
	memcpy(ret_status->builds, describer->builds, sizeof(describer->builds));
}
