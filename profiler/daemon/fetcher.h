/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Fetcher: the role that gets debug files from the network, from debuginfod servers.
 *
 * It runs only if it is told of servers, and has the network and a folder of its own that is gone
 * when it ends, but neither files of others nor privileges. It is asked by MESSAGE_FETCH. Some
 * files at once are fetched, each in a child process, which asks one server and, if that has the
 * file, answers with the descriptor by MESSAGE_FETCHED. Nothing of a file is read here.
 */

struct options;

/* Whether servers are named: by the option, or by DEBUGINFOD_URLS. */
const char *fetcher_urls(const struct options *options);

/* Until the sampler is gone. Returns an exit status. */
int fetcher_main(const struct options *options);
