/* SPDX-License-Identifier: Apache-2.0 */
#include "web/process_usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
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

void process_usage_parse(const char *line, struct process_usage *usage)
{
	const char *after_name = strrchr(line, ')'); /* the name may hold anything, also ')' */
	uint64_t threads, start_ticks, virtual_bytes, resident_pages;
	int64_t ticks_per_second = sysconf(_SC_CLK_TCK), since_boot_ns;

	if (!after_name ||
	    sscanf(after_name,
		   ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %" SCNu64
		   " %*d %" SCNu64 " %" SCNu64 " %" SCNu64,
		   &threads, &start_ticks, &virtual_bytes, &resident_pages) != 4)
		return;
	usage->threads = threads;
	usage->virtual_bytes = virtual_bytes;
	usage->resident_bytes = resident_pages * (uint64_t)sysconf(_SC_PAGESIZE);
	since_boot_ns = (int64_t)start_ticks * (NS_PER_SECOND / ticks_per_second);
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
