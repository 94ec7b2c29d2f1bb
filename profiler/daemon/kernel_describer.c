/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/kernel_describer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/channel.h"
#include "profiler/daemon/role.h"

void kernel_describer_init(struct kernel_describer *describer, struct role_process *server,
			   struct role_process *resolver)
{
	*describer = (struct kernel_describer){ .server = server, .resolver = resolver };
	for (int i = 0; i < MESSAGE_MAX_FDS; i++)
		describer->fds[i] = -1;
}

void kernel_describer_fini(struct kernel_describer *describer)
{
	for (int i = 0; i < MESSAGE_MAX_FDS; i++)
		closep(&describer->fds[i]);
}

void kernel_describer_request(const struct kernel_describer *describer)
{
	const struct message_build build = { .kind = BUILD_KERNEL };
	struct channel *channel = describer->resolver->channel;
	/* Opened with our privileges: who opens it decides whether it shows addresses. */
	_cleanup_(closep) int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && channel &&
	    channel_send_fds(channel, MESSAGE_BUILD, &build, sizeof(build), (int[]){ fd, -1 }) == 0)
		role_process_flush(describer->resolver);
}

int kernel_describer_take_names(struct kernel_describer *describer, int fds[MESSAGE_MAX_FDS])
{
	if (fds[0] < 0 || fds[1] < 0)
		return -EBADMSG;
	for (int i = 0; i < MESSAGE_MAX_FDS; i++) {
		closep(&describer->fds[i]);
		describer->fds[i] = steal_fd(&fds[i]);
	}
	if (kernel_describer_describe(describer) == 0)
		role_process_flush(describer->server);
	return 0;
}

int kernel_describer_describe(const struct kernel_describer *describer)
{
	if (describer->fds[0] < 0 || !describer->server->channel)
		return 0;
	return channel_send_fds(describer->server->channel, MESSAGE_KERNEL_NAMES, NULL, 0,
				describer->fds);
}
