/* SPDX-License-Identifier: Apache-2.0 */
#include "web/connection_set.h"

#include <utlist.h>

#include "web/connection.h"
#include "web/traffic.h"

static void make_room(struct connection_set *set)
{
	struct connection *connection, *longest = NULL;

	for (connection = set->first; connection; connection = connection->next) {
		if (connection->awaits_request &&
		    (!longest || connection->deadline_ns < longest->deadline_ns))
			longest = connection;
	}
	if (longest && connection_end_if_overdue(longest, longest->deadline_ns))
		set->traffic->connections_crowded_out++;
}

static struct connection *add(struct connection_set *set, int fd)
{
	struct connection *connection;

	if (set->traffic->n_connections >= set->crowd)
		make_room(set);
	if (connection_new(fd, set->patience_ns, &connection) < 0)
		return NULL;
	DL_APPEND(set->first, connection);
	set->traffic->n_connections++;
	set->traffic->connections_accepted++;
	return connection;
}

static void take_out(struct connection_set *set, struct connection *connection)
{
	DL_DELETE(set->first, connection);
	set->traffic->n_connections--;
	connection_free(connection);
}

void connection_set_on_change(void *set, struct MHD_Connection *mhd, void **connection,
			      enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
		*connection = add(set, info->connect_fd);
	} else if (*connection) {
		take_out(set, *connection);
		*connection = NULL;
	}
}

struct connection *connection_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void connection_set_advance(struct connection_set *set, int64_t now_ns)
{
	struct connection *connection;

	for (connection = set->first; connection; connection = connection->next) {
		if (connection_end_if_overdue(connection, now_ns))
			set->traffic->connections_stalled++;
	}
}

int64_t connection_set_next_ns(const struct connection_set *set)
{
	const struct connection *connection;
	int64_t next_ns = INT64_MAX;

	for (connection = set->first; connection; connection = connection->next) {
		if (connection->deadline_ns < next_ns)
			next_ns = connection->deadline_ns;
	}
	return next_ns;
}
