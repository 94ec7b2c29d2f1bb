/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/symbol_folder.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/daemon/cache_shelf.h"

#define ITEM_MAGIC   0x736c6f626d797370ULL /* "psymbols" */
#define ITEM_VERSION 2U
#define CHUNK_BYTES  (128UL << 10) /* some tenth of a millisecond */

/* What an item ends with, behind its symbol file. */
struct item_end {
	struct symbol_summary summary;
	uint32_t content_sum; /* CRC-32 of the symbol file */
	uint32_t unused;
	struct cache_stamp stamp; /* whose sum is that of all this */
};

/* A symbol file that is gone through from its start to its end. */
struct passage {
	bool is_busy; /* else nothing is being done */
	int fd;       /* −1: there is none */
	uint64_t offset;
	uint32_t sum; /* of what is before that */
	bool is_check;
	struct item_end end;
	struct cache_draft draft; /* unless it is a check */
};

struct symbol_folder {
	struct cache_shelf *shelf;
	struct passage passage;
	uint8_t chunk[CHUNK_BYTES];
};

DEFINE_CLEANUP(struct symbol_folder *, symbol_folder_free)

int symbol_folder_new(const struct symbol_folder_options *options,
		      struct symbol_folder **ret_folder)
{
	const struct cache_shelf_options shelf = {
		.folder = options->folder,
		.ending = SYMBOL_FOLDER_ENDING,
		.name = "symbol files' cache",
		.loss = "names that are not kept are read anew at the next start",
		.max_bytes = options->max_bytes,
		.magic = ITEM_MAGIC,
		.version = ITEM_VERSION,
		.maker = options->maker,
	};
	_cleanup_(symbol_folder_freep) struct symbol_folder *folder = calloc(1, sizeof(*folder));
	int r;

	if (!folder)
		return -ENOMEM;
	folder->passage.fd = -1;
	folder->passage.draft.fd = -1;
	r = cache_shelf_new(&shelf, &folder->shelf);
	if (r < 0)
		return r;
	*ret_folder = steal(folder);
	return 0;
}

/* Returns @error. */
static int end_passage(struct symbol_folder *folder, int error)
{
	struct passage *passage = &folder->passage;

	if (passage->draft.fd >= 0)
		error = cache_shelf_end(folder->shelf, &passage->draft, error);
	closep(&passage->fd);
	passage->fd = -1;
	passage->is_busy = false;
	return error;
}

struct symbol_folder *symbol_folder_free(struct symbol_folder *folder)
{
	if (!folder)
		return NULL;
	if (folder->passage.draft.fd >= 0)
		cache_shelf_discard(folder->shelf, &folder->passage.draft);
	closep(&folder->passage.fd);
	cache_shelf_free(folder->shelf);
	free(folder);
	return NULL;
}

int symbol_folder_key_of(struct symbol_folder *folder, int fd, struct binary_key *ret_key)
{
	return cache_shelf_key_of(folder->shelf, fd, ret_key);
}

static uint32_t sum_of(const struct item_end *end)
{
	struct item_end summed = *end;

	summed.stamp.sum = 0;
	return (uint32_t)crc32_z(crc32(0, NULL, 0), (const Bytef *)&summed, sizeof(summed));
}

static bool is_plausible(const struct symbol_summary *summary)
{
	return (summary->state == NAMES_FUNCTIONS || summary->state == NAMES_LINES ||
		summary->state == NAMES_FAILED) &&
	       summary->outcome < BUILD_OUTCOME_COUNT &&
	       memchr(summary->debug_link, '\0', sizeof(summary->debug_link)) &&
	       summary->description.build_id.n_bytes <= BUILD_ID_MAX_BYTES &&
	       summary->description.n_segments <= ELF_FILE_MAX_SEGMENTS;
}

/* -ESTALE: made by another version, or for its like; -EBADMSG: not as it was written. */
static int read_end(const struct symbol_folder *folder, int fd, const struct binary_key *key,
		    struct item_end *ret_end)
{
	uint64_t size, content_bytes;
	struct stat status;
	int r;

	if (fstat(fd, &status) < 0)
		return -errno;
	size = (uint64_t)status.st_size;
	if (size < sizeof(*ret_end))
		return -EBADMSG;
	content_bytes = size - sizeof(*ret_end);
	r = file_read_at(fd, ret_end, sizeof(*ret_end), content_bytes);
	if (r == 0)
		r = cache_shelf_check(folder->shelf, key, &ret_end->stamp);
	if (r < 0)
		return r == -ENODATA ? -EBADMSG : r;
	if (ret_end->stamp.content_bytes != content_bytes || sum_of(ret_end) != ret_end->stamp.sum)
		return -EBADMSG;
	return is_plausible(&ret_end->summary) ? 0 : -EBADMSG;
}

