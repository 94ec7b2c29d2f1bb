/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/kernel_modules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/binary_describer.h"
#include "profiler/daemon/kernel_file_finder.h"
#include "profiler/daemon/role.h"
#include "unwind/symbol_file_build.h"

enum {
	MAX_ORDERS = 3, /* that have had no answer: then its file is left alone */
	ADDRESS_MAX_BYTES = 64,
	SECTIONS_MAX_BYTES = 32 << 10, /* of some sixty lines */
	LIST_MAX_BYTES = 1 << 20,      /* of some hundred lines */
};

struct kernel_module {
	char name[sizeof(((struct kernel_range *)0)->name)]; /* "[fuse]" */
	bool is_wanted;                                      /* it is to be looked at */
	struct binary *binary;                               /* borrowed, or NULL */
	struct buffer sections;                              /* as it was loaded last */
	unsigned int n_orders;
	struct module_place places[MODULE_MAX_PLACES];
	size_t n_places; /* 0 if they are not known */
};

void kernel_modules_fini(struct kernel_modules *modules)
{
	for (size_t i = 0; i < modules->n; i++)
		buffer_fini(&modules->modules[i].sections);
	free(modules->modules);
	buffer_fini(&modules->listed);
	*modules = (struct kernel_modules){ 0 };
}

/*
 * Of the lines in proc_modules(5), names and addresses; how many use a module changes always:
 *
 *     fuse 176128 3 - Live 0xffffffffc0201000
 */
static void append_modules(const char *text, struct buffer *listed)
{
	enum { NAME, ADDRESS = 5 };
	unsigned int field = NAME;

	for (; *text; text++) {
		if (field == NAME || field == ADDRESS || *text == '\n')
			buffer_append_char(listed, *text);
		if (*text == '\n')
			field = NAME;
		else if (*text == ' ')
			field++;
	}
}

/* Whether each line of @before is one of @after, too. */
static bool has_all(const struct buffer *after, const struct buffer *before)
{
	const char *line = before->data, *end = before->data + before->size;

	for (size_t length; line < end; line += length) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));

		length = newline ? (size_t)(newline + 1 - line) : (size_t)(end - line);
		if (!after->data || !memmem(after->data, after->size, line, length))
			return false;
	}
	return true;
}

enum modules_change kernel_modules_change(struct kernel_modules *modules)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	_cleanup_(buffer_fini) struct buffer listed = { 0 };
	struct buffer before = modules->listed;

	if (file_read(AT_FDCWD, modules->list, LIST_MAX_BYTES, &text) < 0)
		return MODULES_STAY;
	append_modules(text.data, &listed);
	if (buffer_error(&listed) < 0)
		return MODULES_STAY;
	modules->listed = listed;
	listed = before; /* to be freed */
	if (!has_all(&modules->listed, &before))
		return MODULES_GO;
	return modules->listed.size == before.size ? MODULES_STAY : MODULES_COME;
}

static struct kernel_module *find(const struct kernel_modules *modules, const char *name)
{
	for (size_t i = 0; i < modules->n; i++)
		if (strcmp(modules->modules[i].name, name) == 0)
			return &modules->modules[i];
	return NULL;
}

/* Whether that is a module's; it becomes part of a path. */
static bool is_module_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";
	size_t length = name[0] == '[' ? strspn(name + 1, letters) : 0;

	return length && strcmp(name + 1 + length, "]") == 0 && strcmp(name, BPF_RANGE_NAME) != 0;
}

void kernel_modules_want(struct kernel_modules *modules, const struct kernel_range *range)
{
	struct kernel_module *added;

	if (!is_module_name(range->name) || find(modules, range->name) ||
	    array_reserve((void **)&modules->modules, &modules->capacity, modules->n + 1,
			  sizeof(*modules->modules)) < 0)
		return;
	added = &modules->modules[modules->n++];
	*added = (struct kernel_module){ .is_wanted = true };
	memcpy(added->name, range->name, sizeof(added->name));
}

void kernel_modules_recheck(struct kernel_modules *modules)
{
	for (size_t i = 0; i < modules->n; i++)
		modules->modules[i].is_wanted = true;
}

/* Append lines as module_places_find() reads them. Returns 0 or -errno. */
static int read_sections(const struct kernel_modules *modules, const struct kernel_module *module,
			 struct buffer *sections)
{
	_cleanup_(closedirp) DIR *folder = NULL;
	const struct dirent *entry;
	char path[PATH_MAX];
	int r = 0;

	snprintf(path, sizeof(path), "%s/%.*s/sections", modules->folder,
		 (int)strlen(module->name) - 2, module->name + 1);
	folder = opendir(path);
	if (!folder)
		return -errno;
	while (r == 0 && (entry = readdir(folder))) {
		if (entry->d_type != DT_REG)
			continue;
		buffer_printf(sections, "%s ", entry->d_name);
		r = file_read(dirfd(folder), entry->d_name, ADDRESS_MAX_BYTES, sections);
	}
	return r < 0 ? r : buffer_error(sections);
}

static bool is_of_id(const struct binary *binary, const struct build_id *build_id)
{
	return binary && memcmp(&binary->build_id, build_id, sizeof(*build_id)) == 0;
}

