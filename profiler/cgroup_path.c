/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/cgroup_path.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "profiler/base/array.h"

/* Some bytes of the path. */
struct span {
	const char *text;
	size_t length;
};

/* What runtimes put before the id of a container, and who they are. Conmon is podman's and CRI-O's
 * process beside the container: no part of it, so its prefix is none of these. */
static const struct {
	const char *prefix;
	const char *runtime;
} container_prefixes[] = {
	{ "docker-", "docker" },
	{ "cri-containerd-", "containerd" },
	{ "nerdctl-", "containerd" },
	{ "crio-", "cri-o" },
	{ "libpod-", "podman" },
	{ "docker:", "docker" },
	{ "cri-containerd:", "containerd" },
	{ "crio:", "cri-o" },
};

/* The folders that cgroupfs drivers put containers into. */
static const struct {
	const char *folder;
	const char *runtime;
} container_folders[] = {
	{ "docker", "docker" }, { "k8s.io", "containerd" }, /* a namespace of containerd */
};

static const char *const unit_suffixes[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

static struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

static bool span_is(struct span span, const char *text)
{
	return span.length == strlen(text) && memcmp(span.text, text, span.length) == 0;
}

static bool span_take_prefix(struct span *span, const char *prefix)
{
	size_t length = strlen(prefix);

	if (span->length < length || memcmp(span->text, prefix, length) != 0)
		return false;
	span->text += length;
	span->length -= length;
	return true;
}

static bool span_take_suffix(struct span *span, const char *suffix)
{
	size_t length = strlen(suffix);

	if (span->length < length ||
	    memcmp(span->text + span->length - length, suffix, length) != 0)
		return false;
	span->length -= length;
	return true;
}

static bool span_has_only(struct span span, const char *allowed)
{
	for (size_t i = 0; i < span.length; i++)
		if (!span.text[i] || !strchr(allowed, span.text[i]))
			return false;
	return true;
}

/* Nothing is said rather than half of it. */
static void span_copy(struct span span, char *ret_text, size_t text_bytes)
{
	if (span.length >= text_bytes)
		return;
	memcpy(ret_text, span.text, span.length);
	ret_text[span.length] = '\0';
}

/* What was said of the container, or the unit, that it lies in is of no account. */
static void begin_container(struct cgroup_path *path, const char *runtime)
{
	path->unit[0] = '\0';
	path->container_id[0] = '\0';
	path->container[0] = '\0';
	path->runtime = runtime;
}

static bool is_container_id(struct span span)
{
	return span.length == CGROUP_CONTAINER_ID_BYTES - 1 &&
	       span_has_only(span, "0123456789abcdef");
}

/* A UUID, or the hash of a static pod's manifest. systemd's driver has _ for -. */
static bool is_pod_uid(struct span span, const char *allowed)
{
	return span.length >= 32 && span.length < CGROUP_POD_UID_BYTES &&
	       span_has_only(span, allowed);
}

static bool take_container_id(struct span span, const char *runtime, struct cgroup_path *path)
{
	if (!is_container_id(span))
		return false;
	begin_container(path, runtime);
	span_copy(span, path->container_id, sizeof(path->container_id));
	return true;
}

/* "docker-ID", "crio-ID" … */
static bool take_prefixed_container(struct span span, struct cgroup_path *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(container_prefixes); i++) {
		struct span id = span;

		if (span_take_prefix(&id, container_prefixes[i].prefix))
			return take_container_id(id, container_prefixes[i].runtime, path);
	}
	return false;
}

/* A plain ID: whose it is, the folder that it lies in may say. */
static bool take_plain_container(struct span span, struct span folder, struct cgroup_path *path)
{
	const char *runtime = "";

	for (size_t i = 0; i < ARRAY_SIZE(container_folders); i++)
		if (span_is(folder, container_folders[i].folder))
			runtime = container_folders[i].runtime;
	return take_container_id(span, runtime, path);
}

static bool take_named_container(struct span name, const char *runtime, struct cgroup_path *path)
{
	if (!name.length)
		return false;
	begin_container(path, runtime);
	span_copy(name, path->container, sizeof(path->container));
	return true;
}

/* "lxc/NAME", "lxc.payload/NAME", "lxc.payload.NAME"; not lxc.monitor: it is beside the container.
 */
static bool take_lxc(struct span span, struct span folder, struct cgroup_path *path)
{
	if (span_is(folder, "lxc") || span_is(folder, "lxc.payload"))
		return take_named_container(span, "lxc", path);
	return span_take_prefix(&span, "lxc.payload.") && take_named_container(span, "lxc", path);
}

