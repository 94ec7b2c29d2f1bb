/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/cpu_events.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "profiler/base/cleanup.h"

struct cpu_event {
	int fd;              /* or -1 */
	uint64_t enabled_ns; /* for how long it has been counting, when we last asked */
};

struct cpu_events {
	int program_fd;
	struct perf_event_attr attr;
	struct cpu_event *cpus; /* by number */
	int n_possible_cpus;
};

DEFINE_CLEANUP(struct cpu_events *, cpu_events_free)

static int perf_event_open(const struct perf_event_attr *attr, int cpu)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Open the event on the CPU with the program attached. Returns the descriptor or -errno. */
static int open_event(const struct cpu_events *events, int cpu)
{
	_cleanup_(closep) int fd = perf_event_open(&events->attr, cpu);

	if (fd < 0)
		return fd;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, events->program_fd) < 0 ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return -errno;
	return steal_fd(&fd);
}

static bool is_unsupported(int error)
{
	return error == -ENOENT || error == -EOPNOTSUPP || error == -ENODEV || error == -EINVAL;
}

/* Which event there is: one try on a CPU that is surely online, ours. */
static int choose_event(struct cpu_events *events)
{
	int cpu = sched_getcpu();
	int fd;

	cpu = cpu < 0 ? 0 : cpu;
	fd = perf_event_open(&events->attr, cpu);

	if (is_unsupported(fd)) {
		events->attr.type = PERF_TYPE_SOFTWARE;
		events->attr.config = PERF_COUNT_SW_CPU_CLOCK;
		fd = perf_event_open(&events->attr, cpu);
	}
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int cpu_events_new(int program_fd, unsigned int frequency_hz, struct cpu_events **ret_events)
{
	_cleanup_(cpu_events_freep) struct cpu_events *events = calloc(1, sizeof(*events));
	int r;

	if (!events)
		return -ENOMEM;
	events->program_fd = program_fd;
	events->attr = (struct perf_event_attr){
		.size = sizeof(events->attr),
		.type = PERF_TYPE_HARDWARE,
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.sample_freq = frequency_hz,
		.freq = 1,
		.disabled = 1,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED,
	};
	r = libbpf_num_possible_cpus();
	if (r < 0)
		return r;
	events->cpus = malloc((size_t)r * sizeof(*events->cpus));
	if (!events->cpus)
		return -ENOMEM;
	while (events->n_possible_cpus < r)
		events->cpus[events->n_possible_cpus++] = (struct cpu_event){ -1, 0 };
	r = choose_event(events);
	if (r < 0)
		return r;
	*ret_events = steal(events);
	return 0;
}

static void close_event(struct cpu_events *events, int cpu)
{
	if (events->cpus[cpu].fd >= 0)
		close(events->cpus[cpu].fd);
	events->cpus[cpu] = (struct cpu_event){ -1, 0 };
}

struct cpu_events *cpu_events_free(struct cpu_events *events)
{
	if (!events)
		return NULL;
	for (int cpu = 0; cpu < events->n_possible_cpus; cpu++)
		close_event(events, cpu);
	free(events->cpus);
	free(events);
	return NULL;
}

/*
 * The kernel takes the events of a CPU that goes offline away, and does not give them back when it
 * comes online again, perhaps between two looks of ours: such an event no longer counts time.
 */
static bool is_counting(struct cpu_event *event)
{
	uint64_t value_and_time[2];

	if (read(event->fd, value_and_time, sizeof(value_and_time)) != sizeof(value_and_time) ||
	    value_and_time[1] == event->enabled_ns)
		return false;
	event->enabled_ns = value_and_time[1];
	return true;
}

/* Set @online for each CPU in the kernel's list, "0-3,5". */
static int read_online(const struct cpu_events *events, bool *online)
{
	char text[4096];
	FILE *file = fopen("/sys/devices/system/cpu/online", "re");
	char *next = text;

	if (!file)
		return -errno;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	while (*next >= '0' && *next <= '9') {
		long first = strtol(next, &next, 10);
		long last = *next == '-' ? strtol(next + 1, &next, 10) : first;

		for (long cpu = first; cpu <= last && cpu < events->n_possible_cpus; cpu++)
			online[cpu] = true;
		next += *next == ',';
	}
	return 0;
}

/* See to it that the CPU, which is online, has an event that counts. */
static int keep_event(struct cpu_events *events, int cpu)
{
	struct cpu_event *event = &events->cpus[cpu];

	if (event->fd >= 0 && is_counting(event))
		return 0;
	close_event(events, cpu);
	event->fd = open_event(events, cpu);
	return event->fd < 0 ? event->fd : 0;
}

int cpu_events_refresh(struct cpu_events *events)
{
	_cleanup_(freep) bool *online = calloc((size_t)events->n_possible_cpus, sizeof(*online));
	int n_open = 0, first_error = -ENODEV;
	int r;

	if (!online)
		return -ENOMEM;
	r = read_online(events, online);
	if (r < 0)
		return r;
	for (int cpu = 0; cpu < events->n_possible_cpus; cpu++) {
		r = online[cpu] ? keep_event(events, cpu) : -ENODEV;
		if (r < 0)
			close_event(events, cpu);
		else
			n_open++;
		if (r < 0 && online[cpu])
			first_error = r;
	}
	return n_open ? n_open : first_error;
}

int cpu_events_set_frequency(struct cpu_events *events, unsigned int frequency_hz)
{
	int r;

	events->attr.sample_freq = frequency_hz;
	for (int cpu = 0; cpu < events->n_possible_cpus; cpu++)
		close_event(events, cpu);
	r = cpu_events_refresh(events);
	return r < 0 ? r : 0;
}

const char *cpu_events_name(const struct cpu_events *events)
{
	return events->attr.type == PERF_TYPE_HARDWARE ? "cpu-cycles" : "cpu-clock";
}
