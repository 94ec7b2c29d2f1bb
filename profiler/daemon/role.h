/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Role: a child process that the sampler starts, listens to, and starts again.
 *
 * A role is this same program, executed anew with `--role NAME` and two descriptors:
 * ROLE_CHANNEL_FD to speak to the sampler and, for the server, ROLE_LISTEN_FD; it reads its options
 * from ROLE_CONFIG_FD, too, if there is a config file, and closes that. It is asked once a
 * second whether it is there. One that ends, or leaves ROLE_MAX_UNANSWERED questions open (not
 * seconds: it may be the sampler itself that did not run), is killed and
 * started anew.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/channel.h"
#include "profiler/daemon/loop.h"
#include "profiler/status.h"

#define ROLE_CHANNEL_FD     3
#define ROLE_LISTEN_FD      4
#define ROLE_CONFIG_FD      5 /* the config file as the sampler read it: it may be another by now */
#define ROLE_MAX_UNANSWERED 5 /* questions, one a second */

struct role_events {
	/* It sent something. A negative value ends it. */
	int (*on_message)(void *context, enum role role, const struct message *message,
			  int fds[MESSAGE_MAX_FDS]);
	/* It was started: its channel is new, and it knows nothing. */
	int (*on_start)(void *context, enum role role);
	/* It ended, or was killed; @reason is a phrase: "was killed by signal 9". */
	void (*on_end)(void *context, enum role role, const char *reason);
	void *context;
};

struct role_process {
	enum role role;
	char *const *args;                /* of this program: handed on */
	int listen_fd;                    /* or −1, as is the next */
	int config_fd;                    /* borrowed */
	struct loop *loop;                /* borrowed */
	const struct role_events *events; /* borrowed */
	struct channel *channel;          /* NULL while it does not run */
	size_t queue_limit_bytes;
	pid_t pid;
	int pid_fd;
	int64_t start_ns;
	unsigned int n_unanswered; /* questions since it last said anything */
	int64_t next_start_ns;     /* not before then, after an early end */
	bool is_writable_awaited;
	uint64_t restarts;
	uint64_t cpu_ns_before; /* of processes that ended */
};

/* Start it. Returns 0 or -errno; on failure role_process_check() tries again. */
int role_process_start(struct role_process *process);

/* Send what is queued; call it after channel_send(). */
void role_process_flush(struct role_process *process);

/* Ask whether it is there, and start it anew if it is not. Call it once a second. */
void role_process_check(struct role_process *process);

/* End it: by closing the channel, which it takes for the end, and by force after @wait_ms. */
void role_process_stop(struct role_process *process, int wait_ms);

/* CPU and memory of what runs now, from /proc, and of what ran before. */
void role_process_get_status(const struct role_process *process, struct role_status *ret_status);

/* As above for this process itself. */
void role_self_get_status(struct role_status *ret_status);
