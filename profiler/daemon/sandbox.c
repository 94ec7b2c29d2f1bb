/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cap-ng.h>
#include <seccomp.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF     39
#endif
#ifndef CAP_CHECKPOINT_RESTORE
#define CAP_CHECKPOINT_RESTORE 40
#endif

/* Of the range that systemd leaves unused: systemd.io/UIDS-GIDS. */
static const uid_t role_ids[ROLE_COUNT] = {
	[ROLE_RESOLVER] = 61070,
	[ROLE_SERVER] = 61071,
	[ROLE_FETCHER] = 61072,
};

const struct needed_capability sandbox_needed[] = {
	{ CAP_BPF, "CAP_BPF", "to load the sampling program" },
	{ CAP_PERFMON, "CAP_PERFMON", "to open perf events and walk stacks" },
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "to read the mappings of other users' processes" },
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", "to open the programs that they run" },
	{ CAP_CHECKPOINT_RESTORE, "CAP_CHECKPOINT_RESTORE",
	  "to open programs by /proc/PID/map_files" },
	{ CAP_SYSLOG, "CAP_SYSLOG", "to read the addresses in /proc/kallsyms" },
	{ 0, NULL, NULL },
};

/* What the sampler keeps besides, if it has it, to start and end the other roles. */
static const int wanted_capabilities[] = { CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_KILL };

static bool have(int capability)
{
	return capng_have_capability(CAPNG_EFFECTIVE, (unsigned int)capability);
}

/* Debian's kernels know a level of kernel.perf_event_paranoid above the highest of the others, at
 * which CAP_PERFMON does not suffice. */
static const struct needed_capability paranoid_needed = {
	CAP_SYS_ADMIN, "CAP_SYS_ADMIN",
	"to open perf events while kernel.perf_event_paranoid is above 2 (or set it to 2)"
};

static bool is_paranoid(void)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	return file_read(AT_FDCWD, "/proc/sys/kernel/perf_event_paranoid", 64, &text) == 0 &&
	       strtol(text.data, NULL, 10) > 2;
}

const struct needed_capability *sandbox_missing(void)
{
	capng_get_caps_process();
	for (const struct needed_capability *needed = sandbox_needed; needed->name; needed++)
		if (!have(needed->capability))
			return needed;
	return is_paranoid() && !have(CAP_SYS_ADMIN) ? &paranoid_needed : NULL;
}