static bool take_pod_uid(struct span uid, struct cgroup_path *path)
{
	if (!is_pod_uid(uid, "0123456789abcdef-_"))
		return false;
	span_copy(uid, path->pod_uid, sizeof(path->pod_uid));
	for (char *c = path->pod_uid; *c; c++)
		if (*c == '_')
			*c = '-';
	return true;
}

/* "kubepods-burstable-podUID", "kubelet-kubepods-podUID" */
static void take_pod_slice(struct span name, struct cgroup_path *path)
{
	static const char mark[] = "kubepods", pod[] = "-pod";
	const char *found = memmem(name.text, name.length, mark, strlen(mark));
	const char *end = name.text + name.length;

	while (found && (found = memmem(found, (size_t)(end - found), pod, strlen(pod)))) {
		found += strlen(pod);
		if (take_pod_uid((struct span){ found, (size_t)(end - found) }, path))
			return;
	}
}

/* What systemd makes: slices, and units in them. Returns whether it was one. */
static bool take_systemd(struct span span, struct cgroup_path *path)
{
	struct span name = span;

	if (span_take_suffix(&name, ".slice")) {
		span_copy(span, path->slice, sizeof(path->slice));
		take_pod_slice(name, path);
		return true;
	}
	if (span_take_suffix(&name, ".scope")) {
		if (take_prefixed_container(name, path))
			return true;
		if (span_take_prefix(&name, "machine-"))
			return take_named_container(name, "machine", path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(unit_suffixes); i++) {
		struct span rest = span;

		if (!span_take_suffix(&rest, unit_suffixes[i]) || !rest.length)
			continue;
		path->unit[0] = '\0';
		span_copy(span, path->unit, sizeof(path->unit));
		return true;
	}
	return false;
}

/* "SLICE:PREFIX:ID": how systemd's driver names it, taken for a folder by cgroupfs's. */
static bool take_both_drivers(struct span span, struct cgroup_path *path)
{
	const char *colon = memchr(span.text, ':', span.length);
	struct span slice = { span.text, colon ? (size_t)(colon - span.text) : 0 };
	struct span rest = { span.text + slice.length + 1, span.length - slice.length - 1 };

	if (!colon || !take_prefixed_container(rest, path))
		return false;
	take_systemd(slice, path);
	return true;
}

static void take_folder(struct span span, struct span parent, struct cgroup_path *path)
{
	struct span pod = span;

	/* systemd puts _ before what would be taken for a file of the kernel's */
	if (span.length > 1 && span.text[0] == '_') {
		span.text++;
		span.length--;
	}
	if (take_systemd(span, path) || take_both_drivers(span, path) ||
	    take_prefixed_container(span, path) || take_plain_container(span, parent, path) ||
	    take_lxc(span, parent, path))
		return;
	if (span_take_prefix(&pod, "pod"))
		take_pod_uid(pod, path);
}

void cgroup_path_parse(const char *text, struct cgroup_path *ret_path)
{
	struct span parent = span_of("");

	*ret_path = (struct cgroup_path){ .runtime = "" };
	while (*text) {
		struct span span = { text, strcspn(text, "/") };

		if (span.length)
			take_folder(span, parent, ret_path);
		parent = span;
		text += span.length;
		text += *text == '/';
	}
}

bool cgroup_container_id_is_valid(const char *text)
{
	return is_container_id(span_of(text));
}

bool cgroup_pod_uid_is_valid(const char *text)
{
	return is_pod_uid(span_of(text), "0123456789abcdef-");
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* The byte that "\xNN" stands for, or 0: there is none. Control characters stay as they are. */
static char unescape(const char *at)
{
	int high, low, byte;

	if (at[0] != '\\' || at[1] != 'x')
		return 0;
	high = hex_digit(at[2]);
	low = high < 0 ? -1 : hex_digit(at[3]);
	byte = high * 16 + low;
	return low >= 0 && byte >= ' ' && byte != 0x7f ? (char)byte : 0;
}

void cgroup_unit_service(const char *unit, char ret_service[CGROUP_NAME_BYTES])
{
	struct span name = span_of(unit);
	const char *end = unit + name.length;
	char *next = ret_service;

	if (span_take_suffix(&name, ".service"))
		end = name.text + name.length;
	else
		unit = end;
	while (unit < end && next < ret_service + CGROUP_NAME_BYTES - 1) {
		char byte = unescape(unit);

		*next++ = byte ? byte : *unit;
		unit += byte ? 4 : 1;
	}
	*next = '\0';
}
