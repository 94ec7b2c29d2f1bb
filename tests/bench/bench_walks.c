/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks timed in a program that runs, by the tables of a daemon that runs, and by the kernel. If it
 * was stopped, it goes on when all is ready, and the processes that it starts then count too.
 *
 *     bench_walks DAEMON_PID PID SECONDS HZ          at that many ticks a second of its CPU time
 *     bench_walks DAEMON_PID PID SECONDS FUNCTION    each time it enters that function
 *
 * Prints a line for each: which way went first, ns of each way, the outcome of our walk, the frames
 * of our walk and of the kernel's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "tests/bench/bpf/walks.h"

#include "walks.skel.h"

struct arguments {
	int daemon_pid, victim_pid;
	unsigned int seconds;
	const char *function; /* or NULL */
	uint64_t frequency_hz;
};

/* The program that this descriptor of a process is, or -errno. */
static int program_of(int pid, const char *fd_name)
{
	char path[64], line[128];
	uint32_t id = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.16s", pid, fd_name);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "prog_id:", 8) == 0)
			id = (uint32_t)strtoul(line + 8, NULL, 10);
	if (file)
		fclose(file);
	return id ? bpf_prog_get_fd_by_id(id) : -ENOENT;
}

/* Let our map be the daemon's, if it is one that all objects share. */
static int share_map(const struct walks_bpf *walks, uint32_t id)
{
	static const char *const shared[] = { "ring",         "counters",      "file_counters",
					      "unwind_files", "unwind_shards", "unwind_rules" };
	_cleanup_(closep) int fd = bpf_map_get_fd_by_id(id);
	struct bpf_map_info info = { 0 };
	uint32_t info_bytes = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &info_bytes) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (strcmp(info.name, shared[i]) == 0)
			return bpf_map__reuse_fd(
				bpf_object__find_map_by_name(walks->obj, shared[i]), fd);
	return 0;
}

/* If the program is the one that takes samples: share its maps. */
static int share_maps_of(const struct walks_bpf *walks, int program_fd)
{
	uint32_t map_ids[64];
	struct bpf_prog_info info = { 0 };
	uint32_t info_bytes = sizeof(info);
	int r = 0;

	info.nr_map_ids = ARRAY_SIZE(map_ids);
	info.map_ids = (uintptr_t)map_ids;
	if (bpf_obj_get_info_by_fd(program_fd, &info, &info_bytes) < 0)
		return -errno;
	if (strcmp(info.name, "sample_cpu") != 0)
		return 0;
	for (uint32_t i = 0; r == 0 && i < info.nr_map_ids && i < ARRAY_SIZE(map_ids); i++)
		r = share_map(walks, map_ids[i]);
	return r;
}

static int share_maps(const struct walks_bpf *walks, int daemon_pid)
{
	_cleanup_(closedirp) DIR *folder = NULL;
	const struct dirent *entry;
	char path[64];
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", daemon_pid);
	folder = opendir(path);
	if (!folder)
		return -errno;
	while (r == 0 && (entry = readdir(folder))) {
		_cleanup_(closep) int fd = program_of(daemon_pid, entry->d_name);

		if (fd >= 0)
			r = share_maps_of(walks, fd);
	}
	return r;
}

static struct bpf_link *attach_ticks(const struct walks_bpf *walks,
				     const struct arguments *arguments)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_freq = arguments->frequency_hz,
		.freq = 1,
		.inherit = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, arguments->victim_pid, -1, -1,
			      PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? NULL : bpf_program__attach_perf_event(walks->progs.time_sampled_walks, fd);
}

static struct bpf_link *attach_function(const struct walks_bpf *walks,
					const struct arguments *arguments)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .func_name = arguments->function);
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", arguments->victim_pid);
	return bpf_program__attach_uprobe_opts(walks->progs.time_hot_walks, arguments->victim_pid,
					       path, 0, &opts);
}

static void print_walks(const struct walks_bpf *walks)
{
	uint64_t n = walks->bss->n_walks < WALKS_MAX ? walks->bss->n_walks : WALKS_MAX;

	for (uint64_t i = 0; i < n; i++) {
		const struct timed_walk *walk = &walks->bss->walks[i];

		printf("%u %" PRIu64 " %" PRIu64 " %" PRIu64 " %u %u %u\n", walk->first,
		       walk->ns[WALK_BY_TABLES], walk->ns[WALK_BY_GET_STACK],
		       walk->ns[WALK_BY_GET_STACKID], walk->outcome, walk->n_frames[0],
		       walk->n_frames[1]);
	}
}

static int run(struct walks_bpf *walks, const struct arguments *arguments)
{
	struct bpf_link *link;
	int r;

	r = share_maps(walks, arguments->daemon_pid);
	if (r < 0)
		return r;
	r = walks_bpf__load(walks);
	if (r < 0)
		return r;
	link = arguments->function ? attach_function(walks, arguments)
				   : attach_ticks(walks, arguments);
	if (!link)
		return -errno;
	kill(arguments->victim_pid, SIGCONT);
	sleep(arguments->seconds);
	bpf_link__destroy(link);
	print_walks(walks);
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct walks_bpf *walks;
	int r;

	if (argc != 5)
		return EXIT_FAILURE;
	arguments = (struct arguments){
		.daemon_pid = (int)strtol(argv[1], NULL, 10),
		.victim_pid = (int)strtol(argv[2], NULL, 10),
		.seconds = (unsigned int)strtoul(argv[3], NULL, 10),
		.frequency_hz = strtoul(argv[4], NULL, 10),
	};
	if (!arguments.frequency_hz)
		arguments.function = argv[4];
	walks = walks_bpf__open();
	r = walks ? run(walks, &arguments) : -errno;
	walks_bpf__destroy(walks);
	if (r < 0)
		fprintf(stderr, "bench_walks: %s\n", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
