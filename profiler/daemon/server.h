/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Server: the role that keeps the samples and answers for them: the store, and HTTP in front of it.
 * For `record` there is no HTTP; it then writes the one profile that the sampler asks for.
 */

struct options;

/* Serve the channel ROLE_CHANNEL_FD, and ROLE_LISTEN_FD if the daemon runs, until the channel's
 * other side is closed. Returns an exit status. */
int server_main(const struct options *options);