static int drop_to_needed(void)
{
	bool keep[64] = { false };

	capng_get_caps_process();
	for (const struct needed_capability *needed = sandbox_needed; needed->name; needed++)
		keep[needed->capability] = have(needed->capability);
	for (size_t i = 0; i < ARRAY_SIZE(wanted_capabilities); i++)
		keep[wanted_capabilities[i]] = have(wanted_capabilities[i]);
	keep[CAP_SYS_ADMIN] = is_paranoid() && have(CAP_SYS_ADMIN); /* for CPUs that come online */
	capng_clear(CAPNG_SELECT_CAPS);
	for (unsigned int i = 0; i < ARRAY_SIZE(keep); i++)
		if (keep[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, i);
	return capng_apply(CAPNG_SELECT_CAPS) == 0 ? 0 : -EPERM;
}

static int drop_all(uid_t id)
{
	capng_flags_t flags = CAPNG_DROP_SUPP_GRP;

	capng_get_caps_process();
	if (have(CAP_SETPCAP))
		flags |= CAPNG_CLEAR_BOUNDING;
	if (have(CAP_SETUID) && have(CAP_SETGID)) {
		capng_clear(CAPNG_SELECT_BOTH);
		return capng_change_id((int)id, (int)id, flags) == 0 ? 0 : -EPERM;
	}
	capng_clear(CAPNG_SELECT_CAPS);
	return capng_apply(CAPNG_SELECT_CAPS) == 0 ? 0 : -EPERM;
}

uid_t sandbox_uid_of(enum role role)
{
	capng_get_caps_process();
	return role != ROLE_SAMPLER && have(CAP_SETUID) && have(CAP_SETGID) ? role_ids[role]
									    : geteuid();
}

int sandbox_drop_privileges(enum role role)
{
	const struct rlimit no_core = { 0, 0 };
	int r;

	if (role == ROLE_SAMPLER)
		r = drop_to_needed();
	else
		r = drop_all(role_ids[role]);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &no_core) < 0)
		return -errno;
	if (role == ROLE_SAMPLER)
		return 0;
	/* After the change of uid, which clears both. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

#define CALL(name) SCMP_SYS(name)

/* Memory, time, signals to itself, threads' locks, and descriptors that are open. */
static const int basic_calls[] = {
	CALL(read),
	CALL(pread64),
	CALL(readv),
	CALL(write),
	CALL(pwrite64),
	CALL(writev),
	CALL(close),
	CALL(lseek),
	CALL(fstat),
	CALL(newfstatat),
	CALL(fcntl),
	CALL(dup),
	CALL(mmap),
	CALL(munmap),
	CALL(mremap),
	CALL(mprotect),
	CALL(madvise),
	CALL(brk),
	CALL(futex),
	CALL(sched_yield),
	CALL(clock_gettime),
	CALL(clock_getres),
	CALL(gettimeofday),
	CALL(clock_nanosleep),
	CALL(nanosleep),
	CALL(epoll_wait),
	CALL(epoll_pwait),
	CALL(epoll_ctl),
	CALL(poll),
	CALL(ppoll),
	CALL(sendmsg),
	CALL(recvmsg),
	CALL(getpid),
	CALL(gettid),
	CALL(getuid),
	CALL(geteuid),
	CALL(getrandom),
	CALL(getrusage),
	CALL(sysinfo),
	CALL(uname),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(sigaltstack),
	CALL(tgkill),
	CALL(restart_syscall),
	CALL(exit),
	CALL(exit_group),
	CALL(set_robust_list),
	CALL(rseq),
	CALL(memfd_create),
	CALL(ftruncate),
	CALL(prlimit64),
	CALL(timerfd_settime),
	CALL(timerfd_gettime),
	CALL(getppid),
	CALL(sched_getaffinity),
	CALL(membarrier),
	-1,
};

static const int resolver_calls[] = {
	CALL(clone), CALL(clone3),      CALL(fork),  CALL(vfork),   CALL(wait4), CALL(waitid),
	CALL(kill),  CALL(setpriority), CALL(prctl), CALL(seccomp), -1,
};

static const int server_calls[] = {
	CALL(accept4),     CALL(accept),         CALL(recvfrom),   CALL(sendto),
	CALL(shutdown),    CALL(setsockopt),     CALL(getsockopt), CALL(getsockname),
	CALL(getpeername), CALL(sendfile),       CALL(ioctl),      CALL(epoll_create1),
	CALL(eventfd2),    CALL(timerfd_create), CALL(getdents64), -1,
};

/* What SQLite needs of the folder with the history: beside these, see file_fence.h. */
static const int history_calls[] = {
	CALL(openat),    CALL(open),      CALL(stat),
	CALL(lstat),     CALL(access),    CALL(faccessat),
	CALL(unlink),    CALL(unlinkat),  CALL(rename),
	CALL(renameat),  CALL(renameat2), CALL(fsync),
	CALL(fdatasync), CALL(readlink),  CALL(readlinkat),
	CALL(getcwd),    CALL(fchmod),    CALL(faccessat2),
	CALL(fallocate), CALL(utimensat), -1,
};

