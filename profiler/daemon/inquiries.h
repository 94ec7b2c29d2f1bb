/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inquiries: what the server, which can open nothing, asks on behalf of those who read its page.
 *
 *     server  --ask-->  sampler  --the file-->  resolver  --reply-->  sampler  --reply-->  server
 *             code      opens it                a child disassembles
 *             source    opens it, if it lies under a root, and replies
 *             names     answers with what its cache has of a file of the past
 *
 * Nothing of it is kept here: the ticket of a question goes around with it, and whoever asked stops
 * waiting by himself.
 */

#include <stdbool.h>

#include "profiler/message.h"

struct describer;
struct role_process;

struct inquiries {
	struct role_process *server; /* borrowed, as all is */
	struct role_process *resolver;
	struct describer *describer;
	const char *const *source_dirs; /* ends with NULL, or is NULL */
};

/* Whether @message belongs here. */
bool inquiries_are(const struct message *message);

/* The server asks. Returns 0 or -errno. */
int inquiries_take_question(struct inquiries *inquiries, const struct message *message);

/* The resolver replies. Returns 0 or -errno. */
int inquiries_take_reply(struct inquiries *inquiries, const struct message *message, int fd);
