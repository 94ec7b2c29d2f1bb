/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernel describer: the describer's part that knows the kernel's names. It has the resolver read
 * them, keeps what it said last, and tells every server.
 */

#include "profiler/message.h"

struct role_process;

struct kernel_describer {
	struct role_process *server; /* borrowed, as the next */
	struct role_process *resolver;
	int fds[MESSAGE_MAX_FDS]; /* symbol file and ranges, or −1: nothing was said yet */
};

void kernel_describer_init(struct kernel_describer *describer, struct role_process *server,
			   struct role_process *resolver);

void kernel_describer_fini(struct kernel_describer *describer);

/* Have the resolver read the names, as they are now. If it is not there, it will be asked when it
 * is. */
void kernel_describer_request(const struct kernel_describer *describer);

/* Take what the resolver says, and tell the server. Returns 0, or -EBADMSG: it must not say that.
 */
int kernel_describer_take_names(struct kernel_describer *describer, int fds[MESSAGE_MAX_FDS]);

/* Tell the server of the names that are known: in a new dictionary. Returns 0 or -errno. */
int kernel_describer_describe(const struct kernel_describer *describer);
