/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Container describer: the sampler's part that knows what containers and pods are called.
 *
 *     cgroup of a process that is new ──► is it known?
 *     the kubelet's list of pods, by the fetcher ──┐
 *     a file with such a list ─────────────────────┼──► resolver ──► records ──► table
 *     what Docker, or Podman, says of the container┘    reads it
 *
 * Pods are asked for at the start, every five minutes, and when one is met that is not known, or a
 * container of one: then some times more, for the kubelet knows it only after a while. A file with
 * them is read again when it has changed. Docker's and Podman's files are looked for when such a
 * container is met for the first time. What is known stays (profiler/container_table.h). A list
 * that the resolver cannot take, since it is not there or has too much to do, waits; one that
 * starts is asked again for what is not known.
 */

#include <stdbool.h>
#include <stddef.h>

#include "profiler/message.h"
#include "profiler/status.h"

struct container_describer;
struct container_table;
struct role_process;

struct container_describer_options {
	struct role_process *resolver; /* borrowed, as all is */
	struct role_process *fetcher;
	const char *pods;          /* URL of a list of pods, or path of a file with one, or NULL */
	const char *docker_folder; /* or NULL: Docker's folder of containers */
	const char *podman_list;   /* or NULL: Podman's list of them */
	size_t max_bytes;          /* of what is known */
};

#define CONTAINER_DOCKER_FOLDER "/var/lib/docker/containers"
#define CONTAINER_PODMAN_LIST   "/var/lib/containers/storage/overlay-containers/containers.json"

/* Whether @pods is a URL: the fetcher is needed for it. */
bool container_describer_is_url(const char *pods);

/* Returns 0 and sets *@ret_describer (owned by the caller), or -ENOMEM. */
int container_describer_new(const struct container_describer_options *options,
			    struct container_describer **ret_describer);

/* Accepts NULL. Always returns NULL. */
struct container_describer *container_describer_free(struct container_describer *describer);

/* A process was met in this cgroup; NULL: it is not known. */
void container_describer_meet(struct container_describer *describer, const char *cgroup);

/* Ask for what there is to be asked. To be called some times a second. */
void container_describer_tend(struct container_describer *describer);

/* The resolver was started: have it read the lists, which the last one may not have. */
void container_describer_on_resolver_start(struct container_describer *describer);

/* Whether @message, from the resolver or the fetcher, belongs here. */
bool container_describer_owns(const struct message *message);

/* Take it, from that role. Returns 0, or -EBADMSG: it must not say that. */
int container_describer_on_message(struct container_describer *describer, enum role role,
				   const struct message *message, int fds[MESSAGE_MAX_FDS]);

/* What is known. Borrowed: lives as long as @describer. */
struct container_table *container_describer_table(const struct container_describer *describer);

void container_describer_get_status(const struct container_describer *describer,
				    struct container_status *ret_status);
