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

static bool lacks_alternate(const struct binary *binary)
{
	return binary->alternate_id.n_bytes && binary->alternate_fd < 0;
}

static bool is_of_use(const struct binary *binary)
{
	if (!binary->build_id.n_bytes || binary->names_order != ORDER_ANSWERED ||
	    binary->asked_id.n_bytes || clock_monotonic_ns() < binary->next_fetch_ns)
		return false;
	return lacks_alternate(binary) || (binary->names != NAMES_LINES && !binary->has_debug_file);
}

static bool is_gone(const struct binary *binary)
{
	return binary->names == NAMES_FAILED && binary->names_outcome == BUILD_GONE;
}

static const struct build_id *id_for(const struct binary *binary)
{
	return lacks_alternate(binary) ? &binary->alternate_id : &binary->build_id;
}

static enum fetch_kind kind_for(const struct binary *binary)
{
	return is_gone(binary) ? FETCH_EXECUTABLE : FETCH_DEBUG_FILE;
}

/* Not to be asked for until @rest_ns later. A debug file that came from the network does not wait
 * for what dwz took out of it: it takes room on disk. */
static void put_off(struct binary *binary, int64_t rest_ns)
{
	binary->next_fetch_ns = clock_monotonic_ns() + rest_ns;
	if (binary->fetched_fd < 0)
		return;
	closep(&binary->fetched_fd);
	binary->fetched_fd = -1;
	binary->alternate_id = (struct build_id){ 0 };
}

static bool is_known_to_be_missing(struct debug_fetches *fetches, struct binary *binary)
{
	int64_t rest_ns = missing_files_rest_ns(fetches->missing, kind_for(binary), id_for(binary),
						clock_unix_ns());

	if (!rest_ns)
		return false;
	fetches->status.known_missing++;
	put_off(binary, rest_ns);
	return true;
}

void debug_fetches_want(struct debug_fetches *fetches, struct binary *binary)
{
	const struct message_fetch message = {
		.file = binary->number,
		.kind = kind_for(binary),
		.build_id = *id_for(binary),
	};
	struct channel *channel = fetches->missing ? fetches->fetcher->channel : NULL;

	if (!channel || !is_of_use(binary) || is_known_to_be_missing(fetches, binary))
		return;
	if (fetches->status.n_queued >= MAX_QUEUED ||
	    channel_send(channel, MESSAGE_FETCH, &message, sizeof(message)) < 0) {
		fetches->status.over_bound++;
		put_off(binary, FAILED_NS);
		return;
	}
	role_process_flush(fetches->fetcher);
	binary->asked_id = message.build_id;
	binary->is_itself_asked_for = message.kind == FETCH_EXECUTABLE;
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
	fetches->status.outcomes[outcome]++;
	if (outcome == FETCH_MISSING)
		missing_files_add(fetches->missing,
				  binary->is_itself_asked_for ? FETCH_EXECUTABLE : FETCH_DEBUG_FILE,
				  &binary->asked_id, clock_unix_ns());
	if (outcome != FETCH_FOUND)
		put_off(binary, pause_ns(outcome));
	binary->asked_id = (struct build_id){ 0 };
}

/* From the network: it is a file that starts as ELF files do, or none. */
static bool is_elf(int fd)
{
	char magic[SELFMAG];
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       pread(fd, magic, SELFMAG, 0) == SELFMAG && memcmp(magic, ELFMAG, SELFMAG) == 0;
}

static bool is_same_id(const struct build_id *id, const struct build_id *other)
{
	return memcmp(id, other, sizeof(*id)) == 0;
}

static bool is_what_was_asked_for(const struct binary *binary, int fd)
{
	struct build_id build_id;

	return build_id_read(fd, &build_id) == 0 && is_same_id(&build_id, &binary->asked_id);
}

/* Others were faster: it is being read with what they have. */
static bool is_late(const struct binary *binary)
{
	return binary->names_order != ORDER_ANSWERED ||
	       (binary->is_itself_asked_for && !is_gone(binary));
}

/* The binary itself has come: its debug file may be asked for next. */
static void take_executable(struct binary *binary, int *fd)
{
	closep(&binary->fd);
	binary->fd = steal_fd(fd);
	binary->opened_ns = clock_monotonic_ns();
	binary->names = NAMES_PENDING;
}

/* They stay until the names are finished. What dwz took out of it may be asked for next. */
static void take_debug_file(struct binary *binary, bool is_alternate, int *fd)
{
	int *place = is_alternate ? &binary->alternate_fd : &binary->fetched_fd;

	closep(place);
	*place = steal_fd(fd);
}

int debug_fetches_take(struct debug_fetches *fetches, const struct message *message, int *fd,
		       struct binary **ret_binary)
{
	const struct message_fetched *fetched = message->body;
	enum fetch_outcome outcome;
	struct binary *binary;
	bool wants_itself, is_alternate;

	*ret_binary = NULL;
	if (message->type != MESSAGE_FETCHED || !fetches->status.n_queued)
		return -EBADMSG;
	outcome = (enum fetch_outcome)fetched->outcome;
	fetches->status.n_queued--;
	binary = binary_table_find_number(fetches->binaries, fetched->file);
	if (!binary || !binary->asked_id.n_bytes)
		return 0;
	wants_itself = binary->is_itself_asked_for;
	is_alternate = !is_same_id(&binary->asked_id, &binary->build_id);
	if (outcome == FETCH_FOUND && (!is_elf(*fd) || ((wants_itself || is_alternate) &&
							!is_what_was_asked_for(binary, *fd))))
		outcome = FETCH_FAILED;
	finish(fetches, binary, outcome);
	if (outcome != FETCH_FOUND || is_late(binary))
		return 0;
	if (wants_itself)
		take_executable(binary, fd);
	else
		take_debug_file(binary, is_alternate, fd);
	binary->next_fetch_ns = 0;
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
	if (binary->asked_id.n_bytes)
		finish(context, binary, FETCH_FAILED);
}

void debug_fetches_on_end(struct debug_fetches *fetches)
{
	binary_table_each(fetches->binaries, fail, fetches);
	fetches->status.n_queued = 0;
}
