/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Host check: a page on someone's site must not read profiles through a visitor's browser.
 *
 * By DNS rebinding a name of the attacker's comes to mean our address, and the browser then takes
 * us for the attacker's site. But it sends that name as Host. So we answer only to names that
 * cannot be taken over: the address that the connection came in on, any loopback address,
 * `localhost`, and the names that the user allowed.
 */

#include <stdbool.h>

struct sockaddr;

/*
 * Whether a request with @host, the value of its Host header with or without a port, may be
 * answered. @local is our end of its connection, or NULL; @allow_hosts ends with NULL, or is NULL.
 */
bool host_is_ours(const char *host, const struct sockaddr *local, const char *const *allow_hosts);
