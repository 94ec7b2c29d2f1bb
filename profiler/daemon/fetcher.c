/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/fetcher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/channel.h"
#include "profiler/daemon/debuginfod_client.h"
#include "profiler/daemon/log.h"
#include "profiler/daemon/loop.h"
#include "profiler/daemon/options.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/sandbox.h"

enum {
	CHECK_INTERVAL_MS = 1000,
	LOW_PRIORITY = 10,
	FOLDER_DEPTH = 8, /* folders that are open at once while it is emptied */
};

#define FETCH_WALL_NS    (400 * NS_PER_SECOND) /* the library's own limits come before */
#define FETCH_FILE_BYTES (2ULL << 30)
#define FOLDER_PARENT    "/var/tmp/"
#define FOLDER_PREFIX    "pilotlight-fetcher-"

DEFINE_CLEANUP(struct channel *, channel_free)

/* One file that is asked for. */
struct fetch {
	struct fetch *next;
	struct message_fetch what;
};

struct fetcher {
	const char *urls;
	char folder[64]; /* or "": none could be made */
	struct loop *loop;
	struct channel *channel;
	struct fetch *first;
	struct fetch **end;
	struct fetch *running;
	pid_t pid; /* of its child */
	int64_t start_ns;
};

const char *fetcher_urls(const struct options *options)
{
	const char *urls =
		options->debuginfod_urls ? options->debuginfod_urls : getenv("DEBUGINFOD_URLS");

	return urls && urls[0] && strcmp(urls, "none") != 0 ? urls : NULL;
}

static int send_fetched(struct channel *channel, const struct fetch *fetch,
			enum fetch_outcome outcome, int fd)
{
	const struct message_fetched fetched = { fetch->what.file, outcome };
	int r = channel_send_fds(channel, MESSAGE_FETCHED, &fetched, sizeof(fetched),
				 (int[]){ fd, -1 });

	while (r == 0 && (r = channel_flush(channel)) == -EAGAIN) {
		struct pollfd writable = { .fd = channel_fd(channel), .events = POLLOUT };

		poll(&writable, 1, -1);
		r = 0;
	}
	return r;
}

/* In the child. Returns the exit status: 0 if it has answered. */
static int fetch_file(const struct fetcher *fetcher)
{
	const struct debuginfod_options options = { fetcher->urls, fetcher->folder };
	const struct rlimit file_bytes = { FETCH_FILE_BYTES, FETCH_FILE_BYTES };
	_cleanup_(channel_freep) struct channel *channel = NULL;
	_cleanup_(closep) int fd = -1;
	enum fetch_outcome outcome;

	if (!fetcher->folder[0])
		return 1;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	setpriority(PRIO_PROCESS, 0, LOW_PRIORITY);
	if (setrlimit(RLIMIT_FSIZE, &file_bytes) < 0 ||
	    channel_new(ROLE_CHANNEL_FD, MESSAGE_MAX_PACKET_BYTES, &channel) < 0)
		return 1;
	fd = debuginfod_client_find(&options, &fetcher->running->what.build_id,
				    fetcher->running->what.kind == FETCH_EXECUTABLE);
	outcome = fd >= 0 ? FETCH_FOUND : fd == -ENOENT ? FETCH_MISSING : FETCH_FAILED;
	if (fd == -ENOSYS)
		log_line("fetcher: libdebuginfod is not installed: nothing is fetched");
	return send_fetched(channel, fetcher->running, outcome, fd < 0 ? -1 : fd) < 0;
}

static void start_next(struct fetcher *fetcher)
{
	struct fetch *fetch = fetcher->first;

	if (fetcher->running || !fetch)
		return;
	fetcher->first = fetch->next;
	if (!fetcher->first)
		fetcher->end = &fetcher->first;
	fetcher->running = fetch;
	fetcher->start_ns = clock_monotonic_ns();
	fetcher->pid = fork();
	if (fetcher->pid == 0)
		_exit(fetch_file(fetcher));
	if (fetcher->pid < 0) {
		(void)send_fetched(fetcher->channel, fetch, FETCH_FAILED, -1);
		free(fetch);
		fetcher->running = NULL;
	}
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	if (where->level > 0)
		(void)remove(path);
	return 0;
}

/* Who has been given a file has it open. */
static void empty_folder(const char *folder)
{
	if (folder[0])
		(void)nftw(folder, remove_entry, FOLDER_DEPTH, FTW_DEPTH | FTW_PHYS);
}

