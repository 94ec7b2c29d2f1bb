/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"

enum {
	STAT_MAX_BYTES = 4096,
	CGROUP_MAX_BYTES = 64 << 10,
	STATUS_MAX_BYTES = 64 << 10,
	MAPS_MAX_BYTES = 16 << 20,
	STAT_AFTER_COMM = 3, /* fields are counted from 1 */
	STAT_PARENT = 4,
	STAT_FLAGS = 9,
	STAT_START_TIME = 22,
};

#define STAT_KERNEL_THREAD 0x00200000 /* among the flags: PF_KTHREAD */

int procfs_open(int *ret_proc_fd)
{
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret_proc_fd = fd;
	return 0;
}

int procfs_open_process(int proc_fd, pid_t pid, int *ret_process_fd)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "%d", pid);
	fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	*ret_process_fd = fd;
	return 0;
}

/* Files vanish from the folder of a process that ended. */
static int read_text(int process_fd, const char *name, size_t limit_bytes, struct buffer *text)
{
	int r = file_read(process_fd, name, limit_bytes, text);

	return r == -ENOENT ? -ESRCH : r;
}

int procfs_read_stat(int process_fd, struct procfs_stat *ret_stat)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	int r;

	r = read_text(process_fd, "stat", STAT_MAX_BYTES, &text);
	return r < 0 ? r : procfs_parse_stat(text.data, text.size, ret_stat);
}

int procfs_read_start_time(int process_fd, uint64_t *ret_start_ticks)
{
	struct procfs_stat stat;
	int r = procfs_read_stat(process_fd, &stat);

	if (r == 0)
		*ret_start_ticks = stat.start_ticks;
	return r;
}

bool procfs_start_time_is(uint64_t start_ticks, uint64_t start_time_ns)
{
	uint64_t ns_per_tick = (uint64_t)(NS_PER_SECOND / sysconf(_SC_CLK_TCK));

	return start_ticks == start_time_ns / ns_per_tick;
}

int procfs_open_same_process(int proc_fd, pid_t pid, uint64_t start_time_ns, int *ret_process_fd)
{
	_cleanup_(closep) int fd = -1;
	uint64_t start_ticks;
	int r;

	r = procfs_open_process(proc_fd, pid, &fd);
	if (r == 0)
		r = procfs_read_start_time(fd, &start_ticks);
	if (r == 0 && !procfs_start_time_is(start_ticks, start_time_ns))
		r = -ESRCH;
	if (r == 0)
		*ret_process_fd = steal_fd(&fd);
	return r;
}

int procfs_read_comm(int process_fd, char ret_comm[PROCFS_COMM_BYTES])
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	size_t length;
	int r;

	r = read_text(process_fd, "comm", STAT_MAX_BYTES, &text);
	if (r < 0)
		return r;
	length = text.size;
	if (length && text.data[length - 1] == '\n')
		length--;
	if (length >= PROCFS_COMM_BYTES)
		length = PROCFS_COMM_BYTES - 1;
	memcpy(ret_comm, text.data, length);
	ret_comm[length] = '\0';
	return 0;
}

/* A link cannot be opened to see whether it is there: a folder that answers is a process. */
static int process_is_there(int process_fd)
{
	return faccessat(process_fd, "stat", F_OK, 0) < 0 ? -ESRCH : 0;
}

int procfs_read_exe(int process_fd, char **ret_path, bool *ret_deleted)
{
	char target[PATH_MAX + 1];
	ssize_t length;
	char *path;

	length = readlinkat(process_fd, "exe", target, sizeof(target) - 1);
	if (length < 0 && errno == ENOENT)
		return process_is_there(process_fd) < 0 ? -ESRCH : -ENOENT;
	if (length < 0)
		return -errno;
	target[length] = '\0';
	path = strdup(target);
	if (!path)
		return -ENOMEM;
	*ret_deleted = mapping_path_cut_deleted(path);
	*ret_path = path;
	return 0;
}

int procfs_read_cgroup(int process_fd, char **ret_path)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	int r;

	r = read_text(process_fd, "cgroup", CGROUP_MAX_BYTES, &text);
	if (r < 0)
		return r;
	return procfs_parse_cgroup(text.data, text.size, ret_path);
}

int procfs_read_maps(int process_fd, enum mapping_selection selection,
		     struct mapping_table **ret_table)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	int r;

	r = read_text(process_fd, "maps", MAPS_MAX_BYTES, &text);
	if (r < 0 && r != -EFBIG)
		return r;
	return mapping_table_parse(text.data, text.size, selection, ret_table);
}

int procfs_read_identity(int process_fd, struct procfs_identity *ret_identity)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	int r;

	r = read_text(process_fd, "status", STATUS_MAX_BYTES, &text);
	return r < 0 ? r : procfs_parse_identity(text.data, text.size, ret_identity);
}

static int parse_digits(const char *text, const char *end, uint64_t *ret_value)
{
	const char *next = text;
	uint64_t value = 0;

	for (; next < end && *next >= '0' && *next <= '9'; next++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*next - '0'), &value))
			return -EBADMSG;
	}
	if (next == text)
		return -EBADMSG;
	*ret_value = value;
	return 0;
}

