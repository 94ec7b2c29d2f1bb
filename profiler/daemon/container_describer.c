/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/container_describer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/base/memory_file.h"
#include "profiler/cgroup_path.h"
#include "profiler/channel.h"
#include "profiler/container_table.h"
#include "profiler/daemon/log.h"
#include "profiler/daemon/role.h"

enum { N_RETRIES = 4 };

#define INTERVAL_NS      (300 * NS_PER_SECOND) /* of asking the kubelet, if there is no need */
#define FAILED_NS        (60 * NS_PER_SECOND)  /* if that has failed */
#define FILE_INTERVAL_NS (5 * NS_PER_SECOND)   /* of looking whether the file has changed */
#define RETRY_NS         (5 * NS_PER_SECOND) /* between questions, if there is; then twice that … */

/* A file as it was when it was read. */
struct file_state {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
};

/* Of whom a list has to wait until the resolver can take it. */
enum list_source { LIST_PODS, LIST_PODMAN, LIST_DOCKER, LIST_SOURCE_COUNT };

struct container_describer {
	struct container_describer_options options;
	struct container_table *table;
	int64_t asked_ns; /* for pods, by the monotonic clock, 0: never */
	int64_t next_ns;
	unsigned int n_retries; /* that are left for what is not known yet */
	bool has_complained;    /* since pods were read last */
	bool is_podman_wanted;
	bool waits[LIST_SOURCE_COUNT];
	int pods_fd; /* the kubelet's list, if that waits; else -1 */
	struct file_state pods_file, podman_file;
	struct container_status status;
};

DEFINE_CLEANUP(struct container_describer *, container_describer_free)

bool container_describer_is_url(const char *pods)
{
	return !strncmp(pods, "http://", strlen("http://")) ||
	       !strncmp(pods, "https://", strlen("https://"));
}

int container_describer_new(const struct container_describer_options *options,
			    struct container_describer **ret_describer)
{
	_cleanup_(container_describer_freep) struct container_describer *describer =
		calloc(1, sizeof(*describer));
	int r;

	if (!describer)
		return -ENOMEM;
	describer->options = *options;
	describer->pods_fd = -1;
	r = container_table_new(options->max_bytes, &describer->table);
	if (r < 0)
		return r;
	*ret_describer = steal(describer);
	return 0;
}

struct container_describer *container_describer_free(struct container_describer *describer)
{
	if (!describer)
		return NULL;
	container_table_free(describer->table);
	closep(&describer->pods_fd);
	free(describer);
	return NULL;
}

/* Have the list in @fd read. Returns whether it will be. */
static bool order(struct container_describer *describer, int fd, const struct stat *status)
{
	const struct message_build build = {
		.kind = BUILD_CONTAINERS,
		.is_urgent = true,
		.n_bytes = (uint64_t)status->st_size,
	};
	struct channel *channel = describer->options.resolver->channel;

	if (!channel ||
	    channel_send_fds(channel, MESSAGE_BUILD, &build, sizeof(build), (int[]){ fd, -1 }) < 0)
		return false;
	role_process_flush(describer->options.resolver);
	return true;
}

static void note_delay(struct container_describer *describer, enum list_source source)
{
	describer->status.lists_delayed += !describer->waits[source];
	describer->waits[source] = true;
}

/* A regular file for reading. Returns its descriptor (to be closed), or -errno. */
static int open_list(const char *path, struct stat *ret_status)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, ret_status) < 0)
		return -errno;
	if (!S_ISREG(ret_status->st_mode))
		return -EINVAL;
	return steal_fd(&fd);
}

static bool is_same(const struct file_state *state, const struct stat *status)
{
	return state->device == status->st_dev && state->inode == status->st_ino &&
	       state->size == status->st_size && state->modified.tv_sec == status->st_mtim.tv_sec &&
	       state->modified.tv_nsec == status->st_mtim.tv_nsec;
}

/* Have the list at @path read, if it is another than in *@state, which becomes that of now. Returns
 * whether it will be, -EAGAIN if the resolver cannot take it yet, or -errno. */
static int read_changed(struct container_describer *describer, const char *path,
			struct file_state *state)
{
	struct stat status;
	_cleanup_(closep) int fd = open_list(path, &status);

	if (fd < 0)
		return fd;
	if (is_same(state, &status))
		return 0;
	if (!order(describer, fd, &status))
		return -EAGAIN;
	*state =
		(struct file_state){ status.st_dev, status.st_ino, status.st_size, status.st_mtim };
	return 1;
}

