/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kubelet client: the list of pods from a node's kubelet, by HTTP, by way of libcurl. Nothing of it
 * is read here. It waits as long as the network does: for the child of the fetcher, and no one
 * else. The library and all that it needs are loaded when they are needed.
 */

#include <stdbool.h>
#include <stddef.h>

#define KUBELET_MAX_SECONDS     10 /* that an answer may take */
#define KUBELET_COMPLAINT_BYTES 256

/* Whether libcurl can be loaded. */
bool kubelet_client_is_installed(void);

/*
 * GET @url, an answer of at most @max_bytes. Redirections are not followed, and no proxy is used.
 *
 * Returns 0 and sets *@ret_fd to a sealed memory file (to be closed), -ENOSYS if libcurl is not
 * installed, or what went wrong; then @ret_complaint says so.
 */
int kubelet_client_get(const char *url, size_t max_bytes, int *ret_fd,
		       char ret_complaint[KUBELET_COMPLAINT_BYTES]);
