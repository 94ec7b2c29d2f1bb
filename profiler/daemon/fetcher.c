/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/fetcher.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/channel.h"
#include "profiler/container_list.h"
#include "profiler/daemon/container_describer.h"
#include "profiler/daemon/debuginfod_client.h"
#include "profiler/daemon/fetch_folder.h"
#include "profiler/daemon/fetch_servers.h"
#include "profiler/daemon/kubelet_client.h"
#include "profiler/daemon/log.h"
#include "profiler/daemon/loop.h"
#include "profiler/daemon/network_fence.h"
#include "profiler/daemon/options.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/sandbox.h"

enum {
	CHECK_INTERVAL_MS = 1000,
	LOW_PRIORITY = 10,
	MAX_CHILDREN = FETCH_FOLDER_PARTS,
};

#define FETCH_WALL_NS    (400 * NS_PER_SECOND) /* the library's own limits come before */
#define FETCH_FILE_BYTES (2ULL << 30)
#define PODS_WALL_NS     (2 * KUBELET_MAX_SECONDS * NS_PER_SECOND) /* likewise */

DEFINE_CLEANUP(struct channel *, channel_free)

/* One file that is asked for, of one server after the other. */
struct fetch {
	struct fetch *next;
	struct message_fetch what;
	size_t server_i;
	bool has_failed, was_skipped; /* with a server, or past one that is left alone */
};

/* A child process that asks one server. */
struct fetch_child {
	struct fetch *fetch; /* NULL: there is none */
	pid_t pid;
	int64_t start_ns;
};

/* The child that asks the kubelet. */
struct pods_child {
	const char *url; /* NULL: there is nothing to be asked */
	pid_t pid;       /* 0: there is none */
	int64_t start_ns;
	bool has_complained; /* since it has last answered */
};

struct fetcher {
	struct fetch_servers servers;
	struct fetch_folder folder;
	struct loop *loop;
	struct channel *channel;
	struct fetch *first;
	struct fetch **end;
	struct fetch_child children[MAX_CHILDREN];
	struct pods_child pods;
};

const char *fetcher_urls(const struct options *options)
{
	const char *urls =
		options->debuginfod_urls ? options->debuginfod_urls : getenv("DEBUGINFOD_URLS");

	return urls && urls[0] && strcmp(urls, "none") != 0 ? urls : NULL;
}

bool fetcher_is_wanted(const struct options *options)
{
	return fetcher_urls(options) ||
	       (options->pods && container_describer_is_url(options->pods));
}

static int send_found(struct channel *channel, enum message_type type,
		      const struct message_fetched *fetched, int fd)
{
	int r = channel_send_fds(channel, type, fetched, sizeof(*fetched), (int[]){ fd, -1 });

	while (r == 0 && (r = channel_flush(channel)) == -EAGAIN) {
		struct pollfd writable = { .fd = channel_fd(channel), .events = POLLOUT };

		poll(&writable, 1, -1);
		r = 0;
	}
	return r;
}

static int send_fetched(struct channel *channel, const struct fetch *fetch,
			enum fetch_outcome outcome, int fd)
{
	return send_found(channel, MESSAGE_FETCHED,
			  &(struct message_fetched){ fetch->what.file, outcome }, fd);
}

static enum fetch_server_answer answer_of_error(int error)
{
	switch (error) {
	case -ENOENT:
		return FETCH_SERVER_HAS_NOT;
	case -ETIME:
	case -ETIMEDOUT:
	case -EHOSTUNREACH:
	case -ECONNREFUSED:
	case -ECONNRESET:
		return FETCH_SERVER_UNREACHED;
	default:
		return FETCH_SERVER_FAILED;
	}
}

/* In the child. Returns the exit status: an enum fetch_server_answer. A file that is there has been
 * sent. */
static int fetch_file(const struct fetcher *fetcher, const struct fetch_child *child)
{
	const struct fetch *fetch = child->fetch;
	const struct debuginfod_options options = {
		.url = fetcher->servers.servers[fetch->server_i].url,
		.folder = fetcher->folder.parts[child - fetcher->children],
	};
	const struct rlimit file_bytes = { FETCH_FILE_BYTES, FETCH_FILE_BYTES };
	_cleanup_(channel_freep) struct channel *channel = NULL;
	_cleanup_(closep) int fd = -1;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	setpriority(PRIO_PROCESS, 0, LOW_PRIORITY);
	if (setrlimit(RLIMIT_FSIZE, &file_bytes) < 0 ||
	    channel_new(ROLE_CHANNEL_FD, MESSAGE_MAX_PACKET_BYTES, &channel) < 0)
		return FETCH_SERVER_FAILED;
	fd = debuginfod_client_find(&options, &fetch->what.build_id,
				    fetch->what.kind == FETCH_EXECUTABLE);
	if (fd == -ENOSYS)
		log_line("fetcher: libdebuginfod is not installed: nothing is fetched");
	if (fd < 0)
		return answer_of_error(fd);
	return send_fetched(channel, fetch, FETCH_FOUND, fd) < 0 ? FETCH_SERVER_FAILED
								 : FETCH_SERVER_HAS_IT;
}

