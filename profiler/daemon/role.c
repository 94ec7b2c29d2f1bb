/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/role.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"

enum {
	EARLY_END_SECONDS = 10,  /* what ends sooner than that … */
	RESTART_DELAY_MS = 1000, /* … is started anew only after this */
	ROLE_MAX_ARGS = 1024,
};

static int on_channel(void *context);
static int on_exit_of_process(void *context);

/* This program anew: `pilotlight --role NAME` and the arguments that it was given itself. */
static void exec_self(const struct role_process *process)
{
	char option[] = "--role", name[16], config_option[] = "--config", config[32];
	char *args[ROLE_MAX_ARGS + 6] = { process->args[0], option, name };
	size_t n = 3;

	if (process->config_fd >= 0) {
		snprintf(config, sizeof(config), "/proc/self/fd/%d", ROLE_CONFIG_FD);
		args[n++] = config_option;
		args[n++] = config;
	}
	snprintf(name, sizeof(name), "%s", role_names[process->role]);
	for (char *const *arg = process->args + 1; *arg && n < ROLE_MAX_ARGS + 5; arg++)
		args[n++] = *arg;
	execv("/proc/self/exe", args);
	_exit(127);
}

/* In the child: exactly the descriptors that the role expects, and this program anew. */
static void exec_role(const struct role_process *process, int channel_fd)
{
	int listen_fd = process->listen_fd, config_fd = process->config_fd;
	sigset_t none;

	/* First out of the way of each other's numbers, then into place. */
	channel_fd = fcntl(channel_fd, F_DUPFD, 16);
	if (listen_fd >= 0)
		listen_fd = fcntl(listen_fd, F_DUPFD, 16);
	if (config_fd >= 0)
		config_fd = fcntl(config_fd, F_DUPFD, 16);
	dup2(channel_fd, ROLE_CHANNEL_FD);
	if (listen_fd < 0)
		close(ROLE_LISTEN_FD);
	else
		dup2(listen_fd, ROLE_LISTEN_FD);
	if (config_fd < 0)
		close(ROLE_CONFIG_FD);
	else
		dup2(config_fd, ROLE_CONFIG_FD);
	syscall(SYS_close_range, ROLE_CONFIG_FD + 1, ~0U, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setpriority(PRIO_PROCESS, 0, 0);
	exec_self(process);
}

static int watch(struct role_process *process)
{
	int r;

	r = loop_add_fd(process->loop, channel_fd(process->channel), EPOLLIN, on_channel, process);
	if (r < 0)
		return r;
	process->is_writable_awaited = false;
	r = loop_add_fd(process->loop, process->pid_fd, EPOLLIN, on_exit_of_process, process);
	if (r < 0)
		loop_remove_fd(process->loop, channel_fd(process->channel));
	return r;
}

static int spawn(struct role_process *process)
{
	_cleanup_(closep) int ours = -1;
	_cleanup_(closep) int theirs = -1;
	int fds[2];
	int r;

	r = channel_pair(fds);
	if (r < 0)
		return r;
	ours = fds[0];
	theirs = fds[1];
	r = channel_new(steal_fd(&ours), process->queue_limit_bytes, &process->channel);
	if (r < 0)
		return r;
	process->pid = fork();
	if (process->pid == 0)
		exec_role(process, theirs);
	if (process->pid < 0)
		return -errno;
	process->pid_fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	return process->pid_fd < 0 ? -errno : watch(process);
}

/* Collect a process that has ended, or is about to. Sets a phrase for how it ended. */
static void reap(struct role_process *process, char *ret_reason, size_t reason_bytes)
{
	struct rusage usage = { 0 };
	int status = 0;

	snprintf(ret_reason, reason_bytes, "ended");
	if (process->pid > 0 && wait4(process->pid, &status, 0, &usage) == process->pid) {
		if (WIFSIGNALED(status))
			snprintf(ret_reason, reason_bytes, "was killed by signal %d",
				 WTERMSIG(status));
		else
			snprintf(ret_reason, reason_bytes, "exited with status %d",
				 WEXITSTATUS(status));
	}
	process->cpu_ns_before +=
		(uint64_t)((usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_SECOND +
			   (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000);
}

/* Forget a process that is dead, or that we have just killed. */
static void clean_up(struct role_process *process, char *ret_reason, size_t reason_bytes)
{
	reap(process, ret_reason, reason_bytes);
	if (process->channel)
		loop_remove_fd(process->loop, channel_fd(process->channel));
	if (process->pid_fd >= 0) {
		loop_remove_fd(process->loop, process->pid_fd);
		close(process->pid_fd);
	}
	process->channel = channel_free(process->channel);
	process->pid_fd = -1;
	process->pid = 0;
}

int role_process_start(struct role_process *process)
{
	char reason[64];
	int r;

	process->pid_fd = -1;
	process->pid = 0;
	process->start_ns = clock_monotonic_ns();
	process->n_unanswered = 0;
	r = spawn(process);
	if (r < 0) {
		if (process->pid > 0)
			kill(process->pid, SIGKILL);
		clean_up(process, reason, sizeof(reason));
		process->next_start_ns = process->start_ns + RESTART_DELAY_MS * NS_PER_MS;
		return r;
	}
	return process->events->on_start(process->events->context, process->role);
}

static int on_message(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct role_process *process = context;

	process->n_unanswered = 0;
	if (message->type == MESSAGE_PONG)
		return 0;
	return process->events->on_message(process->events->context, process->role, message, fds);
}

/* It has ended, or we make it: tell, and start another, at once unless this one ended early. */
static void restart(struct role_process *process, const char *why)
{
	char reason[64];
	bool was_early =
		clock_monotonic_ns() - process->start_ns < EARLY_END_SECONDS * NS_PER_SECOND;

	if (why)
		kill(process->pid, SIGKILL);
	else /* what it said before it ended still counts; the first call may only tell of the end
	      */
		for (int i = 0; i < 2; i++)
			(void)channel_receive(process->channel, on_message, process);
	clean_up(process, reason, sizeof(reason));
	process->restarts++;
	process->events->on_end(process->events->context, process->role, why ? why : reason);
	process->next_start_ns =
		clock_monotonic_ns() + (was_early ? RESTART_DELAY_MS * NS_PER_MS : 0);
	if (!was_early)
		role_process_start(process);
}

static int on_exit_of_process(void *context)
{
	restart(context, NULL);
	return 0;
}

static int on_channel(void *context)
{
	struct role_process *process = context;
	int r = channel_receive(process->channel, on_message, process);

	if (r == -EPIPE) { /* it is ending, or should be */
		kill(process->pid, SIGKILL);
		restart(process, NULL);
		return 0;
	}
	if (r < 0) {
		restart(process, "sent what it must not send");
		return 0;
	}
	role_process_flush(process);
	return 0;
}

void role_process_flush(struct role_process *process)
{
	bool is_left;

	if (!process->channel)
		return;
	is_left = channel_flush(process->channel) == -EAGAIN;
	if (is_left == process->is_writable_awaited)
		return;
	process->is_writable_awaited = is_left;
	loop_change_fd(process->loop, channel_fd(process->channel),
		       is_left ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void role_process_check(struct role_process *process)
{
	if (!process->channel) {
		if (clock_monotonic_ns() >= process->next_start_ns)
			role_process_start(process);
		return;
	}
	on_channel(process); /* its answers may be waiting, if we did not run */
	if (!process->channel)
		return;
	if (process->n_unanswered >= ROLE_MAX_UNANSWERED) {
		restart(process, "did not answer in time, and was killed");
		return;
	}
	process->n_unanswered++;
	if (channel_send(process->channel, MESSAGE_PING, NULL, 0) == 0)
		role_process_flush(process);
}

void role_process_stop(struct role_process *process, int wait_ms)
{
	struct pollfd exited = { .fd = process->pid_fd, .events = POLLIN };
	char reason[64];

	if (!process->channel)
		return;
	shutdown(channel_fd(process->channel), SHUT_RDWR);
	if (poll(&exited, 1, wait_ms) != 1)
		kill(process->pid, SIGKILL);
	clean_up(process, reason, sizeof(reason));
}

/* Fields of /proc/PID/stat by the numbers that proc_pid_stat(5) gives them. */
static uint64_t stat_field(const char *stat, int number)
{
	const char *next = strrchr(stat, ')');

	for (int i = 2; next && i < number; i++)
		next = strchr(next + 1, ' ');
	return next ? strtoull(next, NULL, 10) : 0;
}

/* Of a role other than ours, its children count too: they do the resolver's work. */
static void read_status(const char *pid, bool with_children, struct role_status *ret_status)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	long ns_per_tick = NS_PER_SECOND / sysconf(_SC_CLK_TCK);
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	if (file_read(AT_FDCWD, path, 4096, &text) < 0)
		return;
	ret_status->cpu_ns +=
		(stat_field(text.data, 14) + stat_field(text.data, 15)) * (uint64_t)ns_per_tick;
	if (with_children)
		ret_status->cpu_ns += (stat_field(text.data, 16) + stat_field(text.data, 17)) *
				      (uint64_t)ns_per_tick;
	ret_status->n_threads = (uint32_t)stat_field(text.data, 20);
	ret_status->resident_bytes = stat_field(text.data, 24) * (uint64_t)sysconf(_SC_PAGESIZE);
}

void role_process_get_status(const struct role_process *process, struct role_status *ret_status)
{
	char pid[16];

	*ret_status = (struct role_status){
		.restarts = process->restarts,
		.pid = (uint32_t)process->pid,
		.cpu_ns = process->cpu_ns_before,
	};
	snprintf(pid, sizeof(pid), "%d", process->pid);
	if (process->pid > 0)
		read_status(pid, true, ret_status);
}

void role_self_get_status(struct role_status *ret_status)
{
	*ret_status = (struct role_status){ .pid = (uint32_t)getpid() };
	read_status("self", false, ret_status);
}
