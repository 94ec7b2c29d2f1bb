/* SPDX-License-Identifier: Apache-2.0 */
#include "web/process_usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"

void process_usage_files_init(struct process_usage_files *files)
{
	files->stat_fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	files->fd_dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void process_usage_files_fini(struct process_usage_files *files)
{
	closep(&files->stat_fd);
	closep(&files->fd_dir);
}

/* Fields of proc_pid_stat(5) by number; the first two are the pid and the name. */
enum { STAT_STATE = 3, STAT_THREADS = 20, STAT_START = 22, STAT_VIRTUAL, STAT_RESIDENT, STAT_END };

void process_usage_parse(const char *line, struct process_usage *usage)
{
	const char *field = strrchr(line, ')'); /* the name may hold anything, also ')' */
	uint64_t values[STAT_END] = { 0 };
	int64_t since_boot_ns;

	for (int i = STAT_STATE; i < STAT_END; i++) {
		field = field ? strchr(field, ' ') : NULL;
		if (!field)
			return;
		values[i] = strtoull(++field, NULL, 10);
	}
	usage->threads = values[STAT_THREADS];
	usage->virtual_bytes = values[STAT_VIRTUAL];
	usage->resident_bytes = values[STAT_RESIDENT] * (uint64_t)sysconf(_SC_PAGESIZE);
	since_boot_ns = (int64_t)values[STAT_START] * (NS_PER_SECOND / sysconf(_SC_CLK_TCK));
	usage->start_unix_ns = clock_unix_ns() - clock_ns(CLOCK_BOOTTIME) + since_boot_ns;
}

static uint64_t count_fds(int fd_dir)
{
	_cleanup_(closep) int fd = fd_dir < 0 ? -1 : fcntl(fd_dir, F_DUPFD_CLOEXEC, 0);
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	uint64_t n_fds = 0;

	if (!dir)
		return 0;
	steal_fd(&fd);
	rewinddir(dir); /* the copy shares its position with the original */
	while ((entry = readdir(dir)))
		n_fds += entry->d_name[0] != '.';
	return n_fds - 1; /* without our copy */
}

void process_usage_read(const struct process_usage_files *files, struct process_usage *ret_usage)
{
	struct rlimit limit = { 0 };
	char line[1024];
	ssize_t n = files->stat_fd < 0 ? -1 : pread(files->stat_fd, line, sizeof(line) - 1, 0);

	getrlimit(RLIMIT_NOFILE, &limit);
	*ret_usage = (struct process_usage){
		.cpu_ns = (uint64_t)clock_ns(CLOCK_PROCESS_CPUTIME_ID),
		.max_fds = limit.rlim_cur,
		.open_fds = count_fds(files->fd_dir),
	};
	if (n <= 0)
		return;
	line[n] = '\0';
	process_usage_parse(line, ret_usage);
}