/* What libcurl, the name service and OpenSSL need of the network and of files. */
static const int fetcher_calls[] = {
	CALL(socket),
	CALL(connect),
	CALL(bind),
	CALL(getsockname),
	CALL(getpeername),
	CALL(getsockopt),
	CALL(setsockopt),
	CALL(sendto),
	CALL(recvfrom),
	CALL(sendmmsg),
	CALL(recvmmsg),
	CALL(shutdown),
	CALL(socketpair),
	CALL(pipe2),
	CALL(eventfd2),
	CALL(ioctl),
	CALL(select),
	CALL(pselect6),
	CALL(open),
	CALL(openat),
	CALL(stat),
	CALL(lstat),
	CALL(statx),
	CALL(access),
	CALL(faccessat),
	CALL(faccessat2),
	CALL(readlink),
	CALL(readlinkat),
	CALL(getcwd),
	CALL(chdir),
	CALL(fchdir),
	CALL(mkdir),
	CALL(mkdirat),
	CALL(rename),
	CALL(renameat),
	CALL(renameat2),
	CALL(unlink),
	CALL(unlinkat),
	CALL(rmdir),
	CALL(getdents64),
	CALL(statfs),
	CALL(fstatfs),
	CALL(utimensat),
	CALL(utime),
	CALL(chmod),
	CALL(fchmod),
	CALL(fchmodat),
	CALL(fallocate),
	CALL(flock),
	CALL(fsync),
	CALL(umask),
	CALL(set_tid_address),
	CALL(getgid),
	CALL(getegid),
	CALL(rt_sigtimedwait),
	CALL(epoll_create1),
	CALL(timerfd_create),
	CALL(fadvise64),
	CALL(sendfile),
	CALL(landlock_create_ruleset),
	CALL(landlock_add_rule),
	CALL(landlock_restrict_self),
	-1,
};

/* What the sampler, and whatever it starts, has no business with. */
static const int host_calls[] = {
	CALL(ptrace),
	CALL(process_vm_writev),
	CALL(mount),
	CALL(umount2),
	CALL(pivot_root),
	CALL(chroot),
	CALL(setns),
	CALL(unshare),
	CALL(reboot),
	CALL(kexec_load),
	CALL(kexec_file_load),
	CALL(init_module),
	CALL(finit_module),
	CALL(delete_module),
	CALL(swapon),
	CALL(swapoff),
	CALL(settimeofday),
	CALL(clock_settime),
	CALL(clock_adjtime),
	CALL(adjtimex),
	CALL(iopl),
	CALL(ioperm),
	CALL(add_key),
	CALL(keyctl),
	CALL(request_key),
	CALL(userfaultfd),
	CALL(acct),
	CALL(quotactl),
	CALL(sethostname),
	CALL(setdomainname),
	-1,
};

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static int add_calls(scmp_filter_ctx filter, uint32_t action, const int *calls)
{
	for (; *calls != -1; calls++) {
		int r = seccomp_rule_add(filter, action, *calls, 0);

		if (r < 0 && r != -EDOM) /* EDOM: this architecture has no such call */
			return r;
	}
	return 0;
}

int sandbox_filter(enum sandbox_filter kind)
{
	const bool is_sampler = kind == FILTER_SAMPLER;
	const uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
	_cleanup_(release_filter) scmp_filter_ctx filter =
		seccomp_init(is_sampler ? SCMP_ACT_ALLOW : refuse);
	int r;

	if (!filter)
		return -ENOMEM;
	r = is_sampler ? add_calls(filter, refuse, host_calls)
		       : add_calls(filter, SCMP_ACT_ALLOW, basic_calls);
	if (r == 0 && (kind == FILTER_RESOLVER || kind == FILTER_FETCHER))
		r = add_calls(filter, SCMP_ACT_ALLOW, resolver_calls);
	if (r == 0 && (kind == FILTER_SERVER || kind == FILTER_SERVER_WITH_FOLDER))
		r = add_calls(filter, SCMP_ACT_ALLOW, server_calls);
	if (r == 0 && kind == FILTER_SERVER_WITH_FOLDER)
		r = add_calls(filter, SCMP_ACT_ALLOW, history_calls);
	if (r == 0 && kind == FILTER_FETCHER)
		r = add_calls(filter, SCMP_ACT_ALLOW, fetcher_calls);
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	return r < 0 ? r : seccomp_load(filter);
}
