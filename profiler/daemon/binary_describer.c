/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/binary_describer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/binary_names.h"
#include "profiler/daemon/binary_opener.h"
#include "profiler/daemon/build_orders.h"
#include "profiler/daemon/debug_fetches.h"
#include "profiler/daemon/debug_file_supply.h"
#include "profiler/daemon/file_opener.h"
#include "profiler/daemon/late_names.h"
#include "profiler/daemon/missing_files.h"
#include "profiler/daemon/openings.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/symbol_folder.h"
#include "profiler/daemon/table_loader.h"
#include "profiler/frame.h"
#include "profiler/mapping.h"

/* Attempts to open a file for its names, in processes that have it mapped. */
enum { MAX_OPENS = 3 };

/* It is expensive to read files again: so long, at least, they are kept. */
#define FILES_KEPT_NS (30 * NS_PER_SECOND)

/* How long a file stays open in which there is nothing to be read now: if a stack leads through it
 * soon, its process may be gone by then. */
#define FILE_OPEN_NS (10 * NS_PER_SECOND)

/* How long names wait for a process that has the file. */
#define FILE_MISSED_NS NS_PER_SECOND

struct binary_describer {
	struct role_process *server;
	struct openings *openings;
	struct debug_file_supply debug_files;
	struct build_orders orders;
	struct symbol_folder *symbols;
	struct binary_names names;
	struct late_names late;
	struct debug_fetches fetches;
	struct binary_opener opener;
	uint32_t dictionary;
	bool wants_files;
	int64_t forgotten_ns; /* when those were that were not used any more */
};

DEFINE_CLEANUP(struct binary_describer *, binary_describer_free)

static struct table_loader *tables_of(const struct binary_describer *describer)
{
	return describer->orders.tables;
}

/* Its names were wanted when no process was there any more that could give its file; another may
 * have it mapped. */
static bool is_missed(const struct binary *binary)
{
	return binary->names_order == ORDER_ANSWERED && binary->names == NAMES_FAILED &&
	       binary->names_outcome == BUILD_GONE && binary->n_names_orders < MAX_OPENS;
}

/* Whether there is something to be read in it that was not ordered yet. */
static bool wants_file(const struct binary *binary)
{
	return binary->fd < 0 && (binary->table_order == ORDER_NONE || is_missed(binary) ||
				  (binary->is_named && binary->names_order == ORDER_NONE));
}

/* Whether the names of @binary are on disk. */
static bool find_names(struct binary_describer *describer, struct binary *binary)
{
	if (!binary_names_find(&describer->names, binary))
		return false;
	late_names_give_to_others(&describer->late, binary);
	return true;
}

/* The file of @binary is open, and a sample waits for it: order what is wanted of it. */
static void order_wanted(struct binary_describer *describer, struct binary *binary)
{
	if (binary->table_order != ORDER_ANSWERED)
		build_orders_order_table(&describer->orders, binary, true);
	if (binary->is_named && binary->names_order == ORDER_NONE && !find_names(describer, binary))
		binary_names_order(&describer->names, binary);
}

int binary_describer_keep(struct binary_describer *describer, const char *path, int fd,
			  struct binary **ret_binary)
{
	return binary_opener_keep(&describer->opener, path, fd, ret_binary);
}

/* The process of the sample at hand may have its file. */
static void miss_file(struct binary_describer *describer, struct binary *binary)
{
	describer->wants_files = true;
	if (!binary->missed_ns)
		binary->missed_ns = clock_monotonic_ns();
}

/* A stack leads through @binary. */
static void want_names(struct binary_describer *describer, struct binary *binary)
{
	binary->is_named = true;
	if (binary->names_order != ORDER_NONE || find_names(describer, binary))
		return;
	if (binary->fd < 0)
		binary_opener_reopen(&describer->opener, binary);
	if (binary->fd >= 0)
		binary_names_order(&describer->names, binary);
	else if (!late_names_take_from_others(&describer->late, binary))
		miss_file(describer, binary);
}

static void on_lost_names(void *context, struct binary *binary)
{
	want_names(context, binary);
}

int binary_describer_new(const struct binary_describer_options *options,
			 struct binary_describer **ret_describer)
{
	const struct symbol_folder_options symbols = { .folder = options->cache,
						       .max_bytes = SYMBOL_FOLDER_MAX_BYTES };
	_cleanup_(binary_describer_freep) struct binary_describer *describer =
		calloc(1, sizeof(*describer));
	int r;