/* The fields behind the comm. Returns 0 or -EBADMSG. */
static int parse_fields(const char *next, const char *end, struct procfs_stat *stat)
{
	uint64_t parent_pid = 0, flags = 0;
	int r = 0;

	for (int field = STAT_AFTER_COMM; r == 0 && field <= STAT_START_TIME; field++) {
		next = memchr(next, ' ', (size_t)(end - next));
		if (!next)
			return -EBADMSG;
		next++;
		if (field == STAT_PARENT)
			r = parse_digits(next, end, &parent_pid);
		else if (field == STAT_FLAGS)
			r = parse_digits(next, end, &flags);
		else if (field == STAT_START_TIME)
			r = parse_digits(next, end, &stat->start_ticks);
	}
	stat->parent_pid = parent_pid <= INT32_MAX ? (uint32_t)parent_pid : 0;
	stat->is_kernel = flags & STAT_KERNEL_THREAD;
	return r;
}

/* "812 (a comm) S 1 …": the comm may hold spaces and parentheses, so fields count from its end. */
int procfs_parse_stat(const char *text, size_t size, struct procfs_stat *ret_stat)
{
	const char *comm = memchr(text, '(', size);
	const char *comm_end = memrchr(text, ')', size);
	struct procfs_stat stat = { .comm = "" };
	size_t length;
	int r;

	if (!comm || !comm_end || comm_end < comm)
		return -EBADMSG;
	comm++;
	length = (size_t)(comm_end - comm);
	memcpy(stat.comm, comm, length < PROCFS_COMM_BYTES ? length : PROCFS_COMM_BYTES - 1);
	r = parse_fields(comm_end, text + size, &stat);
	if (r == 0)
		*ret_stat = stat;
	return r;
}

/* Where a cgroup's path is taken from, best first. */
enum cgroup_source { CGROUP_UNIFIED, CGROUP_SYSTEMD, CGROUP_CPU, CGROUP_SOURCE_COUNT };

struct cgroup_path {
	const char *text;
	size_t length;
};

static bool list_has(const char *list, size_t length, const char *word)
{
	const char *end = list + length;

	for (;;) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		size_t word_length = (size_t)((comma ? comma : end) - list);

		if (word_length == strlen(word) && memcmp(list, word, word_length) == 0)
			return true;
		if (!comma)
			return false;
		list = comma + 1;
	}
}

/* "hierarchy:controllers:path"; a path may hold colons. */
static void parse_cgroup_line(const char *line, size_t length,
			      struct cgroup_path paths[CGROUP_SOURCE_COUNT])
{
	const char *end = line + length;
	const char *list = memchr(line, ':', length);
	const char *path = list ? memchr(list + 1, ':', (size_t)(end - list - 1)) : NULL;
	size_t list_length;
	int source;

	if (!path)
		return;
	list++;
	list_length = (size_t)(path - list);
	path++;
	if (path == end || *path != '/' || memchr(path, '\0', (size_t)(end - path)))
		return;
	if (list_length == 0)
		source = CGROUP_UNIFIED;
	else if (list_has(list, list_length, "name=systemd"))
		source = CGROUP_SYSTEMD;
	else if (list_has(list, list_length, "cpu"))
		source = CGROUP_CPU;
	else
		return;
	paths[source] = (struct cgroup_path){ .text = path, .length = (size_t)(end - path) };
}

int procfs_parse_cgroup(const char *text, size_t size, char **ret_path)
{
	struct cgroup_path paths[CGROUP_SOURCE_COUNT] = { 0 };
	const struct cgroup_path *best = NULL;
	const char *end = text + size;
	char *path;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;

		parse_cgroup_line(text, (size_t)(line_end - text), paths);
		text = newline ? newline + 1 : end;
	}
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (paths[i].length && (!best || (best->length == 1 && paths[i].length > 1)))
			best = &paths[i];
	}
	if (!best)
		return -EBADMSG;
	path = strndup(best->text, best->length);
	if (!path)
		return -ENOMEM;
	*ret_path = path;
	return 0;
}

/* Take a decimal number, and blanks before it, off a line. */
static bool take_number(const char **line, const char *end, uint32_t *ret_value)
{
	const char *next = *line;
	uint32_t value = 0;

	while (next < end && (*next == ' ' || *next == '\t'))
		next++;
	if (next == end || *next < '0' || *next > '9')
		return false;
	for (; next < end && *next >= '0' && *next <= '9'; next++)
		if (__builtin_mul_overflow(value, 10U, &value) ||
		    __builtin_add_overflow(value, (uint32_t)(*next - '0'), &value))
			return false;
	*line = next;
	*ret_value = value;
	return true;
}

/* The numbers behind @label, which starts a line of @text. Returns how many there are, and sets
 * the second and the last one. */
static unsigned int parse_numbers(const char *text, size_t size, const char *label,
				  uint32_t *ret_second, uint32_t *ret_last)
{
	const char *line = memmem(text, size, label, strlen(label));
	const char *end = text + size;
	unsigned int n = 0;

	if (!line)
		return 0;
	for (line += strlen(label); take_number(&line, end, ret_last); n++)
		if (n == 1)
			*ret_second = *ret_last;
	return n;
}

int procfs_parse_identity(const char *text, size_t size, struct procfs_identity *ret_identity)
{
	struct procfs_identity identity = { 0 };
	uint32_t ignored;

	if (parse_numbers(text, size, "\nUid:", &identity.uid, &ignored) < 2 ||
	    !parse_numbers(text, size, "\nNSpid:", &ignored, &identity.pid))
		return -EBADMSG;
	*ret_identity = identity;
	return 0;
}
