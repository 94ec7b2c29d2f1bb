/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/build_owners.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A file of @share is read, and took so long. */
static void spend(struct build_owners *owners, const struct build_share *share, uint64_t spent_ns)
{
	build_owners_begin(owners, share, 5);
	build_owners_end(share, 5, spent_ns);
}

static void it_is_the_turn_of_who_had_the_least_time(void **state)
{
	struct build_owners owners = { 0 };
	struct build_share first = build_owners_enter(&owners, 1000, 1),
			   second = build_owners_enter(&owners, 1001, 1);

	(void)state;
	assert_int_equal(build_share_compare(&first, &second), 0);
	spend(&owners, &first, 100);
	assert_true(build_share_compare(&first, &second) > 0);
	spend(&owners, &second, 200);
	assert_true(build_share_compare(&first, &second) < 0);
}

static void a_user_shares_his_time_out_between_file_systems(void **state)
{
	struct build_owners owners = { 0 };
	struct build_share one = build_owners_enter(&owners, 0, 1),
			   two = build_owners_enter(&owners, 0, 2);
	struct build_share other = build_owners_enter(&owners, 1000, 3);

	(void)state;
	spend(&owners, &one, 100);
	assert_true(build_share_compare(&two, &one) < 0);
	assert_true(build_share_compare(&other, &two) < 0);
}

/* As many as he may mount, he is one. */
static void who_has_many_file_systems_has_no_more_time(void **state)
{
	struct build_owners owners = { 0 };
	struct build_share other = build_owners_enter(&owners, 1001, 1);

	(void)state;
	for (uint64_t device = 2; device < 10; device++) {
		struct build_share share = build_owners_enter(&owners, 1000, device);

		assert_int_equal(build_share_compare(&share, &other) > 0, device > 2);
		spend(&owners, &share, 100);
	}
}

static void the_subordinate_ids_of_a_user_are_one(void **state)
{
	struct build_owners owners = { 0 };
	struct build_share first = build_owners_enter(&owners, 100000, 1),
			   second = build_owners_enter(&owners, 165535, 1);
	struct build_share other = build_owners_enter(&owners, 165536, 1);

	(void)state;
	assert_ptr_equal(first.user, second.user);
	assert_ptr_not_equal(first.user, other.user);
}

static void who_was_away_has_no_time_saved_up(void **state)
{
	struct build_owners owners = { 0 };
	struct build_share first = build_owners_enter(&owners, 1000, 1), second;

	(void)state;
	for (int i = 0; i < 10; i++)
		spend(&owners, &first, 100);
	second = build_owners_enter(&owners, 1001, 1);
	spend(&owners, &second, 200);
	assert_true(build_share_compare(&first, &second) < 0);
}

/* Two of his files are read at once, and quickly, however large they are. */
static void who_comes_is_not_behind_by_what_others_did_not_take(void **state)
{
	struct build_owners owners = { 0 };
	struct build_share first = build_owners_enter(&owners, 1000, 1),
			   again = build_owners_enter(&owners, 1000, 1), second, place;

	(void)state;
	build_owners_begin(&owners, &first, 1000);
	build_owners_begin(&owners, &again, 1000);
	second = build_owners_enter(&owners, 1001, 1);
	place = build_owners_enter(&owners, 1000, 2);
	build_owners_end(&first, 1000, 10);
	build_owners_end(&again, 1000, 10);
	assert_int_equal(first.user->spent_ns, 20);
	assert_true(build_share_compare(&second, &first) < 0);
	assert_true(build_share_compare(&place, &first) < 0);
	assert_true(build_owners_enter(&owners, 1002, 1).user->spent_ns <= 20);
}

static void who_was_away_still_has_had_what_he_had(void **state)
{
	struct build_owners owners = { 0 };
	struct build_share first = build_owners_enter(&owners, 1000, 1),
			   second = build_owners_enter(&owners, 1001, 1);

	(void)state;
	spend(&owners, &first, 1000);
	build_owners_leave(&first);
	first = build_owners_enter(&owners, 1000, 1);
	assert_true(build_share_compare(&second, &first) < 0);
}

static void more_than_there_are_accounts_for_share_one(void **state)
{
	static struct build_owners owners;
	struct build_share shares[BUILD_MAX_OWNERS];

	(void)state;
	for (uint32_t user = 0; user < BUILD_MAX_OWNERS; user++) {
		shares[user] = build_owners_enter(&owners, user, 1);
		spend(&owners, &shares[user], user);
	}
	assert_ptr_equal(shares[BUILD_MAX_OWNERS - 1].user, &owners.owners[0]);
	for (uint32_t user = 0; user < BUILD_MAX_OWNERS; user++)
		build_owners_leave(&shares[user]);
	for (size_t i = 0; i < BUILD_MAX_OWNERS; i++)
		assert_int_equal(owners.owners[i].n_jobs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_turn_of_who_had_the_least_time),
		cmocka_unit_test(a_user_shares_his_time_out_between_file_systems),
		cmocka_unit_test(who_has_many_file_systems_has_no_more_time),
		cmocka_unit_test(the_subordinate_ids_of_a_user_are_one),
		cmocka_unit_test(who_was_away_has_no_time_saved_up),
		cmocka_unit_test(who_comes_is_not_behind_by_what_others_did_not_take),
		cmocka_unit_test(who_was_away_still_has_had_what_he_had),
		cmocka_unit_test(more_than_there_are_accounts_for_share_one),
	};

	return cmocka_run_group_tests_name("build owners", tests, NULL, NULL);
}
