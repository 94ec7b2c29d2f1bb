/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/debug_fetches.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/missing_files.h"
#include "profiler/daemon/role.h"

enum { MAX_QUEUED = 256 };

#define FAILED_NS  (600 * NS_PER_SECOND)
#define SKIPPED_NS (3600 * NS_PER_SECOND) /* others, that answer, would be asked again, too */

static bool is_of_use(const struct binary *binary)
{
	return binary->build_id.n_bytes && binary->names_order == ORDER_ANSWERED &&
	       binary->names != NAMES_LINES && !binary->has_debug_file && !binary->is_fetched &&
	       clock_monotonic_ns() >= binary->next_fetch_ns;
}

static bool is_gone(const struct binary *binary)
{
	return binary->names == NAMES_FAILED && binary->names_outcome == BUILD_GONE;
}

static enum fetch_kind kind_for(const struct binary *binary)
{
	return is_gone(binary) ? FETCH_EXECUTABLE : FETCH_DEBUG_FILE;
}

static bool is_known_to_be_missing(struct debug_fetches *fetches, struct binary *binary)
{
	int64_t rest_ns = missing_files_rest_ns(fetches->missing, kind_for(binary),
						&binary->build_id, clock_unix_ns());

	if (!rest_ns)
		return false;
	fetches->status.known_missing++;
	binary->next_fetch_ns = clock_monotonic_ns() + rest_ns;
	return true;
}

void debug_fetches_want(struct debug_fetches *fetches, struct binary *binary)
{
	const struct message_fetch message = {
		.file = binary->number,
		.kind = kind_for(binary),
		.build_id = binary->build_id,
	};
	struct channel *channel = fetches->missing ? fetches->fetcher->channel : NULL;

	if (!channel || !is_of_use(binary) || is_known_to_be_missing(fetches, binary))
		return;
	if (fetches->status.n_queued >= MAX_QUEUED ||
	    channel_send(channel, MESSAGE_FETCH, &message, sizeof(message)) < 0) {
		fetches->status.over_bound++;
		binary->next_fetch_ns = clock_monotonic_ns() + FAILED_NS;
		return;
	}
	role_process_flush(fetches->fetcher);
	binary->is_fetched = true;
	fetches->status.asked++;
	fetches->status.n_queued++;
}

static int64_t pause_ns(enum fetch_outcome outcome)
{
	switch (outcome) {
	case FETCH_FAILED:
		return FAILED_NS;
	case FETCH_SKIPPED:
		return SKIPPED_NS;
	default:
		return MISSING_FILES_KEPT_NS;
	}
}

static void finish(struct debug_fetches *fetches, struct binary *binary, enum fetch_outcome outcome)
{
	binary->is_fetched = false;
	binary->next_fetch_ns = clock_monotonic_ns() + pause_ns(outcome);
	fetches->status.outcomes[outcome]++;
	if (outcome == FETCH_MISSING)
		missing_files_add(fetches->missing, kind_for(binary), &binary->build_id,
				  clock_unix_ns());
}

/* From the network: it is a file that starts as ELF files do, or none. */
static bool is_elf(int fd)
{
	char magic[SELFMAG];
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       pread(fd, magic, SELFMAG, 0) == SELFMAG && memcmp(magic, ELFMAG, SELFMAG) == 0;
}

static bool is_itself(const struct binary *binary, int fd)
{
	struct build_id build_id;

	return build_id_read(fd, &build_id) == 0 &&
	       memcmp(&build_id, &binary->build_id, sizeof(build_id)) == 0;
}

/* The binary itself has come: its debug file may be asked for next. */
static void take_executable(struct binary *binary, int *fd)
{
	closep(&binary->fd);
	binary->fd = steal_fd(fd);
	binary->opened_ns = clock_monotonic_ns();
	binary->names = NAMES_PENDING;
	binary->next_fetch_ns = 0;
}

static void take_debug_file(struct binary *binary, int *fd)
{
	closep(&binary->fetched_fd);
	binary->fetched_fd = steal_fd(fd); /* until its names are finished */
}

int debug_fetches_take(struct debug_fetches *fetches, const struct message *message, int *fd,
		       struct binary **ret_binary)
{
	const struct message_fetched *fetched = message->body;
	enum fetch_outcome outcome;
	struct binary *binary;
	bool wants_itself;

	*ret_binary = NULL;
	if (message->type != MESSAGE_FETCHED || !fetches->status.n_queued)
		return -EBADMSG;
	outcome = (enum fetch_outcome)fetched->outcome;
	fetches->status.n_queued--;
	binary = binary_table_find_number(fetches->binaries, fetched->file);
	if (!binary || !binary->is_fetched)
		return 0;
	wants_itself = is_gone(binary);
	if (outcome == FETCH_FOUND && (!is_elf(*fd) || (wants_itself && !is_itself(binary, *fd))))
		outcome = FETCH_FAILED;
	finish(fetches, binary, outcome);
	if (outcome != FETCH_FOUND)
		return 0;
	if (wants_itself)
		take_executable(binary, fd);
	else
		take_debug_file(binary, fd);
	binary->names_order = ORDER_NONE;
	binary->n_names_orders = 0;
	*ret_binary = binary;
	return 0;
}

void debug_fetches_tend(struct debug_fetches *fetches)
{
	if (fetches->missing && missing_files_save(fetches->missing, clock_unix_ns()) < 0)
		fetches->status.unsaved++;
}

static void fail(void *context, struct binary *binary)
{
	if (binary->is_fetched)
		finish(context, binary, FETCH_FAILED);
}

void debug_fetches_on_end(struct debug_fetches *fetches)
{
	binary_table_each(fetches->binaries, fail, fetches);
	fetches->status.n_queued = 0;
}
