/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/binary_names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/build_orders.h"
#include "profiler/daemon/debug_file_supply.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/symbol_folder.h"

/* So much of each interval goes to files on disk, and the rest to sampling. */
#define WORK_NS          (2 * NS_PER_MS)
#define WORK_INTERVAL_NS (100 * NS_PER_MS)

static bool is_told(const struct binary_names *names, const struct binary *binary)
{
	return binary->dictionary == names->dictionary && names->server->channel;
}

static int send_description(const struct binary_names *names, const struct binary *binary)
{
	const struct message_description message = {
		.file = binary->number,
		.description = binary->description,
	};

	return channel_send(names->server->channel, MESSAGE_DESCRIPTION, &message, sizeof(message));
}

static int send_names(const struct binary_names *names, const struct binary *binary)
{
	const struct message_names message = { binary->number, binary->names };

	return channel_send_fds(names->server->channel, MESSAGE_NAMES, &message, sizeof(message),
				(int[]){ binary->symbols_fd, -1 });
}

static void tell_names(const struct binary_names *names, const struct binary *binary)
{
	if (is_told(names, binary) && send_names(names, binary) == 0)
		role_process_flush(names->server);
}

static void set_task(struct binary_names *names, struct binary *binary, enum symbol_file_task task)
{
	names->n_tasks -= binary->symbols_task != SYMBOL_FILE_SETTLED;
	names->n_tasks += task != SYMBOL_FILE_SETTLED;
	binary->symbols_task = task;
}

static uint64_t memory_bytes_of(const struct binary *binary)
{
	return binary->is_on_disk ? 0 : binary->symbols_bytes;
}

/* Takes @fd, or −1: it has no symbol file then. */
static void set_symbols(struct binary_names *names, struct binary *binary, int fd, bool is_on_disk)
{
	struct stat status = { 0 };

	if (fd >= 0)
		(void)fstat(fd, &status);
	names->memory_bytes -= memory_bytes_of(binary);
	closep(&binary->symbols_fd);
	binary->symbols_fd = fd;
	binary->symbols_bytes = (uint64_t)status.st_size;
	binary->is_on_disk = is_on_disk;
	names->memory_bytes += memory_bytes_of(binary);
}

static bool may_be_kept(const struct binary *binary)
{
	return binary->key.build_id.n_bytes;
}

/* All that was said of its names was for nothing. */
static void fail(struct binary_names *names, struct binary *binary)
{
	set_symbols(names, binary, -1, false);
	binary->names = NAMES_FAILED;
	tell_names(names, binary);
}

/* The build id is known from the start: whatever comes of the file, others can name its frames by
 * that, later and elsewhere. */
void binary_names_meet(struct binary_names *names, struct binary *binary)
{
	(void)build_id_read(binary->fd, &binary->build_id);
	binary->description.build_id = binary->build_id;
	(void)symbol_folder_key_of(names->folder, binary->fd, &binary->key);
}

/* Whether it may well end in another way when it is tried again: with more memory or time, or
 * another library. */
static bool is_of_the_day(enum build_outcome outcome)
{
	return outcome == BUILD_NO_MEMORY || outcome == BUILD_TIMED_OUT || outcome == BUILD_CRASHED;
}

/* Whether it would be better, made now. */
static bool is_outdated(struct binary_names *names, struct binary *binary,
			const struct symbol_summary *summary)
{
	int64_t age_ns = clock_unix_ns() - summary->made_unix_ns;

	if (is_of_the_day((enum build_outcome)summary->outcome) &&
	    (age_ns < 0 || age_ns >= BINARY_NAMES_DAY_NS))
		return true;
	if (summary->state == NAMES_LINES || summary->has_debug_file)
		return false;
	memcpy(binary->debug_link, summary->debug_link, sizeof(binary->debug_link));
	return debug_file_supply_has(names->orders->debug_files, binary);
}

bool binary_names_find(struct binary_names *names, struct binary *binary)
{
	struct symbol_summary summary;
	int fd;

	if (binary->was_sought || !may_be_kept(binary))
		return false;
	binary->was_sought = true;
	if (!symbol_folder_find(names->folder, &binary->key, &summary, &fd))
		return false;
	if (is_outdated(names, binary, &summary)) {
		closep(&fd);
		return false;
	}
	set_symbols(names, binary, fd, true);
	binary->names = (enum names_state)summary.state;
	binary->names_outcome = (enum build_outcome)summary.outcome;
	binary->names_order = ORDER_ANSWERED;
	binary->has_debug_file = summary.has_debug_file;
	binary->description = summary.description;
	binary->is_described = true;
	if (fd >= 0)
		set_task(names, binary, SYMBOL_FILE_TO_CHECK);
	if (is_told(names, binary) && send_description(names, binary) == 0)
		tell_names(names, binary);
	return true;
}

