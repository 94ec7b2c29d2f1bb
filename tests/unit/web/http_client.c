/* SPDX-License-Identifier: Apache-2.0 */
#include "http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/clock.h"

#define HEAD_MAX 8192

int client_connect(uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval timeout = { .tv_sec = CLIENT_TIMEOUT_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void client_send(int fd, const char *bytes)
{
	size_t size = strlen(bytes);

	while (size) {
		ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);

		assert_true(n > 0);
		bytes += n;
		size -= (size_t)n;
	}
}

/* Byte by byte, so that nothing of a next reply is taken. */
static bool receive_head(int fd, char head[HEAD_MAX])
{
	size_t length = 0;

	while (length < 4 || memcmp(head + length - 4, "\r\n\r\n", 4)) {
		assert_true(length < HEAD_MAX - 1);
		if (recv(fd, head + length, 1, 0) != 1)
			return false;
		length++;
	}
	head[length] = '\0';
	return true;
}

struct reply client_receive(int fd, bool has_body)
{
	char head[HEAD_MAX];
	struct reply reply = { 0 };
	const char *length;

	if (!receive_head(fd, head))
		return reply;
	assert_int_equal(sscanf(head, "HTTP/1.%*d %d", &reply.code), 1);
	reply.head = strdup(head);
	length = reply_header(&reply, "Content-Length");
	reply.body_bytes = length && has_body ? strtoul(length, NULL, 10) : 0;
	reply.body = calloc(1, reply.body_bytes + 1);
	assert_non_null(reply.body);
	for (size_t done = 0; done < reply.body_bytes;) {
		ssize_t n = recv(fd, reply.body + done, reply.body_bytes - done, 0);

		assert_true(n > 0);
		done += (size_t)n;
	}
	return reply;
}

bool client_sees_end(int fd, int timeout_ms)
{
	int64_t deadline_ns = clock_monotonic_ns() + timeout_ms * NS_PER_MS, left_ns;
	char bytes[4096];

	while ((left_ns = deadline_ns - clock_monotonic_ns()) > 0) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };

		if (poll(&ready, 1, (int)(left_ns / NS_PER_MS) + 1) <= 0)
			continue;
		if (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0)
			return true;
	}
	return false;
}

struct reply client_ask(uint16_t port, const char *method, const char *target)
{
	char request[8192];
	int fd = client_connect(port);
	struct reply reply;

	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", method,
		 target, port);
	client_send(fd, request);
	reply = client_receive(fd, strcmp(method, "HEAD"));
	close(fd);
	return reply;
}

const char *reply_header(const struct reply *reply, const char *name)
{
	static char value[1024];
	size_t length = strlen(name);

	for (const char *line = reply->head; line; line = strstr(line, "\r\n")) {
		line += 2 * (line != reply->head);
		if (strncasecmp(line, name, length) || line[length] != ':')
			continue;
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(line + length + 2, "\r"),
			 line + length + 2);
		return value;
	}
	return NULL;
}

void reply_fini(struct reply *reply)
{
	free(reply->head);
	free(reply->body);
	*reply = (struct reply){ 0 };
}
