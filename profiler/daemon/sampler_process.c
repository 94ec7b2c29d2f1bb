/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/sampler_process.h"

#include <errno.h>
#include <sys/resource.h>

#include "profiler/daemon/finding.h"
#include "profiler/daemon/host_probe.h"
#include "profiler/daemon/log.h"
#include "profiler/daemon/sandbox.h"

enum { OPEN_FILES_MAX = 65536, SAMPLER_PRIORITY = -15 };

/* Files wait open for the resolver, and each CPU has its event: more than the usual soft limit. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max < OPEN_FILES_MAX ? limit.rlim_max : OPEN_FILES_MAX;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Where processes have other numbers than the kernel half says, none of them is found. */
static int check_pid_namespace(bool selects_processes)
{
	struct finding finding;

	host_probe_pid_namespace(&finding);
	if (finding.verdict != VERDICT_FAIL)
		return 0;
	log_line("pid namespace: %s", finding.text);
	return selects_processes ? -EINVAL : 0;
}

/* A process that has just been met may be gone in milliseconds: be there in time. Without the
 * privilege, as it comes. The roles do not inherit it. */
static void come_first(void)
{
	(void)setpriority(PRIO_PROCESS, 0, SAMPLER_PRIORITY);
}

int sampler_process_prepare(bool selects_processes)
{
	const struct needed_capability *missing = sandbox_missing();

	if (missing) {
		log_line("%s is missing, %s: run as root, or give it to this program",
			 missing->name, missing->purpose);
		return -EPERM;
	}
	if (check_pid_namespace(selects_processes) < 0)
		return -EINVAL;
	raise_file_limit();
	come_first();
	return 0;
}