bool symbol_folder_find(struct symbol_folder *folder, const struct binary_key *key,
			struct symbol_summary *ret_summary, int *ret_fd)
{
	_cleanup_(closep) int fd = cache_shelf_get(folder->shelf, key);
	struct item_end end;
	int r = fd < 0 ? fd : read_end(folder, fd, key, &end);

	cache_shelf_count_get(folder->shelf, key, r);
	if (r < 0)
		return false;
	*ret_summary = end.summary;
	*ret_fd = end.stamp.content_bytes ? steal_fd(&fd) : -1;
	return true;
}

static int begin_passage(struct symbol_folder *folder, int fd, const struct item_end *end)
{
	struct passage *passage = &folder->passage;
	int copy = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;

	assert(!passage->is_busy);
	if (fd >= 0 && copy < 0)
		return -errno;
	*passage = (struct passage){ .is_busy = true, .fd = copy, .end = *end, .draft.fd = -1 };
	return 0;
}

int symbol_folder_keep(struct symbol_folder *folder, const struct binary_key *key,
		       const struct symbol_summary *summary, int fd)
{
	struct item_end end = { .summary = *summary };
	struct stat status = { 0 };
	int r;

	if (fd >= 0 && fstat(fd, &status) < 0)
		return -errno;
	end.stamp = cache_shelf_stamp(folder->shelf, key, (uint64_t)status.st_size);
	r = begin_passage(folder, fd, &end);
	if (r < 0)
		return r;
	r = cache_shelf_begin(folder->shelf, key, end.stamp.content_bytes + sizeof(end),
			      &folder->passage.draft);
	return r < 0 ? end_passage(folder, r) : 0;
}

int symbol_folder_check(struct symbol_folder *folder, const struct binary_key *key, int fd)
{
	struct item_end end;
	int r;

	if (read_end(folder, fd, key, &end) < 0) {
		cache_shelf_remove_damaged(folder->shelf, key);
		return -EBADMSG;
	}
	r = begin_passage(folder, fd, &end);
	if (r == 0)
		folder->passage.is_check = true;
	return r;
}

/* Read the next chunk, and write it if it is to be kept. */
static int pass_chunk(struct symbol_folder *folder)
{
	struct passage *passage = &folder->passage;
	uint64_t rest = passage->end.stamp.content_bytes - passage->offset;
	size_t size = rest < CHUNK_BYTES ? (size_t)rest : CHUNK_BYTES;
	int r = file_read_at(passage->fd, folder->chunk, size, passage->offset);

	if (r == 0 && !passage->is_check)
		r = file_write_fd(passage->draft.fd, folder->chunk, size);
	if (r < 0)
		return r;
	passage->sum = (uint32_t)crc32_z(passage->sum, folder->chunk, size);
	passage->offset += size;
	return 0;
}

/* All of the symbol file has passed. */
static int finish_keeping(struct symbol_folder *folder)
{
	struct item_end *end = &folder->passage.end;

	end->content_sum = folder->passage.sum;
	end->stamp.sum = sum_of(end);
	return file_write_fd(folder->passage.draft.fd, end, sizeof(*end));
}

static int finish_check(struct symbol_folder *folder, int error)
{
	const struct passage *passage = &folder->passage;

	if (error == 0 && passage->sum != passage->end.content_sum)
		error = -EBADMSG;
	if (error < 0)
		cache_shelf_remove_damaged(folder->shelf, &passage->end.stamp.key);
	return error;
}

enum symbol_work symbol_folder_work(struct symbol_folder *folder, int64_t until_ns, int *ret_fd)
{
	struct passage *passage = &folder->passage;
	const uint64_t size = passage->end.stamp.content_bytes;
	int r = 0;

	*ret_fd = -1;
	while (r == 0 && passage->offset < size) {
		if (clock_monotonic_ns() >= until_ns)
			return SYMBOL_WORK_GOES_ON;
		r = pass_chunk(folder);
	}
	if (passage->is_check)
		r = finish_check(folder, r);
	else if (r == 0)
		r = finish_keeping(folder);
	r = end_passage(folder, r);
	if (r < 0)
		return SYMBOL_WORK_FAILED;
	if (size && !passage->is_check)
		*ret_fd = cache_shelf_get(folder->shelf, &passage->end.stamp.key);
	if (*ret_fd < -1)
		*ret_fd = -1; /* others have pushed it out already */
	return SYMBOL_WORK_DONE;
}

void symbol_folder_get_status(const struct symbol_folder *folder, struct cache_status *ret_status)
{
	cache_shelf_get_status(folder->shelf, ret_status);
}