	if (!describer)
		return -ENOMEM;
	describer->server = options->server;
	r = openings_new(&describer->openings);
	if (r < 0)
		return r;
	describer->debug_files = (struct debug_file_supply){
		.resolver = options->resolver,
		.openings = describer->openings,
		.finder = { options->debug_folders },
	};
	describer->orders = (struct build_orders){
		.resolver = options->resolver,
		.tables = options->tables,
		.debug_files = &describer->debug_files,
	};
	r = binary_opener_init(&describer->opener, &describer->names);
	if (r == 0)
		r = symbol_folder_new(&symbols, &describer->symbols);
	if (r < 0)
		return r;
	describer->names = (struct binary_names){
		.server = options->server,
		.orders = &describer->orders,
		.binaries = describer->opener.binaries,
		.folder = describer->symbols,
		.on_lost = on_lost_names,
		.context = describer,
		.memory_limit = options->names_bytes,
	};
	describer->fetches = (struct debug_fetches){
		.fetcher = options->fetcher,
		.binaries = describer->opener.binaries,
	};
	if (options->debuginfod_urls)
		r = missing_files_new(options->cache, options->debuginfod_urls,
				      &describer->fetches.missing);
	if (r < 0)
		return r;
	describer->late = (struct late_names){
		.debug_files = &describer->debug_files,
		.names = &describer->names,
		.binaries = describer->opener.binaries,
	};
	r = binary_opener_add_vdso(&describer->opener);
	if (r < 0)
		return r;
	*ret_describer = steal(describer);
	return 0;
}

struct binary_describer *binary_describer_free(struct binary_describer *describer)
{
	if (!describer)
		return NULL;
	missing_files_free(describer->fetches.missing);
	binary_opener_fini(&describer->opener);
	symbol_folder_free(describer->symbols);
	openings_free(describer->openings);
	free(describer);
	return NULL;
}

/* What no process gives that has it mapped has no names. */
static void note_unopened(struct binary_describer *describer, struct binary *binary)
{
	if (binary->is_named && ++binary->n_names_orders == MAX_OPENS)
		binary_names_finish(&describer->names, binary, BUILD_GONE);
}

int binary_describer_get(struct binary_describer *describer, int process_fd, uint32_t pid,
			 const struct mapping *mapping, struct binary **ret_binary)
{
	struct mapped_file file = { process_fd, pid, mapping, { 0 } };
	int r = file_opener_stat(process_fd, mapping, &file.status);

	if (r == 0)
		r = binary_opener_get(&describer->opener, &file, false, ret_binary);
	if (r < 0)
		return r;
	if (wants_file(*ret_binary) &&
	    binary_opener_get(&describer->opener, &file, true, ret_binary) < 0)
		note_unopened(describer, *ret_binary);
	if ((*ret_binary)->table_order == ORDER_NONE)
		(void)table_loader_expect(tables_of(describer), (*ret_binary)->number);
	if ((*ret_binary)->fd >= 0 && is_missed(*ret_binary))
		(*ret_binary)->names_order = ORDER_NONE;
	if ((*ret_binary)->fd >= 0)
		order_wanted(describer, *ret_binary);
	return 0;
}

/* Nor does it if the last process that had it mapped has ended. */
static void give_up_missed(struct binary_describer *describer, struct binary *binary)
{
	if (binary->fd >= 0 || binary->names_order != ORDER_NONE || !binary->missed_ns ||
	    clock_monotonic_ns() - binary->missed_ns < FILE_MISSED_NS)
		return;
	binary->missed_ns = 0;
	binary_names_finish(&describer->names, binary, BUILD_GONE);
}

int binary_describer_take_file(struct binary_describer *describer, const struct file_record *record,
			       int process_fd)
{
	struct binary *binary;
	int r;

	r = binary_opener_get_told(&describer->opener, record, process_fd, &binary);
	if (r < 0)
		return r;
	binary->last_used =
		binary == describer->opener.vdso ? BINARY_ALWAYS_USED : describer->dictionary;
	r = table_loader_add(tables_of(describer), &record->key, record->file, binary->number);
	if (r == 0 &&
	    table_loader_kind(tables_of(describer), binary->number) == UNWIND_FILE_PENDING)
		build_orders_order_table(&describer->orders, binary, record->is_urgent);
	return r;
}

struct binary *binary_describer_find(const struct binary_describer *describer, uint32_t number)
{
	return binary_table_find_number(describer->opener.binaries, number);
}

struct binary *binary_describer_vdso(const struct binary_describer *describer)
{
	return describer->opener.vdso;
}

int binary_describer_open_file(struct binary_describer *describer, uint32_t number)
{
	struct binary *binary = binary_table_find_number(describer->opener.binaries, number);

	if (!binary)
		return -ENOENT;
	if (binary->fd < 0)
		binary_opener_reopen(&describer->opener, binary);
	return binary->fd < 0 ? -ENOENT : binary->fd;
}

