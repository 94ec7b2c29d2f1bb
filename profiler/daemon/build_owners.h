/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Build owners: whose files wait to be read, and whose turn it is.
 *
 *     user ── 1,200 ms spent ──┬── file system ── 1,100 ms
 *                              └── file system ──   100 ms
 *
 * Time is shared out between users, and what one has between the file systems that his files lie
 * on, which tells containers apart. By these two, since nobody can have more of them at will: who
 * may mount file systems of his own is still one user, and so are the subordinate ids of one.
 *
 * The turn is of who had the least time. Who was away has none saved up: he begins where those are
 * who wait, but for what they are only expected to take yet.
 */

#include <stdint.h>

#define BUILD_MAX_OWNERS 128 /* at once; others would share one account */

struct build_owner {
	uint32_t user;
	uint64_t device;      /* or BUILD_ALL_DEVICES */
	uint64_t spent_ns;    /* the least of those who wait is next */
	uint64_t expected_ns; /* of that: what those that run will take, as far as one can see */
	unsigned int n_jobs;  /* that wait, or run */
};

#define BUILD_ALL_DEVICES UINT64_MAX

struct build_owners {
	struct build_owner owners[BUILD_MAX_OWNERS];
	uint64_t turn_ns; /* what the user had had whose turn was last */
};

/* The two accounts of one file. Borrowed: lives as long as the owners. */
struct build_share {
	struct build_owner *user, *place;
};

/* The one whose subordinate id @uid is, as one of those ids; else @uid itself. */
uint32_t build_owners_user(uint32_t uid);

/* A file of the user @uid on @device waits, from now until build_owners_leave(). */
struct build_share build_owners_enter(struct build_owners *owners, uint32_t uid, uint64_t device);
void build_owners_leave(const struct build_share *share);

/* It is the turn of @share, which will take so long, as far as one can see. */
void build_owners_begin(struct build_owners *owners, const struct build_share *share,
			uint64_t expected_ns);

/* It took so long. */
void build_owners_end(const struct build_share *share, uint64_t expected_ns, uint64_t spent_ns);

/* Below, above, or 0: whose turn comes first. */
int build_share_compare(const struct build_share *share, const struct build_share *other);