/* Find the file of @module as it is loaded now. */
static void find_binary(struct kernel_modules *modules, struct kernel_module *module)
{
	_cleanup_(freep) char *path = NULL;
	char name[sizeof(module->name)];
	struct build_id build_id;
	int fd;

	snprintf(name, sizeof(name), "%.*s", (int)strlen(module->name) - 2, module->name + 1);
	if (kernel_file_finder_read_module_build_id(modules->folder, name, &build_id) < 0) {
		module->binary = NULL;
		return;
	}
	if (is_of_id(module->binary, &build_id))
		return;
	module->binary = NULL;
	module->n_places = 0; /* another version, perhaps where that one was */
	module->n_orders = 0;
	fd = kernel_file_finder_find_module(modules->finder, name, &build_id, &path);
	if (fd >= 0)
		(void)binary_describer_keep(modules->binaries, path, fd, &module->binary);
}

static int make_memfd(const struct buffer *bytes)
{
	_cleanup_(closep) int fd = memfd_create("sections", MFD_CLOEXEC);

	if (fd < 0 || file_write_fd(fd, bytes->data, bytes->size) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return steal_fd(&fd);
}

static void send_order(struct kernel_modules *modules, struct kernel_module *module)
{
	const struct message_build build = {
		.file = module->binary->number,
		.kind = BUILD_MODULE,
		.user = module->binary->owner,
		.device = module->binary->device,
		.n_bytes = module->binary->n_bytes,
	};
	struct channel *channel = modules->resolver->channel;
	int fd = binary_describer_open_file(modules->binaries, module->binary->number);
	_cleanup_(closep) int sections_fd = make_memfd(&module->sections);

	if (!channel || fd < 0 || sections_fd < 0)
		return;
	module->n_orders++;
	if (channel_send_fds(channel, MESSAGE_BUILD, &build, sizeof(build),
			     (int[]){ fd, sections_fd }) == 0)
		role_process_flush(modules->resolver);
}

/* Unless nothing has changed since, have the resolver say where it runs. */
static void look(struct kernel_modules *modules, struct kernel_module *module)
{
	_cleanup_(buffer_fini) struct buffer sections = { .limit = SECTIONS_MAX_BYTES };
	bool is_same;

	if (read_sections(modules, module, &sections) < 0 || !sections.size)
		return; /* it has gone */
	is_same = module->sections.data && module->sections.size == sections.size &&
		  memcmp(module->sections.data, sections.data, sections.size) == 0;
	if (!is_same) {
		buffer_fini(&module->sections);
		module->sections = sections;
		sections = (struct buffer){ 0 };
		module->n_places = 0;
		module->n_orders = 0;
	}
	find_binary(modules, module);
	if (module->binary && !module->n_places && module->n_orders < MAX_ORDERS)
		send_order(modules, module);
}

void kernel_modules_look(struct kernel_modules *modules)
{
	for (size_t i = 0; i < modules->n; i++) {
		if (!modules->modules[i].is_wanted)
			continue;
		modules->modules[i].is_wanted = false;
		look(modules, &modules->modules[i]);
	}
}

bool kernel_modules_take(struct kernel_modules *modules, const struct message_module *message)
{
	for (size_t i = 0; i < modules->n; i++) {
		struct kernel_module *module = &modules->modules[i];

		if (!module->binary || module->binary->number != message->file)
			continue;
		module->n_orders = 0;
		module->n_places = message->n_places;
		memcpy(module->places, message->places, sizeof(module->places));
		return true;
	}
	return false;
}

int kernel_modules_describe(struct kernel_modules *modules)
{
	int r = 0;

	for (size_t i = 0; i < modules->n && r == 0; i++)
		if (modules->modules[i].binary && modules->modules[i].n_places)
			r = binary_describer_describe(modules->binaries,
						      modules->modules[i].binary);
	return r;
}

/* What of @range is between the two addresses. */
static void append_part(const struct kernel_range *range, uint64_t start_addr, uint64_t end_addr,
			struct buffer *ranges)
{
	struct kernel_range part = *range;

	if (start_addr > part.start_addr)
		part.start_addr = start_addr;
	if (end_addr < part.end_addr)
		part.end_addr = end_addr;
	if (part.start_addr < part.end_addr)
		buffer_append(ranges, &part, sizeof(part));
}

void kernel_modules_append_ranges(const struct kernel_modules *modules,
				  const struct kernel_range *range, struct buffer *ranges)
{
	const struct kernel_module *module = find(modules, range->name);
	uint64_t next_addr = range->start_addr;
	struct kernel_range own = *range;

	for (size_t i = 0; module && module->binary && i < module->n_places; i++) {
		const struct module_place *place = &module->places[i];

		append_part(range, next_addr, place->start_addr, ranges);
		if (place->start_addr > next_addr)
			next_addr = place->start_addr;
		own.file = module->binary->number;
		own.slide = place->slide;
		append_part(&own, next_addr, place->end_addr, ranges);
		if (place->end_addr > next_addr)
			next_addr = place->end_addr;
	}
	append_part(range, next_addr, range->end_addr, ranges);
}