static void read_pods_file(struct container_describer *describer)
{
	const char *path = describer->options.pods;
	int r = read_changed(describer, path, &describer->pods_file);

	if (r == -EAGAIN) {
		note_delay(describer, LIST_PODS);
		return;
	}
	describer->waits[LIST_PODS] = false;
	if (r >= 0) {
		describer->status.pods_read += (uint64_t)r;
		describer->has_complained = false;
		return;
	}
	describer->status.pods_failed++;
	if (!describer->has_complained)
		log_line("pods: cannot read %s: %s; what is known of pods stays", path,
			 strerror(-r));
	describer->has_complained = true;
}

/* A fetcher that is not there will be asked the next time. What it says to people, it says itself.
 */
static void fetch_pods(struct container_describer *describer)
{
	struct channel *channel = describer->options.fetcher->channel;

	if (channel && channel_send(channel, MESSAGE_FETCH_PODS, NULL, 0) == 0)
		role_process_flush(describer->options.fetcher);
}

/* When pods are to be asked for again, if nothing new is met until then. */
static int64_t next_pause_ns(struct container_describer *describer)
{
	if (!container_describer_is_url(describer->options.pods))
		return FILE_INTERVAL_NS;
	if (!describer->n_retries)
		return INTERVAL_NS;
	return RETRY_NS << (N_RETRIES - describer->n_retries--);
}

static void read_podman(struct container_describer *describer)
{
	int r = read_changed(describer, describer->options.podman_list, &describer->podman_file);

	if (r == -EAGAIN)
		note_delay(describer, LIST_PODMAN);
	else
		describer->waits[LIST_PODMAN] = false;
}

/* Where there is no such file, the container is another's, or Docker keeps it elsewhere. Returns
 * whether the resolver could take it, if there is one. */
static bool read_docker(struct container_describer *describer, const char *id)
{
	char path[512];
	struct stat status;
	_cleanup_(closep) int fd = -1;

	if (!describer->options.docker_folder)
		return true;
	snprintf(path, sizeof(path), "%s/%s/config.v2.json", describer->options.docker_folder, id);
	fd = open_list(path, &status);
	return fd < 0 || order(describer, fd, &status);
}

static bool on_unknown(void *context, const char *key)
{
	return !cgroup_container_id_is_valid(key) || read_docker(context, key);
}

/* Have the kubelet's list read, or keep it until it can be. */
static void order_pods(struct container_describer *describer, int fd, const struct stat *status)
{
	int kept_fd = -1;

	if (!order(describer, fd, status)) {
		note_delay(describer, LIST_PODS);
		kept_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	}
	closep(&describer->pods_fd);
	describer->pods_fd = kept_fd;
	if (kept_fd < 0)
		describer->waits[LIST_PODS] = false;
}

/* What had to wait. */
static void read_late(struct container_describer *describer)
{
	struct stat status;

	if (describer->pods_fd >= 0 && fstat(describer->pods_fd, &status) == 0)
		order_pods(describer, describer->pods_fd, &status);
	if (describer->waits[LIST_PODMAN])
		read_podman(describer);
	if (describer->waits[LIST_DOCKER])
		describer->waits[LIST_DOCKER] =
			!container_table_each_unknown(describer->table, on_unknown, describer);
}

void container_describer_tend(struct container_describer *describer)
{
	const char *pods = describer->options.pods;
	int64_t now_ns = clock_monotonic_ns();

	if (describer->options.resolver->channel)
		read_late(describer);
	if (describer->is_podman_wanted)
		read_podman(describer);
	describer->is_podman_wanted = false;
	if (!pods || now_ns < describer->next_ns)
		return;
	describer->asked_ns = now_ns;
	describer->next_ns = now_ns + next_pause_ns(describer);
	if (container_describer_is_url(pods))
		fetch_pods(describer);
	else
		read_pods_file(describer);
}

/* To be asked for again no later than so long after they were asked for last. */
static void hurry(struct container_describer *describer, int64_t pause_ns)
{
	int64_t soon_ns = describer->asked_ns + pause_ns;

	if (soon_ns < describer->next_ns)
		describer->next_ns = soon_ns;
}

/* One is not known: ask soon, and then some times more. */
static void want_pods(struct container_describer *describer)
{
	describer->n_retries = N_RETRIES;
	hurry(describer, RETRY_NS);
}