int binary_describer_open_code(struct binary_describer *describer, struct message_code *code)
{
	const struct binary *binary = binary_describer_find(describer, code->file);
	int fd = binary_describer_open_file(describer, code->file);

	if (fd < 0)
		return fd;
	code->user = binary->owner;
	code->device = binary->device;
	code->n_bytes = binary->n_bytes;
	return fd;
}

enum names_state binary_describer_open_names(struct binary_describer *describer,
					     const struct binary_key *key, int *ret_fd)
{
	struct symbol_summary summary;

	*ret_fd = -1;
	return symbol_folder_find(describer->symbols, key, &summary, ret_fd)
		       ? (enum names_state)summary.state
		       : NAMES_FAILED;
}

/* Once for each call into a file, while there are names to be read: they are read in that order. */
void binary_describer_count_hits(struct binary_describer *describer, const struct frame *frames,
				 size_t n_frames)
{
	uint32_t last = 0;

	if (!describer->orders.n_names_awaited)
		return;
	for (size_t i = 0; i < n_frames; i++) {
		struct binary *binary = NULL;

		if (frames[i].kind == FRAME_NATIVE && frames[i].file != last)
			binary = binary_describer_find(describer, frames[i].file);
		if (binary)
			build_orders_count_hit(&describer->orders, binary);
		last = frames[i].file;
	}
}

bool binary_describer_wants_files(struct binary_describer *describer)
{
	bool wants_files = describer->wants_files;

	describer->wants_files = false;
	return wants_files;
}

static void close_idle(void *context, struct binary *binary)
{
	const int64_t *now_ns = context;
	bool is_done = binary->names_order == ORDER_ANSWERED ||
		       *now_ns - binary->opened_ns >= FILE_OPEN_NS;

	if (binary->fd >= 0 && is_done && binary->table_order != ORDER_SENT &&
	    binary->names_order != ORDER_SENT)
		close(steal_fd(&binary->fd));
}

static void look_again(void *context, struct binary *binary)
{
	struct binary_describer *describer = context;

	give_up_missed(describer, binary);
	if (late_names_look(&describer->late, binary))
		want_names(describer, binary);
	else if (binary->dictionary == describer->dictionary)
		debug_fetches_want(&describer->fetches, binary);
}

void binary_describer_close_idle(struct binary_describer *describer)
{
	int64_t now_ns = clock_monotonic_ns();

	binary_table_each(describer->opener.binaries, close_idle, &now_ns);
	late_names_begin(&describer->late);
	binary_table_each(describer->opener.binaries, look_again, describer);
	debug_fetches_tend(&describer->fetches);
}

int binary_describer_describe(struct binary_describer *describer, struct binary *binary)
{
	struct message_file message = { .file = binary->number, .key = binary->key };
	const struct iovec parts[] = { { &message, sizeof(message) },
				       { binary->path, strlen(binary->path) + 1 } };
	int r;

	want_names(describer, binary);
	if (binary->last_used != BINARY_ALWAYS_USED)
		binary->last_used = describer->dictionary;
	if (binary->dictionary == describer->dictionary)
		return 0;
	r = channel_send_parts(describer->server->channel, MESSAGE_FILE, parts, 2);
	if (r == 0)
		r = binary_names_tell(&describer->names, binary);
	if (r == 0)
		binary->dictionary = describer->dictionary;
	return r;
}

static void forget_binary(void *context, const struct binary *binary)
{
	struct binary_describer *describer = context;

	table_loader_forget(tables_of(describer), binary->number);
	binary_names_forget(&describer->names, binary);
}

void binary_describer_begin_dictionary(struct binary_describer *describer, uint32_t dictionary)
{
	describer->dictionary = dictionary;
	describer->opener.dictionary = dictionary;
	describer->names.dictionary = dictionary;
}

void binary_describer_forget_unused(struct binary_describer *describer, uint32_t dictionary)
{
	binary_table_forget_unused(describer->opener.binaries, dictionary, forget_binary,
				   describer);
	describer->forgotten_ns = clock_monotonic_ns();
}

static void repeat_orders(void *context, struct binary *binary)
{
	struct binary_describer *describer = context;

	if (!build_orders_repeat(&describer->orders, binary))
		binary_names_finish(&describer->names, binary, BUILD_CRASHED);
}

void binary_describer_on_resolver_start(struct binary_describer *describer)
{
	table_loader_release(tables_of(describer));
	binary_table_each(describer->opener.binaries, repeat_orders, describer);
}

