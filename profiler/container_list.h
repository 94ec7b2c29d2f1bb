/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Container list: which containers and pods there are, out of the JSON of those who run them.
 *
 *     PodList, List or Pod  of a kubelet, or of `kubectl get pods -o json`  ──┐
 *     config.v2.json        of Docker: one container                          ├─►  records
 *     containers.json       of Podman: all of a user's                      ──┘
 *
 * Which of these it is, it says itself. Records are texts, each with its NUL:
 *
 *     "P" uid, name, namespace     a pod, by the uid that its cgroup has
 *     "L" name, value              a label of the pod before, by the name that it has here
 *     "C" id, name, uid            a container, and its pod's uid, or ""
 *
 * They are read by a process that trusts them no more than the JSON (profiler/container_table.h).
 */

#include <stddef.h>
#include <stdint.h>

struct buffer;

#define CONTAINER_LIST_MAX_BYTES    (32U << 20) /* of JSON */
#define CONTAINER_RECORDS_MAX_BYTES (16U << 20)

/* Names of containers, pods and namespaces are cut there. */
#define CONTAINER_NAME_MAX_BYTES 255

#define POD_LABEL_PREFIX     "pod_label_"
#define POD_MAX_LABELS       48
#define POD_LABELS_MAX_BYTES 8192 /* of one pod, with NULs */

/* What a list had, and what is not among the records. */
struct container_list_report {
	uint32_t n_pods;
	uint32_t n_containers;
	uint32_t n_labels_lost; /* one too many, or too large, for their pod */
	uint32_t n_damaged;     /* pods and containers whose uid, id or name is none */
};

/*
 * Append the records of @json, @size bytes and a NUL. Bytes that are no UTF-8 are overwritten
 * there.
 *
 * Returns 0, -EBADMSG if it is none of the above, -EFBIG if the records take too much, or -ENOMEM.
 */
int container_list_parse(char *json, size_t size, struct buffer *ret_records,
			 struct container_list_report *ret_report);
