/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/channel.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"

struct packet {
	struct packet *next;
	int fds[MESSAGE_MAX_FDS];
	size_t size;
	size_t room;
	char bytes[];
};

struct channel {
	int fd;
	size_t limit_bytes;
	size_t queued_bytes;
	struct packet *queue;
	struct packet *last;
	void *incoming; /* MESSAGE_MAX_PACKET_BYTES */
};

enum {
	SOCKET_BUFFER_BYTES = 1 << 20,
	ROOM_BYTES = 16384, /* that small messages share */
};

DEFINE_CLEANUP(struct channel *, channel_free)

int channel_pair(int ret_fds[2])
{
	const int size = SOCKET_BUFFER_BYTES;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		/* Larger buffers are a kindness, not a need: the queue is ours. */
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		ret_fds[i] = fds[i];
	}
	return 0;
}

int channel_new(int fd, size_t limit_bytes, struct channel **ret_channel)
{
	_cleanup_(channel_freep) struct channel *channel = calloc(1, sizeof(*channel));

	if (!channel) {
		close(fd);
		return -ENOMEM;
	}
	channel->fd = fd;
	channel->limit_bytes = limit_bytes;
	channel->incoming = malloc(MESSAGE_MAX_PACKET_BYTES);
	if (!channel->incoming)
		return -ENOMEM;
	*ret_channel = steal(channel);
	return 0;
}

static void close_fds(int fds[MESSAGE_MAX_FDS])
{
	for (int i = 0; i < MESSAGE_MAX_FDS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

static void pop_packet(struct channel *channel)
{
	struct packet *packet = channel->queue;

	channel->queue = packet->next;
	if (!channel->queue)
		channel->last = NULL;
	channel->queued_bytes -= packet->size;
	close_fds(packet->fds);
	free(packet);
}

struct channel *channel_free(struct channel *channel)
{
	if (!channel)
		return NULL;
	while (channel->queue)
		pop_packet(channel);
	close(channel->fd);
	free(channel->incoming);
	free(channel);
	return NULL;
}

int channel_fd(const struct channel *channel)
{
	return channel->fd;
}

size_t channel_queued_bytes(const struct channel *channel)
{
	return channel->queued_bytes;
}

static int push_packet(struct channel *channel, size_t room, struct packet **ret_packet)
{
	struct packet *packet = malloc(sizeof(*packet) + room);

	if (!packet)
		return -ENOMEM;
	*packet = (struct packet){ .room = room };
	for (int i = 0; i < MESSAGE_MAX_FDS; i++)
		packet->fds[i] = -1;
	if (channel->last)
		channel->last->next = packet;
	else
		channel->queue = packet;
	channel->last = packet;
	*ret_packet = packet;
	return 0;
}

/* Room for @size bytes at the end of the queue: in its last packet, or in a new one. */
static int reserve(struct channel *channel, size_t size, bool alone, struct packet **ret_packet)
{
	struct packet *last = channel->last;

	if (size > MESSAGE_MAX_PACKET_BYTES)
		return -EMSGSIZE;
	if (channel->queued_bytes + size > channel->limit_bytes)
		return -ENOBUFS;
	if (!alone && last && last->fds[0] < 0 && last->room - last->size >= size) {
		*ret_packet = last;
		return 0;
	}
	return push_packet(channel, alone || size > ROOM_BYTES ? size : ROOM_BYTES, ret_packet);
}

static void append(struct packet *packet, const void *bytes, size_t size)
{
	if (size)
		memcpy(packet->bytes + packet->size, bytes, size);
	packet->size += size;
}

static size_t total_bytes(const struct iovec *parts, size_t n_parts)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n_parts; i++)
		bytes += parts[i].iov_len;
	return bytes;
}

static void append_message(struct packet *packet, enum message_type type, const struct iovec *parts,
			   size_t n_parts)
{
	const struct message_header header = {
		.version = MESSAGE_VERSION,
		.type = (uint16_t)type,
		.body_bytes = (uint32_t)total_bytes(parts, n_parts),
	};
	static const char zeros[8];

	append(packet, &header, sizeof(header));
	for (size_t i = 0; i < n_parts; i++)
		append(packet, parts[i].iov_base, parts[i].iov_len);
	append(packet, zeros,
	       message_bytes(header.body_bytes) - sizeof(header) - header.body_bytes);
}

