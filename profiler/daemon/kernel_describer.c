/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/kernel_describer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/binary_describer.h"
#include "profiler/daemon/file_opener.h"
#include "profiler/daemon/role.h"
#include "profiler/kernel_view.h"

/* To read the names takes some 40 ms. From one regular time to the next, minutes later, it is done
 * less and less often: each time after twice as long. */
#define FIRST_INTERVAL_NS (10 * NS_PER_SECOND)

/* That the resolver may tell, for some are then told in parts. */
#define RANGES_MAX (KERNEL_MAX_RANGES / 2)
#define PARTS_MAX  (2 * MODULE_MAX_PLACES + 1) /* of a range */

DEFINE_CLEANUP(struct kernel_view *, kernel_view_unref)

void kernel_describer_init(struct kernel_describer *describer, struct role_process *server,
			   struct role_process *resolver, struct binary_describer *binaries,
			   const char *const *folders)
{
	*describer = (struct kernel_describer){
		.server = server,
		.resolver = resolver,
		.binaries = binaries,
		.finder = { .folders = folders,
			    .modules = KERNEL_MODULES_FOLDER,
			    .release = describer->host.release },
		.modules = { .resolver = resolver,
			     .binaries = binaries,
			     .finder = &describer->finder,
			     .folder = KERNEL_MODULES_STATE,
			     .list = KERNEL_MODULES_LIST },
		.interval_ns = FIRST_INTERVAL_NS,
	};
	uname(&describer->host);
	(void)kernel_modules_change(&describer->modules); /* before the names are read */
	/* Without it, no file is found. */
	(void)kernel_file_finder_read_build_id(&describer->finder.build_id);
	for (int i = 0; i < MESSAGE_MAX_FDS; i++)
		describer->fds[i] = -1;
}

void kernel_describer_fini(struct kernel_describer *describer)
{
	for (int i = 0; i < MESSAGE_MAX_FDS; i++)
		closep(&describer->fds[i]);
	kernel_view_unref(describer->view);
	kernel_modules_fini(&describer->modules);
}

/* The kernel's file, once it is found, while the resolver has not said how it is moved; or −1. */
static int open_vmlinux(struct kernel_describer *describer)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = -1;

	if (describer->names.has_slide)
		return -1;
	fd = kernel_file_finder_find(&describer->finder, &path);
	if (fd < 0 || describer->vmlinux)
		return steal_fd(&fd);
	if (binary_describer_keep(describer->binaries, path, fcntl(fd, F_DUPFD_CLOEXEC, 0),
				  &describer->vmlinux) < 0)
		return -1;
	return steal_fd(&fd);
}

static void send_order(struct kernel_describer *describer)
{
	const struct message_build build = { .kind = BUILD_KERNEL, .is_urgent = true };
	struct channel *channel = describer->resolver->channel;
	_cleanup_(closep) int vmlinux_fd = channel ? open_vmlinux(describer) : -1;
	/* Opened with our privileges: who opens it decides whether it shows addresses. */
	_cleanup_(closep) int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);

	describer->is_stale = false;
	describer->requested_ns = clock_monotonic_ns();
	if (fd >= 0 && channel &&
	    channel_send_fds(channel, MESSAGE_BUILD, &build, sizeof(build),
			     (int[]){ fd, vmlinux_fd < 0 ? -1 : vmlinux_fd }) == 0)
		role_process_flush(describer->resolver);
}

void kernel_describer_request(struct kernel_describer *describer)
{
	describer->interval_ns = FIRST_INTERVAL_NS;
	kernel_modules_recheck(&describer->modules);
	send_order(describer);
}

static void want_module(struct kernel_describer *describer, const struct kernel_range *range)
{
	if (strcmp(range->name, KERNEL_RANGE_NAME) != 0)
		kernel_modules_want(&describer->modules, range);
}

void kernel_describer_meet(struct kernel_describer *describer, uint64_t addr)
{
	const struct kernel_range *range;

	if (!describer->view)
		return;
	range = kernel_view_find(describer->view, addr);
	if (!range || strcmp(range->name, BPF_RANGE_NAME) == 0)
		describer->is_stale = true;
	else
		want_module(describer, range);
}