static void finish_running(struct fetcher *fetcher, int status)
{
	if (status != 0)
		(void)send_fetched(fetcher->channel, fetcher->running, FETCH_FAILED, -1);
	free(fetcher->running);
	fetcher->running = NULL;
	empty_folder(fetcher->folder);
}

static int on_signal(void *context, int signal)
{
	struct fetcher *fetcher = context;
	int status;
	pid_t pid;

	if (signal != SIGCHLD)
		return 0;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (fetcher->running && pid == fetcher->pid)
			finish_running(fetcher, status);
	start_next(fetcher);
	return 0;
}

static int on_timer(void *context)
{
	struct fetcher *fetcher = context;

	if (fetcher->running && clock_monotonic_ns() - fetcher->start_ns > FETCH_WALL_NS)
		kill(fetcher->pid, SIGKILL);
	return 0;
}

static int on_message(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct fetcher *fetcher = context;
	struct fetch *fetch;

	(void)fds;
	if (message->type == MESSAGE_PING)
		return channel_send(fetcher->channel, MESSAGE_PONG, NULL, 0);
	if (message->type != MESSAGE_FETCH)
		return -EBADMSG;
	fetch = calloc(1, sizeof(*fetch));
	if (!fetch)
		return -ENOMEM;
	fetch->what = *(const struct message_fetch *)message->body;
	*fetcher->end = fetch;
	fetcher->end = &fetch->next;
	return 0;
}

static int on_channel(void *context)
{
	struct fetcher *fetcher = context;
	int r = channel_receive(fetcher->channel, on_message, fetcher);

	if (r < 0)
		return r;
	start_next(fetcher);
	r = channel_flush(fetcher->channel);
	return r == -EAGAIN ? 0 : r;
}

/* One that was killed could not remove its folder, whose name has its pid. */
static void remove_stale_folders(void)
{
	_cleanup_(closedirp) DIR *entries = opendir(FOLDER_PARENT);
	const struct dirent *entry;
	char path[PATH_MAX];

	while (entries && (entry = readdir(entries))) {
		const size_t prefix_bytes = sizeof(FOLDER_PREFIX) - 1;
		struct stat status;

		if (strncmp(entry->d_name, FOLDER_PREFIX, prefix_bytes) != 0 ||
		    fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
		    kill((pid_t)strtol(entry->d_name + prefix_bytes, NULL, 10), 0) == 0 ||
		    errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), FOLDER_PARENT "%s", entry->d_name);
		empty_folder(path);
		(void)rmdir(path);
	}
}

/* To start it again and again would not help. */
static void make_folder(struct fetcher *fetcher)
{
	remove_stale_folders();
	snprintf(fetcher->folder, sizeof(fetcher->folder), FOLDER_PARENT FOLDER_PREFIX "%d-XXXXXX",
		 getpid());
	if (mkdtemp(fetcher->folder))
		return;
	log_line("fetcher: cannot make a folder in /var/tmp: %s; nothing is fetched",
		 strerror(errno));
	fetcher->folder[0] = '\0';
}

static int set_up(struct fetcher *fetcher)
{
	const int signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP, 0 };
	int r;

	fetcher->end = &fetcher->first;
	r = loop_new(&fetcher->loop);
	if (r == 0)
		r = channel_new(ROLE_CHANNEL_FD, 4 * MESSAGE_MAX_PACKET_BYTES, &fetcher->channel);
	if (r == 0)
		r = loop_add_signals(fetcher->loop, signals, on_signal, fetcher);
	if (r == 0)
		r = loop_add_timer(fetcher->loop, CHECK_INTERVAL_MS, on_timer, fetcher);
	if (r == 0)
		r = loop_add_fd(fetcher->loop, ROLE_CHANNEL_FD, EPOLLIN, on_channel, fetcher);
	if (r == 0)
		r = sandbox_filter(FILTER_FETCHER);
	return r;
}

int fetcher_main(const struct options *options)
{
	struct fetcher fetcher = { .urls = fetcher_urls(options) };
	int r = sandbox_drop_privileges(ROLE_FETCHER);

	if (r == 0)
		make_folder(&fetcher);
	if (r == 0)
		r = fetcher.urls ? set_up(&fetcher) : -EINVAL;
	if (r < 0) {
		log_line("fetcher: cannot start: %s", strerror(-r));
		return 1;
	}
	r = loop_run(fetcher.loop);
	if (fetcher.running)
		kill(fetcher.pid, SIGKILL);
	empty_folder(fetcher.folder);
	if (fetcher.folder[0])
		(void)rmdir(fetcher.folder);
	loop_free(fetcher.loop);
	channel_free(fetcher.channel);
	return r == -EPIPE ? 0 : 1;
}