static bool is_new(struct container_describer *describer, const char *key)
{
	return *key && container_table_note(describer->table, key);
}

void container_describer_meet(struct container_describer *describer, const char *cgroup)
{
	struct cgroup_path path;
	bool is_new_pod, is_new_container;

	if (!cgroup)
		return;
	cgroup_path_parse(cgroup, &path);
	is_new_pod = is_new(describer, path.pod_uid);
	is_new_container = is_new(describer, path.container_id);
	if (describer->options.pods && (is_new_pod || (*path.pod_uid && is_new_container)))
		want_pods(describer);
	if (!is_new_container || *path.pod_uid)
		return;
	if (!strcmp(path.runtime, "podman"))
		describer->is_podman_wanted = describer->options.podman_list != NULL;
	else if ((!strcmp(path.runtime, "docker") || !*path.runtime) &&
		 !read_docker(describer, path.container_id))
		note_delay(describer, LIST_DOCKER);
}

void container_describer_on_resolver_start(struct container_describer *describer)
{
	describer->waits[LIST_DOCKER] = true;
	describer->waits[LIST_PODMAN] |= describer->podman_file.inode != 0;
	describer->pods_file = describer->podman_file = (struct file_state){ 0 };
	describer->next_ns = 0;
}

bool container_describer_owns(const struct message *message)
{
	const struct message_built *built = message->body;

	return message->type == MESSAGE_PODS || message->type == MESSAGE_CONTAINERS ||
	       (message->type == MESSAGE_BUILT && built->kind == BUILD_CONTAINERS);
}

static int take_pods(struct container_describer *describer, const struct message *message, int fd)
{
	const struct message_fetched *fetched = message->body;
	struct stat status;

	if (fetched->outcome != FETCH_FOUND) {
		describer->status.pods_failed++;
		hurry(describer, FAILED_NS);
		return 0;
	}
	if (fd < 0 || !memory_file_is_sealed(fd) || fstat(fd, &status) < 0)
		return -EBADMSG;
	describer->status.pods_read++;
	order_pods(describer, fd, &status);
	return 0;
}

/* What is no record ends the reading: the resolver may have been taken over by what it reads. */
static int take_records(struct container_describer *describer, const struct message *message,
			int fd)
{
	const struct container_list_report *report =
		&((const struct message_containers *)message->body)->report;
	_cleanup_(buffer_fini) struct buffer records = { 0 };
	struct stat status;
	int r = 0;

	if (fd < 0 || !memory_file_is_sealed(fd) || fstat(fd, &status) < 0 ||
	    status.st_size > CONTAINER_RECORDS_MAX_BYTES)
		return -EBADMSG;
	describer->status.losses[CONTAINER_LOSS_LABEL] += report->n_labels_lost;
	describer->status.losses[CONTAINER_LOSS_DAMAGED] += report->n_damaged;
	if (!buffer_append_zeros(&records, (size_t)status.st_size))
		r = -ENOMEM;
	if (r == 0)
		r = file_read_at(fd, records.data, records.size, 0);
	if (r == 0)
		r = container_table_take(describer->table, records.data, records.size);
	describer->status.losses[CONTAINER_LOSS_UNREAD] += r < 0 && r != -EBADMSG;
	return r == -EBADMSG ? r : 0;
}

int container_describer_on_message(struct container_describer *describer, enum role role,
				   const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	const struct message_built *built = message->body;

	if (role != (message->type == MESSAGE_PODS ? ROLE_FETCHER : ROLE_RESOLVER))
		return -EBADMSG;
	if (message->type == MESSAGE_PODS)
		return take_pods(describer, message, fds[0]);
	if (message->type == MESSAGE_CONTAINERS)
		return take_records(describer, message, fds[0]);
	describer->status.lists[built->outcome]++;
	return 0;
}

struct container_table *container_describer_table(const struct container_describer *describer)
{
	return describer->table;
}

void container_describer_get_status(const struct container_describer *describer,
				    struct container_status *ret_status)
{
	struct container_table_status table;

	container_table_get_status(describer->table, &table);
	*ret_status = describer->status;
	ret_status->losses[CONTAINER_LOSS_EVICTED] = table.n_evicted;
	ret_status->n_pods = table.n_pods;
	ret_status->n_containers = table.n_containers;
}