static void take_table(struct binary_describer *describer, const struct message_table *message,
		       int fd)
{
	struct binary *binary = binary_table_find_number(describer->opener.binaries, message->file);

	if (binary)
		build_orders_take_table(&describer->orders, binary, message, fd);
}

static void take_reference(struct binary_describer *describer,
			   const struct message_debug_reference *question)
{
	struct binary *binary =
		binary_table_find_number(describer->opener.binaries, question->file);

	if (binary)
		debug_file_supply_answer(&describer->debug_files, binary, question);
}

static void take_end(struct binary_describer *describer, const struct message_built *built)
{
	struct binary *binary = binary_table_find_number(describer->opener.binaries, built->file);

	if (!binary)
		return; /* as the kernel is none */
	if (built->kind == BUILD_TABLE)
		build_orders_finish_table(&describer->orders, binary, built);
	else
		binary_names_finish(&describer->names, binary, (enum build_outcome)built->outcome);
	late_names_give_to_others(&describer->late, binary);
	debug_fetches_want(&describer->fetches, binary);
}

void binary_describer_on_fetcher_end(struct binary_describer *describer)
{
	debug_fetches_on_end(&describer->fetches);
}

int binary_describer_on_fetcher_message(struct binary_describer *describer,
					const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct binary *binary;
	int r = debug_fetches_take(&describer->fetches, message, &fds[0], &binary);

	if (r == 0 && binary)
		want_names(describer, binary);
	return r;
}

int binary_describer_on_message(struct binary_describer *describer, const struct message *message,
				int fds[MESSAGE_MAX_FDS])
{
	int r = 0;

	switch (message->type) {
	case MESSAGE_TABLE:
		take_table(describer, message->body, fds[0]);
		break;
	case MESSAGE_DESCRIPTION:
		binary_names_take_description(&describer->names, message->body);
		break;
	case MESSAGE_NAMES:
		r = binary_names_take(&describer->names, message->body, &fds[0]);
		break;
	case MESSAGE_DEBUG_REFERENCE:
		take_reference(describer, message->body);
		break;
	case MESSAGE_BUILT:
		take_end(describer, message->body);
		break;
	default:
		r = -EBADMSG;
	}
	role_process_flush(describer->server);
	return r;
}

void binary_describer_on_server_end(struct binary_describer *describer)
{
	binary_names_on_server_end(&describer->names);
}

void binary_describer_keep_names(struct binary_describer *describer)
{
	binary_names_work(&describer->names);
}

void binary_describer_keep_last_names(struct binary_describer *describer, int64_t until_ns)
{
	binary_names_work_until(&describer->names, until_ns);
}

bool binary_describer_is_crowded(const struct binary_describer *describer)
{
	return clock_monotonic_ns() - describer->forgotten_ns >= FILES_KEPT_NS &&
	       binary_table_count(describer->opener.binaries) >=
		       describer->opener.max_binaries / 4 * 3;
}

void binary_describer_get_status(const struct binary_describer *describer,
				 struct sampler_status *ret_status)
{
	ret_status->files_unreadable = describer->opener.n_unreadable;
	ret_status->files_over_bound = describer->opener.n_over_bound;
	ret_status->n_builds_queued = describer->orders.n_names_awaited;
	ret_status->n_tables_queued = describer->orders.n_tables_awaited;
	ret_status->n_files = (uint32_t)binary_table_count(describer->opener.binaries);
	symbol_folder_get_status(describer->symbols, &ret_status->symbol_folder);
	openings_get_status(describer->openings, &ret_status->openings);
	ret_status->fetches = describer->fetches.status;
	ret_status->late_debug_files = describer->late.n_debug_files;
	ret_status->shared_names = describer->late.n_shared;
	ret_status->symbol_files_refused = describer->names.n_refused;
	memcpy(ret_status->symbol_losses, describer->names.losses,
	       sizeof(ret_status->symbol_losses));
	ret_status->symbol_memory_bytes = describer->names.memory_bytes;
	memcpy(ret_status->debug_files_sought, describer->debug_files.sought,
	       sizeof(ret_status->debug_files_sought));
	memcpy(ret_status->debug_files_found, describer->debug_files.found,
	       sizeof(ret_status->debug_files_found));
	memcpy(ret_status->builds, describer->orders.name_builds,
	       sizeof(describer->orders.name_builds));
	memcpy(ret_status->table_builds, describer->orders.table_builds,
	       sizeof(describer->orders.table_builds));
	memcpy(ret_status->table_losses, describer->orders.table_losses,
	       sizeof(describer->orders.table_losses));
}
