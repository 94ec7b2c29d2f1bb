/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/doctor.h"

#include <stdbool.h>
#include <stddef.h>

#include "profiler/base/array.h"
#include "profiler/daemon/host_probe.h"
#include "profiler/daemon/kernel_probe.h"
#include "profiler/daemon/names_probe.h"
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
	{ "Landlock", host_probe_landlock },
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

/* What depends on options. Nothing of it is needed to sample. */
static const struct {
	const char *name;
	void (*probe)(const struct options *options, struct finding *finding);
} checks_of_options[] = {
	{ "kernel's lines", names_probe_kernel_file },
	{ "modules' lines", names_probe_modules },
	{ "debug files", names_probe_debug_folders },
	{ "debuginfod", names_probe_debuginfod },
	{ "pods", names_probe_pods },
	{ "disassembly", names_probe_disassembly },
	{ "cache", host_probe_cache },
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
	for (size_t i = 0; i < ARRAY_SIZE(checks_of_options); i++) {
		checks_of_options[i].probe(options, &finding);
		print_finding(out, checks_of_options[i].name, &finding);
	}
	if (n_failed)
		fprintf(out, "\nSampling cannot work here: %u of these failed.\n", n_failed);
	else
		fprintf(out, "\nSampling works here.\n");
	return n_failed || fflush(out) == EOF ? 1 : 0;
}
