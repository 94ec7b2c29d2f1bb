/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/kernel_probe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>

#include "bpf/wire.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/daemon/kernel_half.h"

enum { TRY_FREQUENCY_HZ = 199, TRY_MS = 100, TRY_RING_BYTES = 1 << 20 };

DEFINE_CLEANUP(struct kernel_half *, kernel_half_free)

/* The first line of a small file, without its newline. Returns 0 or what open(2) says. */
static int read_line(const char *path, char *ret_line, size_t line_bytes)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	if (!fgets(ret_line, (int)line_bytes, file))
		return ferror(file) ? -EIO : -ENODATA;
	ret_line[strcspn(ret_line, "\n")] = '\0';
	return 0;
}

void kernel_probe_release(struct finding *finding)
{
	struct utsname name;
	unsigned long major = 0, minor = 0;
	char *end = name.release;

	if (uname(&name) == 0)
		major = strtoul(name.release, &end, 10);
	if (major && *end == '.')
		minor = strtoul(end + 1, NULL, 10);
	if (!major)
		finding_set(finding, VERDICT_WARN, "of no known version");
	else if (major > 5 || (major == 5 && minor >= 10))
		finding_set(finding, VERDICT_OK, "%s", name.release);
	else
		finding_set(finding, VERDICT_WARN,
			    "%s is older than 5.10, the oldest that is tested: see what follows",
			    name.release);
}

void kernel_probe_btf(struct finding *finding)
{
	static const char path[] = "/sys/kernel/btf/vmlinux";

	if (access(path, R_OK) == 0)
		finding_set(finding, VERDICT_OK, "%s", path);
	else
		finding_set(finding, VERDICT_FAIL,
			    "%s: %s: the sampling program cannot be fitted to this kernel", path,
			    strerror(errno));
}

void kernel_probe_lockdown(struct finding *finding)
{
	char line[128];
	int r = read_line("/sys/kernel/security/lockdown", line, sizeof(line));

	if (r < 0)
		finding_set(finding, VERDICT_OK, "none, as far as can be seen (%s)", strerror(-r));
	else if (strstr(line, "[confidentiality]"))
		finding_set(finding, VERDICT_WARN,
			    "confidentiality: the kernel's memory cannot be read freely; sampling "
			    "does without");
	else
		finding_set(finding, VERDICT_OK, "%s", line);
}

static int open_event(uint32_t type, uint64_t config)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = type,
		.config = config,
		.sample_freq = TRY_FREQUENCY_HZ,
		.freq = 1,
		.disabled = 1,
	};
	long fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

void kernel_probe_perf_event(struct finding *finding)
{
	_cleanup_(closep) int cycles_fd = open_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES);
	_cleanup_(closep) int clock_fd = open_event(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);

	if (cycles_fd >= 0)
		finding_set(finding, VERDICT_OK, "cpu-cycles");
	else if (clock_fd >= 0)
		finding_set(finding, VERDICT_WARN,
			    "no cpu-cycles (%s): the cpu-clock timer is used, which is blind while "
			    "interrupts are off",
			    strerror(-cycles_fd));
	else
		finding_set(finding, VERDICT_FAIL, "neither cpu-cycles nor cpu-clock: %s",
			    strerror(-clock_fd));
}

void kernel_probe_bpf_program(struct finding *finding)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	_cleanup_(closep) int fd = bpf_prog_load(BPF_PROG_TYPE_PERF_EVENT, "doctor", "GPL", program,
						 ARRAY_SIZE(program), NULL);

	if (fd >= 0)
		finding_set(finding, VERDICT_OK, "a program for perf events can be loaded");
	else
		finding_set(finding, VERDICT_FAIL, "a program for perf events is refused: %s",
			    strerror(errno));
}

void kernel_probe_ring(struct finding *finding)
{
	_cleanup_(closep) int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "doctor", 0, 0,
						  (uint32_t)sysconf(_SC_PAGESIZE), NULL);

	if (fd >= 0)
		finding_set(finding, VERDICT_OK, "a ring buffer can be made");
	else
		finding_set(finding, VERDICT_FAIL, "a ring buffer is refused: %s", strerror(errno));
}

void kernel_probe_stack_depth(struct finding *finding)
{
	char line[32];
	int r = read_line("/proc/sys/kernel/perf_event_max_stack", line, sizeof(line));

	if (r < 0)
		finding_set(finding, VERDICT_WARN, "unknown (%s)", strerror(-r));
	else if (strtol(line, NULL, 10) < WIRE_MAX_FRAMES)
		finding_set(finding, VERDICT_WARN,
			    "kernel.perf_event_max_stack = %s: deeper stacks of the kernel lose "
			    "their entry",
			    line);
	else
		finding_set(finding, VERDICT_OK, "%d frames of the kernel, %d of the program",
			    WIRE_MAX_FRAMES, UNWIND_MAX_FRAMES);
}

