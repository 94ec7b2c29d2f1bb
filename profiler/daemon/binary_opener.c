/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/binary_opener.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bpf/wire.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/binary_table.h"
#include "profiler/daemon/binary_names.h"
#include "profiler/daemon/build_budget.h"
#include "profiler/daemon/file_opener.h"
#include "profiler/mapping.h"

enum {
	MAX_BINARIES = 4096,
	MIN_BINARIES = 16,
	FDS_OF_BINARY = 2,   /* its file, and its names */
	FDS_OF_OTHERS = 256, /* which the sampler may have open as well */
};

/* As many as there may be files open. */
static size_t max_binaries(void)
{
	const rlim_t enough = MAX_BINARIES * FDS_OF_BINARY + FDS_OF_OTHERS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= enough)
		return MAX_BINARIES;
	if (limit.rlim_cur < MIN_BINARIES * FDS_OF_BINARY + FDS_OF_OTHERS)
		return MIN_BINARIES;
	return (limit.rlim_cur - FDS_OF_OTHERS) / FDS_OF_BINARY;
}

int binary_opener_init(struct binary_opener *opener, struct binary_names *names)
{
	*opener = (struct binary_opener){ .names = names, .max_binaries = max_binaries() };
	return binary_table_new(opener->max_binaries, &opener->binaries);
}

void binary_opener_fini(struct binary_opener *opener)
{
	opener->binaries = binary_table_free(opener->binaries);
}

/* Takes @fd, the open file of @binary. */
static void hold_file(struct binary *binary, int fd)
{
	if (binary->fd >= 0)
		close(binary->fd);
	binary->fd = fd;
	binary->opened_ns = clock_monotonic_ns();
	binary->missed_ns = 0;
}

/* Some JITs map their code twice, to write it and to run it, and so have it in a memory file; or
 * share it with their children, and then it is in a file of the kernel's. */
static bool is_jit_memory(const char *path, int fd)
{
	static const char *const memory[] = { "/memfd:", "/dev/zero", "/SYSV", "/anon_hugepage" };
	bool is_memory = false;
	char magic[SELFMAG];

	for (size_t i = 0; i < ARRAY_SIZE(memory); i++)
		is_memory = is_memory || strncmp(path, memory[i], strlen(memory[i])) == 0;
	return is_memory && (file_read_at(fd, magic, sizeof(magic), 0) < 0 ||
			     memcmp(magic, ELFMAG, SELFMAG) != 0);
}

/* Takes @fd, also on failure. The resolver is still to be asked. */
static int add_binary(struct binary_opener *opener, const struct stat *status, const char *path,
		      int fd, struct binary **ret_binary)
{
	_cleanup_(closep) int owned = fd;
	const struct binary_identity identity = binary_identity_of(status);
	struct binary *binary;
	int r;

	r = binary_table_add(opener->binaries, &identity, path, &binary);
	opener->n_over_bound += r == -ENOSPC;
	if (r < 0)
		return r;
	hold_file(binary, steal_fd(&owned));
	binary->owner = status->st_uid;
	binary->device = status->st_dev;
	binary->n_bytes = build_budget_bytes(status);
	binary->jit_inode = is_jit_memory(path, binary->fd) ? status->st_ino : 0;
	binary_names_meet(opener->names, binary); /* its file may be gone soon */
	binary->last_used = opener->dictionary;
	*ret_binary = binary;
	return 0;
}

int binary_opener_keep(struct binary_opener *opener, const char *path, int fd,
		       struct binary **ret_binary)
{
	_cleanup_(closep) int owned = fd;
	struct binary_identity identity;
	struct binary *binary;
	struct stat status;
	int r = 0;

	if (fstat(fd, &status) < 0)
		return -errno;
	identity = binary_identity_of(&status);
	binary = binary_table_find(opener->binaries, &identity);
	if (!binary)
		r = add_binary(opener, &status, path, steal_fd(&owned), &binary);
	if (r < 0)
		return r;
	binary->last_used = BINARY_ALWAYS_USED;
	*ret_binary = binary;
	return 0;
}

int binary_opener_add_vdso(struct binary_opener *opener)
{
	int fd = file_opener_open_vdso();

	return fd < 0 ? 0 : binary_opener_keep(opener, "[vdso]", fd, &opener->vdso);
}

int binary_opener_get(struct binary_opener *opener, const struct mapped_file *file, bool needs_file,
		      struct binary **ret_binary)
{
	const struct binary_identity identity = binary_identity_of(&file->status);
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = -1;
	int r;

	*ret_binary = binary_table_find(opener->binaries, &identity);
	if (*ret_binary)
		(*ret_binary)->pid = file->pid; /* the last is the least likely to have ended */
	if (*ret_binary && (!needs_file || (*ret_binary)->fd >= 0))
		return 0;
	fd = file_opener_open(file->process_fd, file->mapping, &file->status);
	if (fd < 0) {
		opener->n_unreadable++;
		return fd;
	}
	if (*ret_binary) {
		hold_file(*ret_binary, steal_fd(&fd));
		return 0;
	}
	r = file_opener_path(file->process_fd, file->mapping, &path);
	if (r == 0)
		r = add_binary(opener, &file->status, path, steal_fd(&fd), ret_binary);
	if (r == 0)
		(*ret_binary)->pid = file->pid;
	return r;
}

static bool is_vdso(const struct file_key *key)
{
	return key->inode == 1 && key->device == 0;
}

/* The vDSO, with its file open. */
static int get_vdso(struct binary_opener *opener, struct binary **ret_binary)
{
	*ret_binary = opener->vdso;
	if (!opener->vdso)
		return -ENOENT;
	if (opener->vdso->fd < 0)
		hold_file(opener->vdso, file_opener_open_vdso());
	return opener->vdso->fd < 0 ? -ENOENT : 0;
}

/* What a process has mapped there, with its file open. */
static int get_mapped(struct binary_opener *opener, const struct file_record *record,
		      int process_fd, struct binary **ret_binary)
{
	const struct mapping mapping = {
		.start_pc = record->start_pc,
		.end_pc = record->end_pc,
		.path = "",
	};
	struct mapped_file file = { process_fd, record->header.process.pid, &mapping, { 0 } };
	int r = file_opener_stat(process_fd, &mapping, &file.status);

	if (r < 0)
		return r;
	if (!file_opener_is_file(&file.status, &record->key))
		return -ESTALE;
	return binary_opener_get(opener, &file, true, ret_binary);
}

int binary_opener_get_told(struct binary_opener *opener, const struct file_record *record,
			   int process_fd, struct binary **ret_binary)
{
	return is_vdso(&record->key) ? get_vdso(opener, ret_binary)
				     : get_mapped(opener, record, process_fd, ret_binary);
}

void binary_opener_reopen(struct binary_opener *opener, struct binary *binary)
{
	_cleanup_(closep) int fd = binary == opener->vdso
					   ? file_opener_open_vdso()
					   : file_opener_open_path(binary->pid, binary->path);
	struct binary_identity identity;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return;
	identity = binary_identity_of(&status);
	if (binary == opener->vdso || binary_table_find(opener->binaries, &identity) == binary)
		hold_file(binary, steal_fd(&fd));
}
