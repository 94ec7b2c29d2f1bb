/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sandbox: what each role gives up for good, before it reads a byte that a stranger wrote.
 *
 *                 uid              capabilities               system calls
 *     sampler     as started       those of needed[] below    all but those that change the host
 *     resolver    61070            none                       memory, and descriptors it was given
 *     its child,  61070            none                       the same without fork and kill
 *     convert's
 *     server      61071            none                       the above, sockets it was given, and
 *                                                             files, if there is history on disk
 *     fetcher     61072            none                       the network, threads, files, fork
 *
 * All have no_new_privs. Which files the server and the fetcher's child may open, a fence says
 * besides (profiler/daemon/file_fence.h). Without CAP_SETUID and CAP_SETGID the roles keep the
 * sampler's uid; they still have no capability, and the filters keep them from each other.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "profiler/status.h"

enum sandbox_filter {
	FILTER_SAMPLER,
	FILTER_RESOLVER,
	FILTER_BUILD, /* the resolver's child, and that of `convert` */
	FILTER_SERVER,
	FILTER_SERVER_WITH_FOLDER, /* … of history, which it opens files in */
	FILTER_FETCHER,            /* … and its child */
};

/* A capability that sampling needs, and what for. */
struct needed_capability {
	int capability; /* CAP_… */
	const char *name;
	const char *purpose;
};

extern const struct needed_capability sandbox_needed[]; /* ends with a NULL name */

/* The first of sandbox_needed[], and of what this host asks for besides, that this process does not
 * have, or NULL. */
const struct needed_capability *sandbox_missing(void);

/* The uid that @role has, or will have when this process starts it. */
uid_t sandbox_uid_of(enum role role);

/*
 * Take this process's uid, groups and capabilities away, as its role asks; the sampler keeps its
 * uid. Call it before there are threads. Returns 0 or -errno.
 */
int sandbox_drop_privileges(enum role role);

/* Allow only the system calls of @filter from now on, in all threads. Returns 0 or -errno. */
int sandbox_filter(enum sandbox_filter filter);