void kernel_probe_kallsyms(struct finding *finding)
{
	static const char path[] = "/proc/kallsyms";
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	char line[512];
	size_t n_lines = 0;
	bool has_address = false;

	if (!file) {
		finding_set(finding, VERDICT_WARN, "%s: %s: frames of the kernel have no names",
			    path, strerror(errno));
		return;
	}
	for (; !has_address && n_lines < 1000 && fgets(line, sizeof(line), file); n_lines++)
		has_address = strtoull(line, NULL, 16) != 0;
	if (has_address)
		finding_set(finding, VERDICT_OK, "%s shows addresses", path);
	else
		finding_set(finding, VERDICT_WARN,
			    "%s hides addresses (kernel.kptr_restrict, CAP_SYSLOG): frames of the "
			    "kernel have no names",
			    path);
}

void kernel_probe_bpf_stats(struct finding *finding)
{
	char line[32];
	int r = read_line("/proc/sys/kernel/bpf_stats_enabled", line, sizeof(line));

	if (r == 0 && strtol(line, NULL, 10))
		finding_set(finding, VERDICT_OK, "on: /metrics tells the time spent in BPF");
	else
		finding_set(finding, VERDICT_OK,
			    "off: pilotlight_bpf_run_seconds_total stays 0 (sysctl "
			    "kernel.bpf_stats_enabled)");
}

static void count_record(void *context, const void *record, size_t size)
{
	uint64_t *n_records = context;

	(void)record;
	(void)size;
	(*n_records)++;
}

static void burn_cpu(int64_t duration_ns)
{
	int64_t end_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + duration_ns;

	while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < end_ns)
		;
}

void kernel_probe_unwinding(struct finding *finding)
{
	const struct kernel_half_options options = {
		.frequency_hz = TRY_FREQUENCY_HZ,
		.ring_bytes = TRY_RING_BYTES,
		.unwinder = UNWINDER_TABLES,
	};
	const struct kernel_half_events events = { 0 };
	_cleanup_(kernel_half_freep) struct kernel_half *half = NULL;
	struct kernel_half_status status = { 0 };
	int r;

	r = kernel_half_new(&options, &events, &half);
	if (r == 0)
		r = kernel_half_get_status(half, &status);
	if (r < 0)
		finding_set(finding, VERDICT_FAIL, "the kernel refuses: %s", strerror(-r));
	else if (status.unwinder == UNWINDER_TABLES)
		finding_set(finding, VERDICT_OK, "by tables; %zu of our mappings were found, %s",
			    status.trial.n_mappings, vma_flavour_names[status.trial.flavour]);
	else
		finding_set(finding, VERDICT_WARN,
			    "by frame pointers only: the walk through mappings has failed its "
			    "trial: %s",
			    status.trial.complaint);
}

void kernel_probe_sampling(struct finding *finding)
{
	const struct kernel_half_options options = {
		.frequency_hz = TRY_FREQUENCY_HZ,
		.ring_bytes = TRY_RING_BYTES,
	};
	_cleanup_(kernel_half_freep) struct kernel_half *half = NULL;
	struct kernel_half_status status = { 0 };
	uint64_t n_records = 0;
	const struct kernel_half_events events = { count_record, count_record, &n_records };
	int n_cpus = 0;
	int r;

	r = kernel_half_new(&options, &events, &half);
	if (r == 0)
		n_cpus = r = kernel_half_refresh_cpus(half);
	if (r >= 0) {
		burn_cpu(TRY_MS * NS_PER_MS);
		kernel_half_stop(half);
		r = kernel_half_read(half);
	}
	if (r >= 0)
		r = kernel_half_get_status(half, &status);
	if (r < 0)
		finding_set(finding, VERDICT_FAIL, "the kernel refuses: %s", strerror(-r));
	else if (!n_records)
		finding_set(finding, VERDICT_FAIL,
			    "%" PRIu64 " ticks, but no sample came of %d ms of work",
			    status.sum.ticks, TRY_MS);
	else if (!status.has_lifecycle)
		finding_set(
			finding, VERDICT_WARN,
			"%d CPUs, but starts and ends of processes are not told: they are found "
			"out later, from /proc",
			n_cpus);
	else
		finding_set(finding, VERDICT_OK, "%" PRIu64 " ticks on %d CPUs in %d ms of work",
			    status.sum.ticks, n_cpus, TRY_MS);
}
