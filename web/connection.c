/* SPDX-License-Identifier: Apache-2.0 */
#include "web/connection.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/clock.h"

static void expect(struct connection *connection, int64_t now_ns)
{
	connection->deadline_ns = now_ns + connection->patience_ns;
	connection->step_bytes = CONNECTION_STEP_BYTES;
}

int connection_new(int fd, int64_t patience_ns, struct connection **ret_connection)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	socklen_t size = sizeof(connection->local);
	int send_bytes = CONNECTION_SEND_BYTES;

	if (!connection)
		return -ENOMEM;
	connection->fd = fd;
	connection->patience_ns = patience_ns;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
	if (getsockname(fd, &connection->local.any, &size) < 0)
		connection->local.any.sa_family = AF_UNSPEC;
	connection_expect_request(connection, clock_monotonic_ns());
	*ret_connection = connection;
	return 0;
}

struct connection *connection_free(struct connection *connection)
{
	free(connection);
	return NULL;
}

void connection_expect_request(struct connection *connection, int64_t now_ns)
{
	expect(connection, now_ns);
	connection->awaits_request = true;
}

void connection_expect_reading(struct connection *connection, int64_t now_ns)
{
	expect(connection, now_ns);
	connection->awaits_request = false;
}

void connection_progress(struct connection *connection, uint64_t bytes, int64_t now_ns)
{
	if (bytes < connection->step_bytes)
		return;
	connection->deadline_ns = now_ns + connection->patience_ns;
	connection->step_bytes = bytes + CONNECTION_STEP_BYTES;
}

void connection_rest(struct connection *connection)
{
	connection->awaits_request = false;
	connection->deadline_ns = INT64_MAX;
}

bool connection_end_if_overdue(struct connection *connection, int64_t now_ns)
{
	if (now_ns < connection->deadline_ns)
		return false;
	shutdown(connection->fd, SHUT_RDWR);
	connection_rest(connection);
	return true;
}