int channel_send_parts(struct channel *channel, enum message_type type, const struct iovec *parts,
		       size_t n_parts)
{
	size_t size = message_bytes(total_bytes(parts, n_parts));
	struct packet *packet;
	int r;

	r = reserve(channel, size, false, &packet);
	if (r < 0)
		return r;
	append_message(packet, type, parts, n_parts);
	channel->queued_bytes += size;
	return 0;
}

/* Not written to, but iovec has no word for that. */
static struct iovec part(const void *bytes, size_t size)
{
	return (struct iovec){ (void *)(uintptr_t)bytes, size };
}

int channel_send(struct channel *channel, enum message_type type, const void *body,
		 size_t body_bytes)
{
	const struct iovec parts[] = { part(body, body_bytes) };

	return channel_send_parts(channel, type, parts, 1);
}

int channel_send_fds(struct channel *channel, enum message_type type, const void *body,
		     size_t body_bytes, const int fds[MESSAGE_MAX_FDS])
{
	const struct iovec body_part = part(body, body_bytes);
	int copies[MESSAGE_MAX_FDS];
	struct packet *packet;
	int r;

	for (int i = 0; i < MESSAGE_MAX_FDS; i++)
		copies[i] = -1;
	for (int i = 0; i < MESSAGE_MAX_FDS && fds[i] >= 0; i++) {
		copies[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
		if (copies[i] < 0) {
			r = -errno;
			close_fds(copies);
			return r;
		}
	}
	r = reserve(channel, message_bytes(body_bytes), true, &packet);
	if (r < 0) {
		close_fds(copies);
		return r;
	}
	append_message(packet, type, &body_part, 1);
	memcpy(packet->fds, copies, sizeof(copies));
	channel->queued_bytes += packet->size;
	return 0;
}

static int send_packet(int fd, const struct packet *packet)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_MAX_FDS)];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)packet->bytes, packet->size };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	size_t n_fds = 0;

	while (n_fds < MESSAGE_MAX_FDS && packet->fds[n_fds] >= 0)
		n_fds++;
	if (n_fds) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(&control.align), packet->fds, sizeof(int) * n_fds);
	}
	return sendmsg(fd, &header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int channel_flush(struct channel *channel)
{
	while (channel->queue) {
		int r = send_packet(channel->fd, channel->queue);

		if (r == -EINTR)
			continue;
		if (r == -ENOBUFS || r == -ETOOMANYREFS) /* descriptors in flight: later */
			r = -EAGAIN;
		if (r < 0)
			return r;
		pop_packet(channel);
	}
	return 0;
}

/* Returns the packet's size, 0 at the end, or -errno; sets @ret_fds. */
static ssize_t receive_packet(struct channel *channel, int ret_fds[MESSAGE_MAX_FDS])
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_MAX_FDS)];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { channel->incoming, MESSAGE_MAX_PACKET_BYTES };
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t size = recvmsg(channel->fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (size < 0)
		return -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
		size_t bytes = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		    bytes <= sizeof(int) * MESSAGE_MAX_FDS)
			memcpy(ret_fds, CMSG_DATA(c), bytes);
	}
	return header.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? -EBADMSG : size;
}

static int dispatch_packet(const void *packet, size_t size, int fds[MESSAGE_MAX_FDS],
			   channel_on_message on_message, void *context)
{
	struct message message;
	int r;

	while ((r = message_next(&packet, &size, &message)) > 0) {
		r = on_message(context, &message, fds);
		if (r < 0)
			return r;
	}
	return r;
}

int channel_receive(struct channel *channel, channel_on_message on_message, void *context)
{
	for (;;) {
		int fds[MESSAGE_MAX_FDS] = { -1, -1 };
		ssize_t size = receive_packet(channel, fds);
		int r = 0;

		if (size == -EINTR)
			continue;
		if (size == -EAGAIN)
			return 0;
		if (size == 0 || size == -ECONNRESET)
			return -EPIPE;
		if (size > 0)
			r = dispatch_packet(channel->incoming, (size_t)size, fds, on_message,
					    context);
		close_fds(fds);
		if (size < 0)
			return (int)size;
		if (r < 0)
			return r;
	}
}
