/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"

enum { EVENTS_AT_ONCE = 16 };

struct watch {
	struct watch *next;
	int fd; /* −1: removed, to be freed when no event can name it any more */
	bool is_timer;
	loop_on_event on_event;
	void *context;
};

struct loop {
	int epoll_fd;
	struct watch *watches;
	bool quit;
	int signal_fd;
	loop_on_signal on_signal;
	void *signal_context;
};

DEFINE_CLEANUP(struct loop *, loop_free)

int loop_new(struct loop **ret_loop)
{
	_cleanup_(loop_freep) struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	loop->signal_fd = -1;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	*ret_loop = steal(loop);
	return 0;
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	while (loop->watches) {
		struct watch *watch = loop->watches;

		loop->watches = watch->next;
		if (watch->is_timer)
			close(watch->fd);
		free(watch);
	}
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	free(loop);
	return NULL;
}

static struct watch *find_watch(const struct loop *loop, int fd)
{
	struct watch *watch = loop->watches;

	while (watch && watch->fd != fd)
		watch = watch->next;
	return watch;
}

int loop_add_fd(struct loop *loop, int fd, uint32_t events, loop_on_event on_event, void *context)
{
	_cleanup_(freep) struct watch *watch = malloc(sizeof(*watch));
	struct epoll_event event = { .events = events };

	if (!watch)
		return -ENOMEM;
	*watch = (struct watch){ loop->watches, fd, false, on_event, context };
	event.data.ptr = watch;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	loop->watches = steal(watch);
	return 0;
}

int loop_change_fd(struct loop *loop, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };

	event.data.ptr = find_watch(loop, fd);
	if (!event.data.ptr)
		return -ENOENT;
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0 ? -errno : 0;
}

void loop_remove_fd(struct loop *loop, int fd)
{
	struct watch *watch = find_watch(loop, fd);

	if (!watch)
		return;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	watch->fd = -1;
}

int loop_add_timer(struct loop *loop, unsigned int interval_ms, loop_on_event on_event,
		   void *context)
{
	const struct timespec interval = { interval_ms / 1000, interval_ms % 1000 * NS_PER_MS };
	const struct itimerspec every = { interval, interval };
	_cleanup_(closep) int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int r;

	if (fd < 0 || timerfd_settime(fd, 0, &every, NULL) < 0)
		return -errno;
	r = loop_add_fd(loop, fd, EPOLLIN, on_event, context);
	if (r < 0)
		return r;
	find_watch(loop, fd)->is_timer = true;
	steal_fd(&fd);
	return 0;
}

static int on_signal_fd(void *context)
{
	struct loop *loop = context;
	struct signalfd_siginfo info;

	while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		int r = loop->on_signal(loop->signal_context, (int)info.ssi_signo);

		if (r < 0)
			return r;
	}
	return 0;
}

int loop_add_signals(struct loop *loop, const int *signals, loop_on_signal on_signal, void *context)
{
	sigset_t set;

	sigemptyset(&set);
	for (const int *signal = signals; *signal; signal++)
		sigaddset(&set, *signal);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signal_fd < 0)
		return -errno;
	loop->on_signal = on_signal;
	loop->signal_context = context;
	return loop_add_fd(loop, loop->signal_fd, EPOLLIN, on_signal_fd, loop);
}

static void free_removed(struct loop *loop)
{
	struct watch **link = &loop->watches;

	while (*link) {
		struct watch *watch = *link;

		if (watch->fd >= 0) {
			link = &watch->next;
			continue;
		}
		*link = watch->next;
		free(watch);
	}
}

static int dispatch(struct watch *watch)
{
	uint64_t expirations;

	if (watch->fd < 0)
		return 0;
	if (watch->is_timer && read(watch->fd, &expirations, sizeof(expirations)) < 0)
		return 0;
	return watch->on_event(watch->context);
}

int loop_run_once(struct loop *loop, int timeout_ms)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int n = epoll_wait(loop->epoll_fd, events, EVENTS_AT_ONCE, timeout_ms);
	int r = 0;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n && r >= 0; i++)
		r = dispatch(events[i].data.ptr);
	free_removed(loop);
	return r < 0 ? r : 0;
}

int loop_run(struct loop *loop)
{
	int r = 0;

	loop->quit = false;
	while (!loop->quit && r >= 0)
		r = loop_run_once(loop, -1);
	return r;
}

void loop_quit(struct loop *loop)
{
	loop->quit = true;
}
