/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/build_owners.h"

#include <stdbool.h>
#include <stddef.h>

/* useradd(8) gives each user as many subordinate ids, from the first of these on. */
#define FIRST_SUBORDINATE 100000
#define SUBORDINATES      65536

uint32_t build_owners_user(uint32_t uid)
{
	if (uid < FIRST_SUBORDINATE)
		return uid;
	return FIRST_SUBORDINATE + (uid - FIRST_SUBORDINATE) / SUBORDINATES * SUBORDINATES;
}

/* The account, or the one that may be given up for it, or the first: it is shared then. */
static struct build_owner *find(struct build_owners *owners, uint32_t user, uint64_t device)
{
	struct build_owner *idle = NULL;

	for (size_t i = 0; i < BUILD_MAX_OWNERS; i++) {
		struct build_owner *owner = &owners->owners[i];

		if (owner->user == user && owner->device == device)
			return owner;
		if (!owner->n_jobs && (!idle || owner->spent_ns < idle->spent_ns))
			idle = owner;
	}
	if (!idle)
		return &owners->owners[0];
	*idle = (struct build_owner){ .user = user, .device = device };
	return idle;
}

static uint64_t had_ns(const struct build_owner *owner)
{
	return owner->spent_ns - owner->expected_ns;
}

static bool is_of_user(const struct build_owner *owner, uint32_t user)
{
	return owner->user == user && owner->device != BUILD_ALL_DEVICES;
}

/* What the file system of @user had that is the furthest back among those that wait. */
static uint64_t least_place_ns(const struct build_owners *owners, uint32_t user)
{
	uint64_t least_ns = UINT64_MAX;

	for (size_t i = 0; i < BUILD_MAX_OWNERS; i++) {
		const struct build_owner *owner = &owners->owners[i];

		if (owner->n_jobs && is_of_user(owner, user) && had_ns(owner) < least_ns)
			least_ns = had_ns(owner);
	}
	return least_ns == UINT64_MAX ? 0 : least_ns;
}

static void enter(struct build_owner *owner, uint64_t start_ns)
{
	if (!owner->n_jobs++ && owner->spent_ns < start_ns)
		owner->spent_ns = start_ns;
}

struct build_share build_owners_enter(struct build_owners *owners, uint32_t uid, uint64_t device)
{
	uint32_t user = build_owners_user(uid);
	struct build_share share = { .user = find(owners, user, BUILD_ALL_DEVICES) };

	enter(share.user, owners->turn_ns);
	share.place = find(owners, user, device);
	enter(share.place, least_place_ns(owners, user));
	return share;
}

void build_owners_leave(const struct build_share *share)
{
	share->user->n_jobs--;
	share->place->n_jobs--;
}

static void expect(struct build_owner *owner, uint64_t expected_ns)
{
	owner->spent_ns += expected_ns;
	owner->expected_ns += expected_ns;
}

void build_owners_begin(struct build_owners *owners, const struct build_share *share,
			uint64_t expected_ns)
{
	if (had_ns(share->user) > owners->turn_ns)
		owners->turn_ns = had_ns(share->user);
	expect(share->user, expected_ns);
	expect(share->place, expected_ns);
}

/* One that had less than was expected has it back. */
static void correct(struct build_owner *owner, uint64_t expected_ns, uint64_t spent_ns)
{
	owner->spent_ns += spent_ns - expected_ns;
	owner->expected_ns -= expected_ns;
}

void build_owners_end(const struct build_share *share, uint64_t expected_ns, uint64_t spent_ns)
{
	correct(share->user, expected_ns, spent_ns);
	correct(share->place, expected_ns, spent_ns);
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int build_share_compare(const struct build_share *share, const struct build_share *other)
{
	int r = compare(share->user->spent_ns, other->user->spent_ns);

	return r ? r : compare(share->place->spent_ns, other->place->spent_ns);
}