static void add(struct fetcher *fetcher, struct fetch *fetch)
{
	fetch->next = NULL;
	*fetcher->end = fetch;
	fetcher->end = &fetch->next;
}

static struct fetch *take_first(struct fetcher *fetcher)
{
	struct fetch *fetch = fetcher->first;

	fetcher->first = fetch->next;
	if (!fetcher->first)
		fetcher->end = &fetcher->first;
	return fetch;
}

/* Nobody is left to be asked for it: only if all have answered, none has it. */
static void give_up(struct fetcher *fetcher, struct fetch *fetch)
{
	enum fetch_outcome outcome = fetch->has_failed    ? FETCH_FAILED
				     : fetch->was_skipped ? FETCH_SKIPPED
							  : FETCH_MISSING;

	(void)send_fetched(fetcher->channel, fetch, outcome, -1);
	free(fetch);
}

static struct fetch_child *find_idle(struct fetcher *fetcher)
{
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		if (!fetcher->children[i].fetch)
			return &fetcher->children[i];
	return NULL;
}

/* The next server that may be asked, or NULL. */
static struct fetch_server *choose_server(struct fetcher *fetcher, struct fetch *fetch)
{
	for (; fetch->server_i < fetcher->servers.n; fetch->server_i++) {
		struct fetch_server *server = &fetcher->servers.servers[fetch->server_i];

		if (fetch_server_is_ready(server, clock_monotonic_ns()))
			return server;
		fetch->was_skipped = true;
	}
	return NULL;
}

static int start_child(struct fetcher *fetcher, struct fetch_child *child, struct fetch *fetch)
{
	if (!fetcher->folder.path[0])
		return -ENOENT;
	child->fetch = fetch;
	child->start_ns = clock_monotonic_ns();
	child->pid = fork();
	if (child->pid == 0)
		_exit(fetch_file(fetcher, child));
	if (child->pid > 0)
		return 0;
	child->fetch = NULL;
	return -errno;
}

static void start_all(struct fetcher *fetcher)
{
	struct fetch_child *child;

	while (fetcher->first && (child = find_idle(fetcher))) {
		struct fetch *fetch = take_first(fetcher);
		struct fetch_server *server = choose_server(fetcher, fetch);

		if (server && start_child(fetcher, child, fetch) == 0) {
			fetch_server_begin(server);
			continue;
		}
		fetch->has_failed |= server != NULL;
		give_up(fetcher, fetch);
	}
}

/* One server has answered for the file: if it does not have it, the next is asked. */
static void finish_child(struct fetcher *fetcher, struct fetch_child *child,
			 enum fetch_server_answer answer)
{
	struct fetch *fetch = child->fetch;
	struct fetch_server *server = &fetcher->servers.servers[fetch->server_i];

	child->fetch = NULL;
	fetch_folder_empty(&fetcher->folder, (size_t)(child - fetcher->children));
	if (fetch_server_end(server, answer, clock_monotonic_ns()))
		log_line("fetcher: %s does not answer: it is left alone for a while", server->url);
	if (answer == FETCH_SERVER_HAS_IT) {
		free(fetch);
		return;
	}
	fetch->has_failed |= answer != FETCH_SERVER_HAS_NOT;
	fetch->server_i++;
	add(fetcher, fetch);
}

/* One that was killed had taken too long. */
static enum fetch_server_answer answer_of_status(int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) > FETCH_SERVER_UNREACHED)
		return FETCH_SERVER_UNREACHED;
	return (enum fetch_server_answer)WEXITSTATUS(status);
}

/* In the child. Returns 0 if the list has been sent, or -errno, and a complaint if there is more to
 * say than that. */
static int ask_for_pods(const char *url, char ret_complaint[KUBELET_COMPLAINT_BYTES])
{
	const struct message_fetched found = { 0, FETCH_FOUND };
	const struct file_gate no_gates[] = { { NULL, false } };
	_cleanup_(channel_freep) struct channel *channel = NULL;
	_cleanup_(closep) int fd = -1;
	int r = network_fence_raise(no_gates);

	if (r == 0)
		r = channel_new(ROLE_CHANNEL_FD, MESSAGE_MAX_PACKET_BYTES, &channel);
	if (r == 0)
		r = kubelet_client_get(url, CONTAINER_LIST_MAX_BYTES, &fd, ret_complaint);
	return r < 0 ? r : send_found(channel, MESSAGE_PODS, &found, fd);
}

static void complain_of_pods(const struct pods_child *pods, const char *complaint)
{
	if (!pods->has_complained)
		log_line("pods: %s: %s; what is known of pods stays", pods->url, complaint);
}

