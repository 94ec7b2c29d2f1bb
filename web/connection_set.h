/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Connection set: all clients' connections, oldest first.
 *
 * When it is nearly full, the one that has waited longest for its request makes room, so that
 * clients which only hold connections cannot keep others out.
 */

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>

struct connection;
struct traffic;

struct connection_set {
	struct connection *first;
	struct traffic *traffic; /* borrowed */
	int64_t patience_ns;
	size_t crowd; /* so many are nearly too many */
};

/* Callback of libmicrohttpd; @set is a struct connection_set. The connection is its context. */
void connection_set_on_change(void *set, struct MHD_Connection *mhd, void **connection,
			      enum MHD_ConnectionNotificationCode what);

/* The context of @mhd, or NULL: there was no memory for it. Borrowed. */
struct connection *connection_of(struct MHD_Connection *mhd);

/* End those that are overdue. */
void connection_set_advance(struct connection_set *set, int64_t now_ns);

/* When that has something to do next: monotonic, INT64_MAX for never. */
int64_t connection_set_next_ns(const struct connection_set *set);
