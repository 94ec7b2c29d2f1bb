/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cgroup path: what the path of a cgroup says of who runs in it.
 *
 *     /system.slice/api.service                                  unit, slice
 *     /system.slice/docker-ID.scope, /docker/ID, …               container
 *     /kubepods.slice/…-podUID.slice/cri-containerd-ID.scope, …  pod and container
 *
 * Runtimes write paths by either of two drivers: that of systemd makes slices and scopes, that of
 * cgroupfs plain folders. Where containers lie in each other, or systemd runs in one, the innermost
 * counts: a container's unit is one that runs in it. Names stay escaped, as systemd has them.
 */

#include <stdbool.h>

enum {
	CGROUP_NAME_BYTES = 256, /* of a folder, with its NUL */
	CGROUP_CONTAINER_ID_BYTES = 65,
	CGROUP_POD_UID_BYTES = 37,
};

/* What is not known is "". */
struct cgroup_path {
	char unit[CGROUP_NAME_BYTES];
	char slice[CGROUP_NAME_BYTES];
	char container_id[CGROUP_CONTAINER_ID_BYTES]; /* 64 hex digits */
	char container[CGROUP_NAME_BYTES];            /* its name, of LXC and of machines */
	char pod_uid[CGROUP_POD_UID_BYTES];           /* as Kubernetes has it, with - */
	const char *runtime;                          /* "docker" …; static */
};

/* Takes any text. */
void cgroup_path_parse(const char *text, struct cgroup_path *ret_path);

/* Whether @text is the id of a container, or the uid of a pod, as cgroup_path_parse() finds them:
 * the latter a UUID, or the hash of a manifest. */
bool cgroup_container_id_is_valid(const char *text);
bool cgroup_pod_uid_is_valid(const char *text);

/* The name of a unit without its suffix ".service" and systemd's escapes \xNN, for people; or ""
 * if it is no service. Never longer than @unit, and may be the same. */
void cgroup_unit_service(const char *unit, char ret_service[CGROUP_NAME_BYTES]);