/* In the child. Returns the exit status: 0 if the list has been sent, else it was said why not. */
static int fetch_pods(const struct pods_child *pods)
{
	char complaint[KUBELET_COMPLAINT_BYTES] = "";
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	r = ask_for_pods(pods->url, complaint);
	if (r < 0)
		complain_of_pods(pods, *complaint ? complaint : strerror(-r));
	return r < 0;
}

/* @complaint is what the child could not say itself, or NULL. */
static void finish_pods(struct fetcher *fetcher, bool is_sent, const char *complaint)
{
	const struct message_fetched failed = { 0, FETCH_FAILED };
	struct pods_child *pods = &fetcher->pods;

	if (complaint)
		complain_of_pods(pods, complaint);
	pods->pid = 0;
	pods->has_complained = !is_sent;
	if (!is_sent)
		(void)send_found(fetcher->channel, MESSAGE_PODS, &failed, -1);
}

/* One question at a time. */
static int start_pods(struct fetcher *fetcher)
{
	struct pods_child *pods = &fetcher->pods;

	if (!pods->url)
		return -EBADMSG;
	if (pods->pid)
		return 0;
	pods->start_ns = clock_monotonic_ns();
	pods->pid = fork();
	if (pods->pid == 0)
		_exit(fetch_pods(pods));
	if (pods->pid < 0)
		finish_pods(fetcher, false, strerror(errno));
	return 0;
}

static int on_signal(void *context, int signal)
{
	struct fetcher *fetcher = context;
	int status;
	pid_t pid;

	if (signal != SIGCHLD)
		return 0;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == fetcher->pods.pid)
			finish_pods(fetcher, status == 0,
				    WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : NULL);
		for (size_t i = 0; i < MAX_CHILDREN; i++)
			if (fetcher->children[i].fetch && fetcher->children[i].pid == pid)
				finish_child(fetcher, &fetcher->children[i],
					     answer_of_status(status));
	}
	start_all(fetcher);
	(void)channel_flush(fetcher->channel);
	return 0;
}

static int on_timer(void *context)
{
	struct fetcher *fetcher = context;
	const struct pods_child *pods = &fetcher->pods;

	if (pods->pid && clock_monotonic_ns() - pods->start_ns > PODS_WALL_NS)
		kill(pods->pid, SIGKILL);
	for (size_t i = 0; i < MAX_CHILDREN; i++) {
		const struct fetch_child *child = &fetcher->children[i];

		if (child->fetch && clock_monotonic_ns() - child->start_ns > FETCH_WALL_NS)
			kill(child->pid, SIGKILL);
	}
	return 0;
}

static int on_message(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct fetcher *fetcher = context;
	struct fetch *fetch;

	(void)fds;
	if (message->type == MESSAGE_PING)
		return channel_send(fetcher->channel, MESSAGE_PONG, NULL, 0);
	if (message->type == MESSAGE_FETCH_PODS)
		return start_pods(fetcher);
	if (message->type != MESSAGE_FETCH)
		return -EBADMSG;
	fetch = calloc(1, sizeof(*fetch));
	if (!fetch)
		return -ENOMEM;
	fetch->what = *(const struct message_fetch *)message->body;
	add(fetcher, fetch);
	return 0;
}

static int on_channel(void *context)
{
	struct fetcher *fetcher = context;
	int r = channel_receive(fetcher->channel, on_message, fetcher);

	if (r < 0)
		return r;
	start_all(fetcher);
	r = channel_flush(fetcher->channel);
	return r == -EAGAIN ? 0 : r;
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

static void end_children(const struct fetcher *fetcher)
{
	if (fetcher->pods.pid)
		kill(fetcher->pods.pid, SIGKILL);
	for (size_t i = 0; i < MAX_CHILDREN; i++)
		if (fetcher->children[i].fetch)
			kill(fetcher->children[i].pid, SIGKILL);
}

int fetcher_main(const struct options *options)
{
	const char *urls = fetcher_urls(options);
	struct fetcher fetcher = { 0 };
	int r = sandbox_drop_privileges(ROLE_FETCHER);

	if (options->pods && container_describer_is_url(options->pods))
		fetcher.pods.url = options->pods;
	if (r == 0 && urls)
		r = fetch_servers_init(&fetcher.servers, urls);
	if (r == 0 && urls)
		fetch_folder_make(&fetcher.folder);
	if (r == 0)
		r = set_up(&fetcher);
	if (r < 0) {
		log_line("fetcher: cannot start: %s", strerror(-r));
		return 1;
	}
	r = loop_run(fetcher.loop);
	end_children(&fetcher);
	fetch_folder_remove(&fetcher.folder);
	fetch_servers_fini(&fetcher.servers);
	loop_free(fetcher.loop);
	channel_free(fetcher.channel);
	return r == -EPIPE ? 0 : 1;
}
