/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/container_list.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/cgroup_path.h"
#include "profiler/label_set.h"
#include "profiler/utf8.h"

/* By which those who run containers for Kubernetes call them: its own names are better. */
#define KUBERNETES_PREFIX "k8s_"

struct list {
	struct buffer *records;
	struct container_list_report *report;
};

/* The text at @key of an object, or "". */
static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void append_text(struct list *list, const char *text, size_t max_bytes)
{
	buffer_append(list->records, text, utf8_bounded_length(text, max_bytes));
	buffer_append_char(list->records, '\0');
}

static void append_container(struct list *list, const char *id, const char *name, const char *pod)
{
	if (!cgroup_container_id_is_valid(id) || !*name) {
		list->report->n_damaged++;
		return;
	}
	buffer_append_char(list->records, 'C');
	append_text(list, id, CONTAINER_NAME_MAX_BYTES);
	append_text(list, name, CONTAINER_NAME_MAX_BYTES);
	append_text(list, pod, CONTAINER_NAME_MAX_BYTES);
	list->report->n_containers++;
}

/* "app.kubernetes.io/name" is pod_label_app_kubernetes_io_name, as Prometheus has it. */
static void make_label_name(const char *name, char ret_name[LABEL_NAME_MAX_BYTES + 1])
{
	snprintf(ret_name, LABEL_NAME_MAX_BYTES + 1, POD_LABEL_PREFIX "%s", name);
	for (char *c = ret_name; *c; c++)
		if (!isalnum((unsigned char)*c) || (unsigned char)*c >= 0x80)
			*c = '_';
}

static void append_labels(struct list *list, json_t *labels)
{
	size_t n = 0, n_bytes = 0;
	const char *key;
	json_t *value;

	json_object_foreach(labels, key, value)
	{
		const char *text = json_string_value(value);
		char name[LABEL_NAME_MAX_BYTES + 1];

		if (!*key || !text || !*text)
			continue;
		make_label_name(key, name);
		n_bytes += strlen(name) + strnlen(text, LABEL_VALUE_MAX_BYTES) + 2;
		if (n == POD_MAX_LABELS || n_bytes > POD_LABELS_MAX_BYTES) {
			list->report->n_labels_lost++;
			continue;
		}
		buffer_append_char(list->records, 'L');
		append_text(list, name, LABEL_NAME_MAX_BYTES);
		append_text(list, text, LABEL_VALUE_MAX_BYTES);
		n++;
	}
}

/* "containerd://ID"; one that does not run yet has none. */
static void append_status(struct list *list, const char *name, const json_t *status,
			  const char *pod)
{
	const char *id = text_at(status, "containerID");
	const char *colon = strstr(id, "://");

	if (*id)
		append_container(list, colon ? colon + strlen("://") : id, name, pod);
}

/* The containers of one kind, and what each was before it was started anew. */
static void append_statuses(struct list *list, const json_t *statuses, const char *pod)
{
	const json_t *status;
	size_t i;

	json_array_foreach(statuses, i, status)
	{
		const char *name = text_at(status, "name");
		const json_t *last = json_object_get(status, "lastState");

		append_status(list, name, json_object_get(last, "terminated"), pod);
		append_status(list, name, status, pod);
	}
}

/* The cgroup of one that the node was given as a file has the hash of that file. */
static const char *uid_of(const json_t *metadata)
{
	const json_t *annotations = json_object_get(metadata, "annotations");
	const char *mirrored = text_at(annotations, "kubernetes.io/config.mirror");

	return *mirrored ? mirrored : text_at(metadata, "uid");
}

static void append_pod(struct list *list, const json_t *pod)
{
	static const char *const kinds[] = { "initContainerStatuses", "containerStatuses",
					     "ephemeralContainerStatuses" };
	const json_t *metadata = json_object_get(pod, "metadata");
	const json_t *status = json_object_get(pod, "status");
	const char *uid = uid_of(metadata), *name = text_at(metadata, "name");

	if (!cgroup_pod_uid_is_valid(uid) || !*name) {
		list->report->n_damaged++;
		return;
	}
	buffer_append_char(list->records, 'P');
	append_text(list, uid, CONTAINER_NAME_MAX_BYTES);
	append_text(list, name, CONTAINER_NAME_MAX_BYTES);
	append_text(list, text_at(metadata, "namespace"), CONTAINER_NAME_MAX_BYTES);
	append_labels(list, json_object_get(metadata, "labels"));
	list->report->n_pods++;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		append_statuses(list, json_object_get(status, kinds[i]), uid);
}

static void append_named(struct list *list, const char *id, const char *name)
{
	name += *name == '/';
	if (strncmp(name, KUBERNETES_PREFIX, strlen(KUBERNETES_PREFIX)) != 0)
		append_container(list, id, name, "");
}

/* Podman's: names[0] is the container's, others are aliases. */
static void append_stored(struct list *list, const json_t *containers)
{
	const json_t *container;
	size_t i;

	json_array_foreach(containers, i, container)
	{
		const json_t *names = json_object_get(container, "names");
		const char *name = json_string_value(json_array_get(names, 0));

		append_named(list, text_at(container, "id"), name ? name : "");
	}
}

static int append_all(struct list *list, const json_t *root)
{
	const json_t *items = json_object_get(root, "items");
	const json_t *pod;
	size_t i;

	if (json_is_array(root))
		append_stored(list, root);
	else if (items) /* null: there are no pods */
		json_array_foreach(items, i, pod) append_pod(list, pod);
	else if (json_is_object(json_object_get(root, "metadata")))
		append_pod(list, root);
	else if (*text_at(root, "ID"))
		append_named(list, text_at(root, "ID"), text_at(root, "Name"));
	else
		return -EBADMSG;
	return buffer_error(list->records);
}

int container_list_parse(char *json, size_t size, struct buffer *ret_records,
			 struct container_list_report *ret_report)
{
	struct list list = { ret_records, ret_report };
	_cleanup_(json_decrefp) json_t *root = NULL;
	json_error_t error;

	*ret_report = (struct container_list_report){ 0 };
	utf8_sanitize(json);
	root = json_loadb(json, size, JSON_ALLOW_NUL, &error);
	if (!root)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
	return append_all(&list, root);
}