void binary_names_order(struct binary_names *names, struct binary *binary)
{
	build_orders_order_names(names->orders, binary);
}

int binary_names_share(struct binary_names *names, struct binary *binary,
		       const struct binary *other)
{
	int fd = fcntl(other->symbols_fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (binary->names_order == ORDER_NONE)
		binary->names_outcome = other->names_outcome;
	binary->names_order = ORDER_ANSWERED;
	set_symbols(names, binary, fd, other->is_on_disk);
	binary->key = other->key; /* of what it has now */
	binary->names = other->names;
	binary->description = other->description;
	binary->is_described = true;
	if (is_told(names, binary) && send_description(names, binary) == 0)
		tell_names(names, binary);
	return 0;
}

/* The symbol file on disk is not as it was written, and has been removed: have it made anew. Until
 * then the server has what it has. */
static void drop_damaged(struct binary_names *names, struct binary *binary)
{
	set_task(names, binary, SYMBOL_FILE_SETTLED);
	set_symbols(names, binary, -1, false);
	binary->names = NAMES_PENDING;
	binary->names_order = ORDER_NONE;
	binary->n_names_orders = 0;
	binary->n_places = 0;
	names->on_lost(names->context, binary);
}

/* Whoever maps such a file and reads beyond its end dies. */
static bool is_cut(const struct binary *binary)
{
	struct stat status;

	return binary->is_on_disk && binary->symbols_fd >= 0 &&
	       (fstat(binary->symbols_fd, &status) < 0 ||
		(uint64_t)status.st_size != binary->symbols_bytes);
}

int binary_names_tell(struct binary_names *names, struct binary *binary)
{
	int r = 0;

	if (is_cut(binary))
		drop_damaged(names, binary);
	if (binary->is_described || binary->build_id.n_bytes)
		r = send_description(names, binary);
	if (r == 0 && (binary->names != NAMES_PENDING || binary->symbols_fd >= 0))
		r = send_names(names, binary);
	return r;
}

/* Whether there is room for a memory file of @size bytes instead of the one of @binary. */
static bool has_room(const struct binary_names *names, const struct binary *binary, uint64_t size)
{
	return names->memory_bytes - memory_bytes_of(binary) + size <= names->memory_limit;
}

int binary_names_take(struct binary_names *names, const struct message_names *message, int *fd)
{
	struct binary *binary = binary_table_find_number(names->binaries, message->file);
	struct stat status;

	if (*fd < 0 || message->state == NAMES_NONE || message->state == NAMES_FAILED ||
	    fstat(*fd, &status) < 0)
		return -EBADMSG;
	if (!binary || binary->names_order != ORDER_SENT)
		return 0;
	if (message->state == NAMES_PENDING && binary->names != NAMES_PENDING)
		return 0; /* there are more already */
	if (!may_be_kept(binary) && !has_room(names, binary, (uint64_t)status.st_size)) {
		names->n_refused++;
		return 0;
	}
	set_symbols(names, binary, steal_fd(fd), false);
	binary->names = (enum names_state)message->state;
	for (size_t i = 0; i < SYMBOL_LOSS_COUNT; i++)
		names->losses[i] += message->losses[i];
	tell_names(names, binary);
	return 0;
}

void binary_names_take_description(struct binary_names *names,
				   const struct message_description *message)
{
	struct binary *binary = binary_table_find_number(names->binaries, message->file);

	if (!binary || binary->names_order != ORDER_SENT)
		return;
	binary->description = message->description;
	binary->is_described = true;
	if (is_told(names, binary))
		(void)send_description(names, binary);
}

/* Whether what came of it is worth knowing at the next start. What harms its reader may do so
 * before it is described. */
static bool is_lasting(const struct binary *binary)
{
	if (binary->has_late_files)
		return false; /* it is read again */
	return is_of_the_day(binary->names_outcome) ||
	       (binary->is_described && binary->names_outcome != BUILD_GONE);
}

/* What came from the network has been read; but a debug file that lacks what dwz took out of it is
 * to be read again, if that comes, too. */
static void close_fetched(struct binary *binary)
{
	closep(&binary->alternate_fd);
	binary->alternate_fd = -1;
	if (binary->alternate_id.n_bytes)
		return;
	closep(&binary->fetched_fd);
	binary->fetched_fd = -1;
}

void binary_names_finish(struct binary_names *names, struct binary *binary,
			 enum build_outcome outcome)
{
	if (binary->names_order == ORDER_ANSWERED)
		return;
	build_orders_finish_names(names->orders, binary, outcome);
	close_fetched(binary);
	binary->names_outcome = outcome;
	if (binary->names == NAMES_PENDING)
		fail(names, binary);
	if (may_be_kept(binary) && is_lasting(binary))
		set_task(names, binary, SYMBOL_FILE_TO_KEEP);
}

static void check_again(void *context, struct binary *binary)
{
	struct binary_names *names = context;

	if (binary->is_on_disk && binary->symbols_fd >= 0 && binary->number != names->busy)
		set_task(names, binary, SYMBOL_FILE_TO_CHECK);
}

void binary_names_on_server_end(struct binary_names *names)
{
	binary_table_each(names->binaries, check_again, names);
}

/* It cannot be kept on disk, so the memory file stays, if it may. */
static void stay_in_memory(struct binary_names *names, struct binary *binary)
{
	binary->key.build_id.n_bytes = 0;
	if (names->memory_bytes <= names->memory_limit || binary->symbols_fd < 0)
		return;
	names->n_refused++;
	fail(names, binary);
}

static void end_task(struct binary_names *names, struct binary *binary, bool is_done, int fd)
{
	bool is_check = binary->symbols_task == SYMBOL_FILE_TO_CHECK;

	set_task(names, binary, SYMBOL_FILE_SETTLED);
	if (is_check && !is_done) {
		drop_damaged(names, binary);
	} else if (!is_done) {
		stay_in_memory(names, binary);
	} else if (fd >= 0) {
		set_symbols(names, binary, fd, true);
		tell_names(names, binary);
	}
}

static int begin_task(struct binary_names *names, struct binary *binary)
{
	struct symbol_summary summary = {
		.state = binary->names,
		.outcome = binary->names_outcome,
		.has_debug_file = binary->has_debug_file,
		.made_unix_ns = clock_unix_ns(),
		.description = binary->description,
	};

	memcpy(summary.debug_link, binary->debug_link, sizeof(summary.debug_link));
	if (binary->symbols_task == SYMBOL_FILE_TO_CHECK)
		return symbol_folder_check(names->folder, &binary->key, binary->symbols_fd);
	return symbol_folder_keep(names->folder, &binary->key, &summary, binary->symbols_fd);
}

static void begin_next(void *context, struct binary *binary)
{
	struct binary_names *names = context;
	int r;

	if (names->busy || binary->symbols_task == SYMBOL_FILE_SETTLED)
		return;
	r = begin_task(names, binary);
	if (r == 0)
		names->busy = binary->number;
	else /* a check that cannot be is none that failed */
		end_task(names, binary,
			 binary->symbols_task == SYMBOL_FILE_TO_CHECK && r != -EBADMSG, -1);
}

static void go_on(struct binary_names *names, int64_t until_ns)
{
	struct binary *binary = binary_table_find_number(names->binaries, names->busy);
	_cleanup_(closep) int fd = -1;
	enum symbol_work work = symbol_folder_work(names->folder, until_ns, &fd);

	if (work == SYMBOL_WORK_GOES_ON)
		return;
	names->busy = 0;
	if (binary)
		end_task(names, binary, work == SYMBOL_WORK_DONE, steal_fd(&fd));
}

void binary_names_work_until(struct binary_names *names, int64_t until_ns)
{
	while ((names->n_tasks || names->busy) && clock_monotonic_ns() < until_ns) {
		if (!names->busy)
			binary_table_each(names->binaries, begin_next, names);
		if (names->busy)
			go_on(names, until_ns);
	}
}

void binary_names_work(struct binary_names *names)
{
	int64_t now_ns = clock_monotonic_ns();

	if (now_ns < names->next_work_ns)
		return;
	names->next_work_ns = now_ns + WORK_INTERVAL_NS;
	binary_names_work_until(names, now_ns + WORK_NS);
}

void binary_names_forget(struct binary_names *names, const struct binary *binary)
{
	names->memory_bytes -= memory_bytes_of(binary);
	names->n_tasks -= binary->symbols_task != SYMBOL_FILE_SETTLED;
}
