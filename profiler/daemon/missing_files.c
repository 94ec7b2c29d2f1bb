/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/missing_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <zlib.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/daemon/cache_folder.h"

#define ENDING    ".missing"
#define NAME      "debuginfod" ENDING
#define MAX_BYTES (4ULL << 20) /* of the folder: the file has less than a quarter of it */

#define FILE_MAGIC   0x676e697373696d70ULL /* "pmissing" */
#define FILE_VERSION 1U

#define SAVE_INTERVAL_NS (30 * NS_PER_SECOND)

/* Flat, as the next: on disk as they are. */
struct missing_file {
	int64_t time_ns; /* when that was said */
	uint32_t kind;   /* enum fetch_kind */
	struct build_id build_id;
};

struct file_head {
	uint64_t magic;
	uint32_t version;
	uint32_t sum;         /* CRC-32 of all that follows */
	uint32_t servers_sum; /* … and of their URLs */
	uint32_t n;
};

struct missing_files {
	struct cache_folder *folder; /* or NULL */
	uint32_t servers_sum;
	bool is_saved;
	int64_t saved_ns;
	size_t n;
	struct missing_file files[MISSING_FILES_MAX];
};

DEFINE_CLEANUP(struct missing_files *, missing_files_free)

static uint32_t sum_of(const void *bytes, size_t size)
{
	return (uint32_t)crc32_z(crc32(0, NULL, 0), bytes, size);
}

static uint32_t content_sum(const struct file_head *head, const struct missing_file *files)
{
	uLong sum = crc32(0, NULL, 0);

	sum = crc32_z(sum, (const Bytef *)&head->servers_sum,
		      sizeof(*head) - offsetof(struct file_head, servers_sum));
	return (uint32_t)crc32_z(sum, (const Bytef *)files, head->n * sizeof(*files));
}

static bool is_plausible(const struct missing_file *file)
{
	return file->kind < FETCH_KIND_COUNT && file->build_id.n_bytes <= BUILD_ID_MAX_BYTES;
}

static int read_files(struct missing_files *files, int fd)
{
	struct file_head head;
	struct stat status;
	int r = file_read_at(fd, &head, sizeof(head), 0);

	if (r < 0)
		return r;
	if (head.magic != FILE_MAGIC || head.version != FILE_VERSION ||
	    head.n > MISSING_FILES_MAX || fstat(fd, &status) < 0 ||
	    (uint64_t)status.st_size != sizeof(head) + head.n * sizeof(files->files[0]))
		return -EBADMSG;
	r = file_read_at(fd, files->files, head.n * sizeof(files->files[0]), sizeof(head));
	if (r < 0)
		return r;
	if (content_sum(&head, files->files) != head.sum)
		return -EBADMSG;
	for (uint32_t i = 0; i < head.n; i++)
		if (!is_plausible(&files->files[i]))
			return -EBADMSG;
	if (head.servers_sum == files->servers_sum)
		files->n = head.n;
	return 0;
}

static void load(struct missing_files *files)
{
	_cleanup_(closep) int fd = cache_folder_get(files->folder, NAME);

	if (fd >= 0 && read_files(files, fd) == -EBADMSG)
		cache_folder_remove(files->folder, NAME);
}

int missing_files_new(const char *folder, const char *urls, struct missing_files **ret_files)
{
	_cleanup_(missing_files_freep) struct missing_files *files = calloc(1, sizeof(*files));

	if (!files)
		return -ENOMEM;
	files->is_saved = true;
	files->servers_sum = sum_of(urls, strlen(urls));
	/* What else is kept there says why it cannot be. */
	if (folder && cache_folder_open(folder, ENDING, MAX_BYTES, &files->folder) == -ENOMEM)
		return -ENOMEM;
	if (files->folder)
		load(files);
	*ret_files = steal(files);
	return 0;
}

static int save(struct missing_files *files)
{
	struct file_head head = {
		.magic = FILE_MAGIC,
		.version = FILE_VERSION,
		.servers_sum = files->servers_sum,
		.n = (uint32_t)files->n,
	};
	const struct iovec parts[] = { { &head, sizeof(head) },
				       { files->files, files->n * sizeof(files->files[0]) } };

	files->is_saved = true;
	if (!files->folder)
		return 0;
	head.sum = content_sum(&head, files->files);
	return cache_folder_put(files->folder, NAME, parts, 2);
}

struct missing_files *missing_files_free(struct missing_files *files)
{
	if (!files)
		return NULL;
	if (!files->is_saved)
		(void)save(files);
	cache_folder_free(files->folder);
	free(files);
	return NULL;
}

/* One of the future is of a clock that was wrong. */
static int64_t rest_ns(const struct missing_file *file, int64_t now_ns)
{
	if (file->time_ns > now_ns || now_ns - file->time_ns >= MISSING_FILES_KEPT_NS)
		return 0;
	return MISSING_FILES_KEPT_NS - (now_ns - file->time_ns);
}

static const struct missing_file *find(const struct missing_files *files, enum fetch_kind kind,
				       const struct build_id *build_id)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct missing_file *file = &files->files[i];

		if (file->kind == kind && memcmp(&file->build_id, build_id, sizeof(*build_id)) == 0)
			return file;
	}
	return NULL;
}

int64_t missing_files_rest_ns(const struct missing_files *files, enum fetch_kind kind,
			      const struct build_id *build_id, int64_t now_ns)
{
	const struct missing_file *file = find(files, kind, build_id);

	return file ? rest_ns(file, now_ns) : 0;
}

/* Where a new one goes: the one leaves of which is known for the shortest time yet. */
static size_t make_place(struct missing_files *files, int64_t now_ns)
{
	int64_t least_ns = INT64_MAX;
	size_t place = 0;

	if (files->n < MISSING_FILES_MAX)
		return files->n++;
	for (size_t i = 0; i < files->n && least_ns > 0; i++) {
		int64_t ns = rest_ns(&files->files[i], now_ns);

		if (ns < least_ns) {
			least_ns = ns;
			place = i;
		}
	}
	return place;
}

void missing_files_add(struct missing_files *files, enum fetch_kind kind,
		       const struct build_id *build_id, int64_t now_ns)
{
	const struct missing_file *known = find(files, kind, build_id);
	size_t i = known ? (size_t)(known - files->files) : make_place(files, now_ns);

	files->files[i] = (struct missing_file){ now_ns, kind, *build_id };
	files->is_saved = false;
}

int missing_files_save(struct missing_files *files, int64_t now_ns)
{
	/* Not if the clock was set back since. */
	bool was_just_saved =
		now_ns >= files->saved_ns && now_ns - files->saved_ns < SAVE_INTERVAL_NS;

	if (files->is_saved || was_just_saved)
		return 0;
	files->saved_ns = now_ns;
	return save(files);
}
