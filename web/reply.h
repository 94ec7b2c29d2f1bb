/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reply: an answer as libmicrohttpd wants it, with the headers that all answers have.
 */

#include <microhttpd.h>

struct answer;
struct connection;

/*
 * The response of @answer, which is borrowed until the request is completed; what is sent of it is
 * progress of @connection. Owned by the caller (MHD_destroy_response), or NULL without memory.
 */
struct MHD_Response *reply_new(const struct answer *answer, struct connection *connection);
