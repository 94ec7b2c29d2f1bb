/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/kernel_describer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/binary_describer.h"
#include "profiler/daemon/file_opener.h"
#include "profiler/daemon/role.h"

void kernel_describer_init(struct kernel_describer *describer, struct role_process *server,
			   struct role_process *resolver, struct binary_describer *binaries,
			   const char *const *folders)
{
	*describer = (struct kernel_describer){
		.server = server,
		.resolver = resolver,
		.binaries = binaries,
		.finder = { .folders = folders, .release = describer->host.release },
	};
	uname(&describer->host);
	/* Without it, no file is found. */
	(void)kernel_file_finder_read_build_id(&describer->finder.build_id);
	for (int i = 0; i < MESSAGE_MAX_FDS; i++)
		describer->fds[i] = -1;
}

void kernel_describer_fini(struct kernel_describer *describer)
{
	for (int i = 0; i < MESSAGE_MAX_FDS; i++)
		closep(&describer->fds[i]);
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

void kernel_describer_request(struct kernel_describer *describer)
{
	const struct message_build build = { .kind = BUILD_KERNEL };
	struct channel *channel = describer->resolver->channel;
	_cleanup_(closep) int vmlinux_fd = channel ? open_vmlinux(describer) : -1;
	/* Opened with our privileges: who opens it decides whether it shows addresses. */
	_cleanup_(closep) int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && channel &&
	    channel_send_fds(channel, MESSAGE_BUILD, &build, sizeof(build),
			     (int[]){ fd, vmlinux_fd < 0 ? -1 : vmlinux_fd }) == 0)
		role_process_flush(describer->resolver);
}

static void tell_server(struct kernel_describer *describer)
{
	if (kernel_describer_describe(describer) == 0)
		role_process_flush(describer->server);
}

/* The slide is found but once: the kernel does not move. */
static void take_slide(struct kernel_describer *describer, const struct message_kernel_names *names)
{
	if (!names->has_slide || !describer->vmlinux || describer->names.has_slide)
		return;
	describer->names = *names;
	describer->names.file = describer->vmlinux->number;
}

int kernel_describer_take_names(struct kernel_describer *describer,
				const struct message_kernel_names *names, int fds[MESSAGE_MAX_FDS])
{
	if (fds[0] < 0 || fds[1] < 0)
		return -EBADMSG;
	for (int i = 0; i < MESSAGE_MAX_FDS; i++) {
		closep(&describer->fds[i]);
		describer->fds[i] = steal_fd(&fds[i]);
	}
	take_slide(describer, names);
	tell_server(describer);
	return 0;
}

void kernel_describer_finish(struct kernel_describer *describer, const struct message_built *built)
{
	describer->has_failed = built->outcome != BUILD_OK;
	if (describer->has_failed && describer->fds[0] < 0)
		tell_server(describer);
}

int kernel_describer_describe(struct kernel_describer *describer)
{
	int r = 0;

	if (!describer->server->channel || (describer->fds[0] < 0 && !describer->has_failed))
		return 0;
	if (describer->names.has_slide)
		r = binary_describer_describe(describer->binaries, describer->vmlinux);
	return r < 0 ? r
		     : channel_send_fds(describer->server->channel, MESSAGE_KERNEL_NAMES,
					&describer->names, sizeof(describer->names),
					describer->fds);
}
