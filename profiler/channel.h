/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Channel: one end of the socket between two roles. Sending never waits: what the other side does
 * not take at once is kept, up to a bound.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "profiler/message.h"

struct channel;

/* A message that came in. @fds are the callee's; they are closed when the callback returns, unless
 * it puts -1 in their place. */
typedef int (*channel_on_message)(void *context, const struct message *message,
				  int fds[MESSAGE_MAX_FDS]);

/* Create a pair of connected sockets, close-on-exec, non-blocking. Returns 0 or -errno. */
int channel_pair(int ret_fds[2]);

/*
 * Wrap the socket @fd, which the channel owns from here on (also on failure), keeping at most
 * @limit_bytes that the other side has not taken. Returns 0 or -ENOMEM.
 */
int channel_new(int fd, size_t limit_bytes, struct channel **ret_channel);

/* Closes the socket. Accepts NULL. Always returns NULL. */
struct channel *channel_free(struct channel *channel);

int channel_fd(const struct channel *channel);

/* Bytes that the other side has not taken yet. */
size_t channel_queued_bytes(const struct channel *channel);

/*
 * Append a message, whose body is that of @parts, one behind the other. It leaves with
 * channel_flush().
 *
 * Returns 0, -ENOBUFS if that is more than the bound, -EMSGSIZE if it fits into no packet, -ENOMEM,
 * or what sendmsg(2) met: -EPIPE, -ECONNRESET.
 */
int channel_send_parts(struct channel *channel, enum message_type type, const struct iovec *parts,
		       size_t n_parts);

/* As above, with a body of one part. */
int channel_send(struct channel *channel, enum message_type type, const void *body,
		 size_t body_bytes);

/* As channel_send(), in a packet of its own that takes descriptors along (borrowed: duplicated). */
int channel_send_fds(struct channel *channel, enum message_type type, const void *body,
		     size_t body_bytes, const int fds[MESSAGE_MAX_FDS]);

/*
 * Send what can be sent. Returns 0, -EAGAIN if something is left (wait until channel_fd() is
 * writable), or what sendmsg(2) met.
 */
int channel_flush(struct channel *channel);

/*
 * Give each message that has come in to @on_message, which ends it by a negative value.
 *
 * Returns 0 when no more is there, -EPIPE if the other side is gone, -EBADMSG if it sent nonsense,
 * or what @on_message returned.
 */
int channel_receive(struct channel *channel, channel_on_message on_message, void *context);