void kernel_describer_meet_again(struct kernel_describer *describer, uint64_t addr)
{
	const struct kernel_range *range =
		describer->view ? kernel_view_find(describer->view, addr) : NULL;

	if (range)
		want_module(describer, range);
}

void kernel_describer_refresh(struct kernel_describer *describer)
{
	enum modules_change change;

	kernel_modules_look(&describer->modules);
	change = kernel_modules_change(&describer->modules);
	if (change != MODULES_STAY) {
		describer->has_moved |= change == MODULES_GO;
		describer->is_moving |= change == MODULES_GO;
		kernel_describer_request(describer);
		return;
	}
	if (!describer->is_stale ||
	    clock_monotonic_ns() - describer->requested_ns < describer->interval_ns)
		return;
	describer->interval_ns *= 2;
	send_order(describer);
}

/* Whether both hold the same; nobody may rely on what the resolver sends to stay as it is. */
static bool is_same(int left_fd, int right_fd)
{
	struct stat left_status, right_status;
	char left[16384], right[sizeof(left)];

	if (left_fd < 0 || right_fd < 0 || fstat(left_fd, &left_status) < 0 ||
	    fstat(right_fd, &right_status) < 0 || left_status.st_size != right_status.st_size)
		return false;
	for (uint64_t off = 0, end = (uint64_t)left_status.st_size; off < end;
	     off += sizeof(left)) {
		size_t size = end - off < sizeof(left) ? end - off : sizeof(left);

		if (file_read_at(left_fd, left, size, off) < 0 ||
		    file_read_at(right_fd, right, size, off) < 0 || memcmp(left, right, size) != 0)
			return false;
	}
	return true;
}

/* The ranges in the file @fd, or NULL: there are none, or no memory for them. */
static struct kernel_view *read_ranges(int fd)
{
	_cleanup_(freep) struct kernel_range *ranges = NULL;
	struct kernel_view *view;
	struct stat status;
	size_t n;

	if (fstat(fd, &status) < 0)
		return NULL;
	n = (size_t)status.st_size / sizeof(*ranges);
	if (n > RANGES_MAX)
		n = RANGES_MAX;
	ranges = calloc(n + 1, sizeof(*ranges));
	if (!ranges || file_read_at(fd, ranges, n * sizeof(*ranges), 0) < 0 ||
	    kernel_view_new(NULL, ranges, n, &view) < 0)
		return NULL;
	return view;
}

static void tell_server(struct kernel_describer *describer)
{
	if (!describer->has_moved && kernel_describer_describe(describer) == 0)
		role_process_flush(describer->server);
}

/* The slide is found but once: the kernel does not move. */
static void take_slide(struct kernel_describer *describer, const struct message_kernel_names *names)
{
	if (names->has_slide && describer->vmlinux && !describer->names.has_slide)
		describer->names = *names;
}

static int take_names(struct kernel_describer *describer, const struct message_kernel_names *names,
		      int fds[MESSAGE_MAX_FDS])
{
	const bool was_moving = describer->is_moving;
	struct kernel_view *before;
	bool is_news;

	describer->is_moving = false;
	if (fds[0] < 0 || fds[1] < 0)
		return -EBADMSG;
	is_news = !is_same(fds[0], describer->fds[0]) || !is_same(fds[1], describer->fds[1]) ||
		  (names->has_slide && !describer->names.has_slide);
	if (!is_news)
		return 0;
	for (int i = 0; i < MESSAGE_MAX_FDS; i++) {
		closep(&describer->fds[i]);
		describer->fds[i] = steal_fd(&fds[i]);
	}
	before = describer->view;
	describer->view = read_ranges(describer->fds[1]);
	describer->has_news = true;
	describer->has_moved |= !was_moving && before && describer->view &&
				!kernel_view_keeps_modules(before, describer->view);
	kernel_view_unref(before);
	take_slide(describer, names);
	kernel_modules_recheck(&describer->modules);
	tell_server(describer);
	return 0;
}

