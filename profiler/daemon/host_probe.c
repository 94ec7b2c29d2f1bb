/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/host_probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cap-ng.h>
#include <linux/seccomp.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/daemon/cache_folder.h"
#include "profiler/daemon/file_fence.h"
#include "profiler/daemon/options.h"
#include "profiler/daemon/table_cache.h"
#include "profiler/procfs.h"

/* Inode of the initial pid namespace: PROC_PID_INIT_INO in the kernel's include/linux/proc_ns.h. */
#define INITIAL_PID_NAMESPACE 0xEFFFFFFCU

/* Perf events, rings, files to be described: what a small host gets by with. */
enum { DESCRIPTORS_MIN = 1024 };

static bool have(int capability)
{
	return capng_have_capability(CAPNG_EFFECTIVE, (unsigned int)capability);
}

void host_probe_capability(const struct needed_capability *needed, struct finding *finding)
{
	capng_get_caps_process();
	if (have(needed->capability))
		finding_set(finding, VERDICT_OK, "%s", needed->purpose);
	else
		finding_set(finding, VERDICT_FAIL,
			    "missing: it is needed %s; run as root, or give "
			    "it to the program",
			    needed->purpose);
}

void host_probe_roles(struct finding *finding)
{
	capng_get_caps_process();
	if (have(CAP_SETUID) && have(CAP_SETGID))
		finding_set(finding, VERDICT_OK,
			    "resolver, server and fetcher get users of their own");
	else
		finding_set(
			finding, VERDICT_WARN,
			"no CAP_SETUID and CAP_SETGID: resolver, server and fetcher keep uid %u, "
			"without capabilities and behind their system call filters",
			(unsigned int)getuid());
}

void host_probe_seccomp(struct finding *finding)
{
	const uint32_t action = SECCOMP_RET_ERRNO;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
		finding_set(finding, VERDICT_OK, "system call filters are available");
	else
		finding_set(finding, VERDICT_FAIL,
			    "no system call filters (%s): resolver and server are not started "
			    "without",
			    strerror(errno));
}

void host_probe_landlock(struct finding *finding)
{
	int r = file_fence_probe();

	if (r == 0)
		finding_set(finding, VERDICT_OK, "who fetches debug files opens no others");
	else
		finding_set(finding, VERDICT_WARN,
			    "no Landlock (%s): who fetches debug files, if servers are named, may "
			    "read what every user may; enable it (lsm=landlock,…)",
			    strerror(-r));
}

void host_probe_pid_namespace(struct finding *finding)
{
	struct stat status;

	if (stat("/proc/self/ns/pid", &status) < 0)
		finding_set(finding, VERDICT_FAIL, "/proc/self/ns/pid: %s", strerror(errno));
	else if (status.st_ino == INITIAL_PID_NAMESPACE)
		finding_set(finding, VERDICT_OK, "the host's");
	else
		finding_set(finding, VERDICT_FAIL,
			    "a container's: processes of the host have other numbers here, so they "
			    "are not found in /proc; share the host's (--pid=host)");
}

/* Whether we may see what @pid has mapped; one that ended meanwhile is none that is refused. */
static int try_process(int proc_fd, pid_t pid)
{
	_cleanup_(closep) int process_fd = -1;
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;
	int r = procfs_open_process(proc_fd, pid, &process_fd);

	if (r == 0)
		r = procfs_read_maps(process_fd, MAPPINGS_EXECUTABLE, &table);
	return r == -ESRCH ? 0 : r;
}

void host_probe_processes(struct finding *finding)
{
	_cleanup_(closedirp) DIR *folder = opendir("/proc");
	unsigned int n_processes = 0, n_refused = 0;
	const struct dirent *entry;
	pid_t refused_pid = 0;
	int error = 0;

	while (folder && (entry = readdir(folder))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		int r = pid > 0 ? try_process(dirfd(folder), pid) : 0;

		n_processes += pid > 0;
		if (r == 0)
			continue;
		n_refused++;
		refused_pid = pid;
		error = r;
	}
	if (n_processes && !n_refused)
		finding_set(finding, VERDICT_OK, "the mappings of all %u can be read", n_processes);
	else
		finding_set(finding, VERDICT_WARN,
			    "the mappings of %u of %u cannot be read, as those of %d (%s): their "
			    "frames have no names",
			    n_refused, n_processes, refused_pid, strerror(-error));
}

/* Open the first file that this process has mapped by its link there. Returns 0 or -errno. */
static int open_first_map_file(void)
{
	_cleanup_(closedirp) DIR *folder = opendir("/proc/self/map_files");
	_cleanup_(closep) int fd = -1;
	const struct dirent *entry;

	if (!folder)
		return -errno;
	do {
		errno = 0;
		entry = readdir(folder);
		if (!entry)
			return errno ? -errno : -ENOENT;
	} while (entry->d_name[0] == '.');
	fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : 0;
}

void host_probe_map_files(struct finding *finding)
{
	int r = open_first_map_file();

	if (r == 0)
		finding_set(finding, VERDICT_OK, "mapped files can be opened, deleted ones too");
	else
		finding_set(finding, VERDICT_WARN,
			    "/proc/PID/map_files: %s: files are opened by their paths, so deleted "
			    "ones have no names",
			    strerror(-r));
}

void host_probe_descriptors(struct finding *finding)
{
	struct rlimit limit = { 0 };

	getrlimit(RLIMIT_NOFILE, &limit);
	finding_set(finding, limit.rlim_cur >= DESCRIPTORS_MIN ? VERDICT_OK : VERDICT_WARN,
		    "%llu open files allowed%s", (unsigned long long)limit.rlim_cur,
		    limit.rlim_cur >= DESCRIPTORS_MIN ? "" : ": raise it (ulimit -n 1024)");
}

void host_probe_cpus(struct finding *finding)
{
	finding_set(finding, VERDICT_OK, "%ld online of %ld", sysconf(_SC_NPROCESSORS_ONLN),
		    sysconf(_SC_NPROCESSORS_CONF));
}

/* Write a file there, and remove it. Returns 0 or as cache_folder_open(). */
static int try_cache_folder(const char *path)
{
	static char byte[] = "x";
	const struct iovec part = { byte, 1 };
	const char *name = "probe" TABLE_CACHE_ENDING;
	struct cache_folder *folder;
	int r = cache_folder_open(path, TABLE_CACHE_ENDING, TABLE_CACHE_MAX_BYTES, &folder);

	if (r < 0)
		return r;
	r = cache_folder_put(folder, name, &part, 1);
	cache_folder_remove(folder, name);
	cache_folder_free(folder);
	return r;
}

void host_probe_cache(const struct options *options, struct finding *finding)
{
	const char *folder = options->cache;
	int r = folder ? try_cache_folder(folder) : 0;

	if (r < 0)
		finding_set(finding, VERDICT_WARN,
			    "%s: %s: unwind tables and names are made anew at each start", folder,
			    cache_folder_strerror(r));
	else if (folder)
		finding_set(finding, VERDICT_OK, "unwind tables and names are kept in %s", folder);
	else
		finding_set(finding, VERDICT_OK,
			    "none: unwind tables and names are made anew at each start");
}
