/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/debug_file_supply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/build_budget.h"
#include "profiler/daemon/build_job.h"
#include "profiler/daemon/debug_opening.h"
#include "profiler/daemon/role.h"
#include "unwind/debug_reference.h"

static struct debug_place place_of(const struct binary *binary)
{
	return (struct debug_place){
		.fd = binary->fd,
		.path = binary->path,
		.debug_path = binary->debug_path,
		.pid = binary->pid,
		.owner = binary->owner,
		.build_id = binary->build_id,
	};
}

/* Where it was found is where its own references start from. Takes @path. */
static void note_debug_path(struct binary *binary, char *path)
{
	free(binary->debug_path);
	binary->debug_path = path;
}

/* The one that came from the network. */
static int take_fetched(struct binary *binary)
{
	int fd = fcntl(binary->fetched_fd, F_DUPFD_CLOEXEC, 0);
	struct stat status;

	if (fd >= 0 && fstat(fd, &status) == 0)
		binary->debug_bytes = build_budget_bytes(&status);
	binary->has_debug_file = fd >= 0;
	return fd < 0 ? -1 : fd;
}

/* Whether it may well be there, though it was not found: where it lies hangs, or is slow. */
static bool is_late(int error)
{
	return error == -ETIMEDOUT || error == -EBUSY || error == -EAGAIN;
}

int debug_file_supply_find_own(struct debug_file_supply *supply, struct binary *binary)
{
	const struct debug_place place = place_of(binary);
	struct debug_found found;
	int fd;

	binary->n_references = 0;
	binary->has_debug_file = false;
	binary->has_late_files = false;
	binary->alternate_id = (struct build_id){ 0 };
	binary->sought_ns = clock_monotonic_ns();
	note_debug_path(binary, NULL);
	if (binary->fetched_fd >= 0)
		return take_fetched(binary);
	if (!binary->build_id.n_bytes)
		return -1;
	supply->sought[DEBUG_FILE_SEPARATE]++;
	fd = debug_opening_find(supply->openings, &supply->finder, &place, NULL, &found);
	binary->has_late_files |= is_late(fd);
	if (fd < 0)
		return -1;
	supply->found[DEBUG_FILE_SEPARATE]++;
	note_debug_path(binary, found.path);
	binary->debug_bytes = found.n_bytes;
	binary->has_debug_file = true;
	return fd;
}

bool debug_file_supply_has(struct debug_file_supply *supply, struct binary *binary)
{
	struct debug_reference link = { .kind = DEBUG_REFERENCE_LINK };
	const struct debug_place place = place_of(binary);
	struct debug_found found = { 0 };
	_cleanup_(closep) int fd = -1;

	binary->sought_ns = clock_monotonic_ns();
	if (binary->build_id.n_bytes)
		fd = debug_opening_find(supply->openings, &supply->finder, &place, NULL, &found);
	if (fd < 0 && binary->debug_link[0]) {
		snprintf(link.name, sizeof(link.name), "%s", binary->debug_link);
		fd = debug_opening_find(supply->openings, &supply->finder, &place, &link, &found);
	}
	free(found.path);
	return fd >= 0;
}

/* A name that is longer than there is room for is not looked for again. */
static void note_link(struct binary *binary, const char *name)
{
	size_t length = strlen(name);

	binary->debug_link[0] = '\0';
	if (length < sizeof(binary->debug_link))
		memcpy(binary->debug_link, name, length + 1);
}

/* It is not here: the network may have it. */
static void note_alternate(struct binary *binary, const struct build_id *id)
{
	if (id->n_bytes <= BUILD_ID_MAX_BYTES)
		binary->alternate_id = *id;
}

static int find(struct debug_file_supply *supply, struct binary *binary,
		const struct debug_reference *reference)
{
	const struct debug_place place = place_of(binary);
	struct debug_found found;
	int fd;

	/* One that asks without end was taken over by what it has read. */
	if (binary->n_references++ >= BUILD_MAX_DEBUG_FILES * BUILD_MAX_ROUNDS)
		return -1;
	if (reference->kind == DEBUG_REFERENCE_LINK)
		note_link(binary, reference->name);
	if (reference->kind == DEBUG_REFERENCE_ALTERNATE && binary->alternate_fd >= 0)
		return fcntl(binary->alternate_fd, F_DUPFD_CLOEXEC, 0);
	supply->sought[reference->kind]++;
	fd = debug_opening_find(supply->openings, &supply->finder, &place, reference, &found);
	binary->has_late_files |= is_late(fd);
	if (fd < 0 && reference->kind == DEBUG_REFERENCE_ALTERNATE)
		note_alternate(binary, &reference->build_id);
	if (fd < 0)
		return -1;
	supply->found[reference->kind]++;
	binary->debug_bytes = found.n_bytes;
	if (reference->kind != DEBUG_REFERENCE_LINK) {
		free(found.path);
		return fd;
	}
	note_debug_path(binary, found.path);
	binary->has_debug_file = true;
	return fd;
}

void debug_file_supply_answer(struct debug_file_supply *supply, struct binary *binary,
			      const struct message_debug_reference *question)
{
	struct message_debug_file answer = {
		.file = question->file,
		.kind = question->reference.kind,
		.is_last = question->is_last,
	};
	struct channel *channel = supply->resolver->channel;
	_cleanup_(closep) int fd = -1;

	if (binary->names_order == ORDER_SENT && binary->fd >= 0)
		fd = find(supply, binary, &question->reference);
	if (fd >= 0)
		answer.n_kib = (uint32_t)(binary->debug_bytes >> 10);
	if (channel && (fd >= 0 || question->is_last) &&
	    channel_send_fds(channel, MESSAGE_DEBUG_FILE, &answer, sizeof(answer),
			     (int[]){ fd, -1 }) == 0)
		role_process_flush(supply->resolver);
}
