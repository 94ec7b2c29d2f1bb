/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Debug file supply: gives the resolver the files in which a binary's debug information lies.
 *
 *     order of names ──► the debug file goes along, if its build id leads to one
 *     reference that a child has read ──► that file, if it is found
 *
 * No file is read here but the magic number that it starts with.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/daemon/debug_file_finder.h"
#include "profiler/message.h"
#include "profiler/status.h"

struct binary;
struct openings;
struct role_process;

struct debug_file_supply {
	struct role_process *resolver; /* borrowed, as is the next, which may be NULL */
	struct openings *openings;
	struct debug_file_finder finder;
	uint64_t sought[DEBUG_FILE_KIND_COUNT]; /* by what they would be, as is the next */
	uint64_t found[DEBUG_FILE_KIND_COUNT];
};

/* The debug file of @binary, whose file is open, by its build id. Returns a descriptor, to be
 * closed, or −1. */
int debug_file_supply_find_own(struct debug_file_supply *supply, struct binary *binary);

/* Whether there is a debug file of @binary now, by its build id, or by the name that a child has
 * asked for in vain. */
bool debug_file_supply_has(struct debug_file_supply *supply, struct binary *binary);

/* A child that reads the names of @binary asks for a file: send it, if it is there. */
void debug_file_supply_answer(struct debug_file_supply *supply, struct binary *binary,
			      const struct message_debug_reference *question);