/* The resolver has ended its work on the names: well, or they are not to be had. */
static void finish_names(struct kernel_describer *describer, const struct message_built *built)
{
	describer->has_failed = built->outcome != BUILD_OK;
	if (describer->has_failed && describer->fds[0] < 0)
		tell_server(describer);
}

bool kernel_describer_has_news(struct kernel_describer *describer)
{
	bool has_news = describer->has_news;

	describer->has_news = false;
	return has_news;
}

bool kernel_describer_has_moved(const struct kernel_describer *describer)
{
	return describer->has_moved;
}

bool kernel_describer_owns(const struct message *message)
{
	const struct message_built *built = message->body;

	if (message->type == MESSAGE_BUILT)
		return built->kind == BUILD_KERNEL || built->kind == BUILD_MODULE;
	return message->type == MESSAGE_KERNEL_NAMES || message->type == MESSAGE_MODULE;
}

int kernel_describer_on_message(struct kernel_describer *describer, const struct message *message,
				int fds[MESSAGE_MAX_FDS])
{
	const struct message_built *built = message->body;

	if (message->type == MESSAGE_KERNEL_NAMES)
		return take_names(describer, message->body, fds);
	if (message->type == MESSAGE_MODULE &&
	    kernel_modules_take(&describer->modules, message->body))
		tell_server(describer);
	if (message->type == MESSAGE_BUILT && built->kind == BUILD_KERNEL)
		finish_names(describer, built);
	return 0; /* a module of which nothing was said has the names of kallsyms */
}

/* The parts that it consists of, as long as there is room for all that may follow. */
static void append_range(const struct kernel_describer *describer, const struct kernel_range *range,
			 struct buffer *ranges)
{
	if (ranges->size / sizeof(*range) < KERNEL_MAX_RANGES - RANGES_MAX - PARTS_MAX)
		kernel_modules_append_ranges(&describer->modules, range, ranges);
	else
		buffer_append(ranges, range, sizeof(*range));
}

/* A memory file of the ranges with the files that they are in, or -ENOMEM. */
static int make_ranges(const struct kernel_describer *describer)
{
	const struct kernel_view *view = describer->view;
	_cleanup_(buffer_fini) struct buffer ranges = { 0 };
	_cleanup_(closep) int fd = -1;

	for (size_t i = 0; view && i < view->n_ranges; i++) {
		struct kernel_range range = view->ranges[i];

		range.file = 0;
		if (describer->names.has_slide && strcmp(range.name, KERNEL_RANGE_NAME) == 0) {
			range.file = describer->vmlinux->number;
			range.slide = describer->names.slide;
		}
		append_range(describer, &range, &ranges);
	}
	fd = memfd_create("ranges", MFD_CLOEXEC);
	if (buffer_error(&ranges) || fd < 0 || file_write_fd(fd, ranges.data, ranges.size) < 0)
		return -ENOMEM;
	return steal_fd(&fd);
}

int kernel_describer_describe(struct kernel_describer *describer)
{
	_cleanup_(closep) int ranges_fd = -1;
	int r = 0;

	if (!describer->server->channel)
		return 0;
	if (describer->fds[0] < 0 && !describer->has_failed) {
		describer->has_moved = false; /* of what has no names yet */
		return 0;
	}
	if (describer->names.has_slide)
		r = binary_describer_describe(describer->binaries, describer->vmlinux);
	if (r == 0)
		r = kernel_modules_describe(&describer->modules);
	if (r < 0)
		return r;
	if (describer->fds[0] >= 0)
		ranges_fd = r = make_ranges(describer);
	if (r < 0)
		return r;
	r = channel_send_fds(describer->server->channel, MESSAGE_KERNEL_NAMES, &describer->names,
			     sizeof(describer->names), (int[]){ describer->fds[0], ranges_fd });
	if (r == 0)
		describer->has_moved = false;
	return r;
}
