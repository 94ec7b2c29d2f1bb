/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Late names: what was not there when a binary was read may turn up later, and profiles of the past
 * get better by it.
 *
 *     debug file ─► of a binary without lines: it is read again
 *     the same build id in another file ─► of a binary whose own file is gone: it has those names
 *
 * Binaries without lines are looked at again every ten minutes, as long as stacks lead through
 * them, and at once when a folder of debug files has changed. So are those of which some files were
 * not opened in time (profiler/daemon/openings.h): they are read again in any case.
 */

#include <stdbool.h>
#include <stdint.h>

struct binary;
struct binary_names;
struct binary_table;
struct debug_file_supply;

struct late_names {
	struct debug_file_supply *debug_files; /* borrowed, as are the next two */
	struct binary_names *names;
	struct binary_table *binaries;
	int64_t folders_unix_ns; /* the latest change of a folder that is known */
	int64_t changed_ns;      /* when it was noticed, by the monotonic clock */
	uint64_t n_debug_files;  /* that have turned up */
	uint64_t n_shared;       /* binaries that have the names of another file */
};

/* See whether folders have changed. To be called every second or so, before late_names_look(). */
void late_names_begin(struct late_names *late);

/* Whether a debug file of @binary has turned up, or may have, so that it is to be ordered again. */
bool late_names_look(struct late_names *late, struct binary *binary);

/* The file of @binary is gone: give it the names of one that is the same. Returns whether there is
 * one. */
bool late_names_take_from_others(struct late_names *late, struct binary *binary);

/* @binary has names now: give them to those whose files are gone, and were the same. */
void late_names_give_to_others(struct late_names *late, const struct binary *binary);
