/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/doctor.h"

#include <stdbool.h>
#include <stddef.h>

#include "profiler/daemon/host_probe.h"
#include "profiler/daemon/kernel_probe.h"
#include "profiler/daemon/options.h"

struct check {
	const char *name;
	void (*probe)(struct finding *finding);
};

/* What explains a failure comes before it. */
static const struct check checks[] = {
	{ "kernel", kernel_probe_release },
	{ "BTF", kernel_probe_btf },
	{ "lockdown", kernel_probe_lockdown },
	{ "roles", host_probe_roles },
	{ "seccomp", host_probe_seccomp },
	{ "pid namespace", host_probe_pid_namespace },
	{ "CPUs", host_probe_cpus },
	{ "open files", host_probe_descriptors },
	{ "perf event", kernel_probe_perf_event },
	{ "BPF program", kernel_probe_bpf_program },
	{ "BPF ring", kernel_probe_ring },
	{ "unwinding", kernel_probe_unwinding },
	{ "sampling", kernel_probe_sampling },
	{ "stack depth", kernel_probe_stack_depth },
	{ "processes", host_probe_processes },
	{ "map_files", host_probe_map_files },
	{ "kallsyms", kernel_probe_kallsyms },
	{ "BPF statistics", kernel_probe_bpf_stats },
	{ NULL, NULL },
};

static void print_finding(FILE *out, const char *name, const struct finding *finding)
{
	static const char *const words[] = {
		[VERDICT_OK] = "ok",
		[VERDICT_WARN] = "warn",
		[VERDICT_FAIL] = "fail",
	};

	fprintf(out, "%-4s  %-22s  %s\n", words[finding->verdict], name, finding->text);
}

int doctor_main(const struct options *options, FILE *out)
{
	struct finding finding;
	unsigned int n_failed = 0;

	for (const struct needed_capability *needed = sandbox_needed; needed->name; needed++) {
		host_probe_capability(needed, &finding);
		print_finding(out, needed->name, &finding);
		n_failed += finding.verdict == VERDICT_FAIL;
	}
	for (const struct check *check = checks; check->name; check++) {
		check->probe(&finding);
		print_finding(out, check->name, &finding);
		n_failed += finding.verdict == VERDICT_FAIL;
	}
	host_probe_cache(options->cache, &finding);
	print_finding(out, "cache", &finding);
	if (n_failed)
		fprintf(out, "\nSampling cannot work here: %u of these failed.\n", n_failed);
	else
		fprintf(out, "\nSampling works here.\n");
	return n_failed || fflush(out) == EOF ? 1 : 0;
}
