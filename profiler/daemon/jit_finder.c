/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/jit_finder.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/daemon/jit_opener.h"
#include "profiler/mapping.h"
#include "profiler/procfs.h"

int jit_finder_init(struct jit_finder *finder)
{
	*finder = (struct jit_finder){ .proc_fd = -1 };
	return procfs_open(&finder->proc_fd);
}

void jit_finder_fini(struct jit_finder *finder)
{
	if (finder->proc_fd > 0)
		close(finder->proc_fd);
	*finder = (struct jit_finder){ 0 };
}

static enum jit_refusal refusal_of_error(int error)
{
	switch (error) {
	case -ELOOP:
		return JIT_REFUSED_LINK;
	case -ENODEV:
		return JIT_REFUSED_KIND;
	case -EACCES:
		return JIT_REFUSED_OWNER;
	default:
		return JIT_REFUSED_IO;
	}
}

/* One file counts once, unless it is refused for another reason later. */
static void note_refusal(struct jit_finder *finder, struct jit_source *source, int error)
{
	bool is_missing = error == -ENOENT || error == -ENOTDIR || error == -ESRCH;

	if (is_missing || source->refused == error)
		return;
	finder->refused[refusal_of_error(error)]++;
	source->refused = error;
}

static bool is_same_file(int fd, int other_fd)
{
	struct jit_stamp stamp, other;

	return fd >= 0 && jit_opener_stamp(fd, &stamp) == 0 &&
	       jit_opener_stamp(other_fd, &other) == 0 && stamp.inode == other.inode &&
	       stamp.device == other.device;
}

static bool set_path(struct jit *jit, const char *path)
{
	if (jit->path)
		return false;
	jit->path = strdup(path);
	return jit->path;
}

/* The map may have come only now, or be another by now. */
static bool find_perf_map(struct jit_finder *finder, struct jit *jit)
{
	struct jit_source *source = &jit->sources[JIT_PERF_MAP];
	char path[64];
	int fd;

	if (jit->root_fd < 0)
		return false;
	fd = jit_opener_open_perf_map(jit->root_fd, &jit->identity);
	if (fd < 0) {
		note_refusal(finder, source, fd);
		return false;
	}
	if (is_same_file(source->fd, fd)) {
		close(fd);
		return false;
	}
	closep(&source->fd);
	source->fd = fd;
	snprintf(path, sizeof(path), "/tmp/perf-%u.map", jit->identity.pid);
	return set_path(jit, path);
}

static const struct mapping *find_mapped_dump(const struct mapping_table *mappings, uint32_t pid)
{
	char name[64];

	snprintf(name, sizeof(name), "/jit-%u.dump", pid);
	for (size_t i = 0; i < mapping_table_count(mappings); i++) {
		const struct mapping *mapping = mapping_table_get(mappings, i);
		const char *slash = strrchr(mapping->path, '/');

		if (mapping->kind == MAPPING_FILE && slash && strcmp(slash, name) == 0)
			return mapping;
	}
	return NULL;
}

/* Mappings are many, and a runtime maps its dump when it starts: one that has none is asked less
 * and less often. */
static bool find_dump(struct jit_finder *finder, struct jit *jit, int process_fd)
{
	struct jit_source *source = &jit->sources[JIT_DUMP];
	_cleanup_(mapping_table_freep) struct mapping_table *mappings = NULL;
	const struct mapping *mapping;
	bool is_due = (jit->n_looks & (jit->n_looks - 1)) == 0;
	int fd;

	if (source->fd >= 0 || !is_due ||
	    procfs_read_maps(process_fd, MAPPINGS_EXECUTABLE, &mappings) < 0)
		return false;
	mapping = find_mapped_dump(mappings, jit->identity.pid);
	if (!mapping)
		return false;
	fd = jit_opener_open_dump(process_fd, mapping, &jit->identity);
	if (fd < 0) {
		note_refusal(finder, source, fd);
		return false;
	}
	source->fd = fd;
	return set_path(jit, mapping->path);
}

bool jit_finder_find(struct jit_finder *finder, struct jit *jit)
{
	const struct process_key *key = &jit->process;
	_cleanup_(closep) int fd = -1;
	bool is_renamed;

	if (!jit->is_ended &&
	    procfs_open_same_process(finder->proc_fd, (pid_t)key->pid, key->start_time_ns, &fd) < 0)
		jit->is_ended = true;
	/* Its user may change. The root stays open, for what is written at the end. */
	if (fd >= 0 && procfs_read_identity(fd, &jit->identity) == 0 && jit->root_fd < 0)
		jit->root_fd = jit_opener_open_root(fd);
	jit->n_looks++;
	is_renamed = find_perf_map(finder, jit);
	if (fd >= 0)
		is_renamed |= find_dump(finder, jit, fd);
	return is_renamed;
}

bool jit_finder_has_changed(struct jit *jit)
{
	bool has_changed = false;

	for (int i = 0; i < JIT_SOURCE_COUNT; i++) {
		struct jit_source *source = &jit->sources[i];
		struct jit_stamp now;

		if (source->fd < 0 || jit_opener_stamp(source->fd, &now) < 0 ||
		    memcmp(&now, &source->read, sizeof(now)) == 0)
			continue;
		source->read = now;
		has_changed = true;
	}
	return has_changed;
}

void jit_finder_close(struct jit *jit)
{
	for (int i = 0; i < JIT_SOURCE_COUNT; i++) {
		closep(&jit->sources[i].fd);
		jit->sources[i].fd = -1;
	}
	closep(&jit->root_fd);
	jit->root_fd = -1;
}
