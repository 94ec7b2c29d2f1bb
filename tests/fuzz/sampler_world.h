/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sampler world: what the sampler's half of stacks works with, in memory: tables in maps that are
 * none of the kernel's, and a server that believes every message, or dies of one that is invalid.
 * There is one for all inputs; a file that is known is the vDSO.
 */

#include "profiler/daemon/role.h"

struct container_describer;
struct table_loader;

struct sampler_world {
	struct role_process server, resolver; /* the resolver does not run */
	struct table_loader *tables;
	struct container_describer *containers;
};

/* Made at the first call. Borrowed: lives for ever. */
struct sampler_world *sampler_world_get(void);

/* Read what the server was sent, and see that it is valid. */
void sampler_world_read_server(void);
