/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Fetcher: the role that gets things from the network: debug files from debuginfod servers, and the
 * list of pods from the kubelet.
 *
 * It runs only if it is told of such, and has the network and a folder of its own that is gone
 * when it ends, but neither files of others nor privileges. It is asked by MESSAGE_FETCH. Some
 * files at once are fetched, each in a child process, which asks one server and, if that has the
 * file, answers with the descriptor by MESSAGE_FETCHED; MESSAGE_FETCH_PODS is answered by
 * MESSAGE_PODS likewise. Nothing of a file is read here.
 */

#include <stdbool.h>

struct options;

/* Whether there is something in the network that it may be asked for. */
bool fetcher_is_wanted(const struct options *options);

/* The debuginfod servers that are named by the option, or by DEBUGINFOD_URLS, or NULL. */
const char *fetcher_urls(const struct options *options);

/* Until the sampler is gone. Returns an exit status. */
int fetcher_main(const struct options *options);
