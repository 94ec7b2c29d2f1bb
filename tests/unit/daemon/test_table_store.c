/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/table_store.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "kernel_maps.h"
#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/daemon/shard_space.h"
#include "table_maker.h"

DEFINE_CLEANUP(struct table_store *, table_store_free)

enum { MB = 1 << 20 };

/* Three of them, and half of a fourth, fill a shard. */
static const struct table_shape large = {
	.n_chunks = 6, .n_rows = 16384, .n_rules = 10, .first_rule = 100
};
static const struct table_shape small = {
	.n_chunks = 2, .n_rows = 300, .n_rules = 7, .first_rule = 0
};

static struct table_store_maps maps;

static int open_maps(void **state)
{
	(void)state;
	maps = kernel_maps_open();
	return 0;
}

static int close_maps(void **state)
{
	(void)state;
	kernel_maps_close(&maps);
	return 0;
}

static struct table_store *make_store(size_t budget_bytes)
{
	struct table_store *store;

	assert_int_equal(table_store_new(&maps, budget_bytes, &store), 0);
	return store;
}

static struct file_key key_of(uint64_t inode)
{
	return (struct file_key){ .inode = inode, .change_time = 1, .device = 1 };
}

static int put(struct table_store *store, uint64_t inode, const struct table_shape *shape)
{
	_cleanup_(buffer_fini) struct buffer table = { 0 };
	const struct file_key key = key_of(inode);

	table_maker_make(shape, &table);
	return table_store_put(store, &key, (uint32_t)inode, table.data, table.size);
}

/* As a caller does that is told to try again when others have left. */
static int put_at_last(struct table_store *store, uint64_t inode, const struct table_shape *shape)
{
	int r;

	while ((r = put(store, inode, shape)) == -EAGAIN)
		kernel_maps_advance_ns(SHARD_GRACE_NS + NS_PER_MS);
	return r;
}

static bool hit(uint64_t inode)
{
	const struct file_key key = key_of(inode);

	return kernel_maps_hit(&key);
}

static struct table_store_status status_of(const struct table_store *store)
{
	struct table_store_status status;

	table_store_get_status(store, &status);
	return status;
}

static void assert_rules_are_those_of(const struct table_store *store, uint64_t inode,
				      const struct table_shape *shape)
{
	const struct file_key key = key_of(inode);

	for (uint64_t off = 0; off < (uint64_t)shape->n_chunks << UNWIND_CHUNK_SHIFT; off += 89) {
		uint64_t word = table_store_find_rule(store, &key, off);
		struct unwind_rule rule;

		memcpy(&rule, &word, sizeof(rule));
		assert_int_equal(rule.cfa_kind, UNWIND_CFA_SP);
		assert_int_equal(rule.cfa_off, 8 * table_maker_rule_at(shape, off));
	}
}

static void programs_find_the_rules_that_were_put(void **state)
{
	_cleanup_(table_store_freep) struct table_store *store = make_store(4 * MB);

	(void)state;
	assert_int_equal(put(store, 1, &small), 0);
	assert_int_equal(put(store, 2, &large), 0);
	assert_rules_are_those_of(store, 1, &small);
	assert_rules_are_those_of(store, 2, &large);
	assert_int_equal(status_of(store).n_rules, 1 + small.n_rules + large.n_rules);
	assert_true(hit(1) && hit(2) && !hit(3));
}

static void a_table_may_become_that_of_another_key(void **state)
{
	_cleanup_(table_store_freep) struct table_store *store = make_store(4 * MB);
	const struct file_key from = key_of(1), to = key_of(2), missing = key_of(3);
	struct table_store_status before;

	(void)state;
	assert_int_equal(put(store, 1, &small), 0);
	before = status_of(store);
	assert_int_equal(table_store_rename(store, &from, &to, 77), 0);
	assert_int_equal(kernel_maps_find(&to)->file, 77);
	assert_rules_are_those_of(store, 2, &small);
	assert_true(hit(2) && !hit(1));
	assert_false(table_store_has(store, &from));
	assert_int_equal(status_of(store).n_tables, before.n_tables);
	assert_int_equal(status_of(store).n_rows, before.n_rows);
	assert_int_equal(status_of(store).taken_bytes, before.taken_bytes);
	assert_int_equal(table_store_rename(store, &missing, &from, 78), -ENOENT);
	table_store_forget(store, &to);
	assert_int_equal(status_of(store).taken_bytes, 0);
	assert_int_equal(status_of(store).n_rules, 0);
}

static void a_table_that_does_not_pass_the_check_is_counted_and_not_used(void **state)
{
	_cleanup_(table_store_freep) struct table_store *store = make_store(4 * MB);
	_cleanup_(buffer_fini) struct buffer table = { 0 };
	const struct file_key key = key_of(1);
	uint16_t *rule_of_last_row;

	(void)state;
	table_maker_make(&small, &table);
	rule_of_last_row = (uint16_t *)(table.data + table.size) - 1;
	*rule_of_last_row = (uint16_t)(small.n_rules + 1);
	assert_int_equal(table_store_put(store, &key, 1, table.data, table.size), -EBADMSG);
	assert_int_equal(status_of(store).n_damaged, 1);
	assert_int_equal(status_of(store).n_tables, 0);
	assert_int_equal(status_of(store).taken_bytes, 0);
	assert_false(table_store_has(store, &key));
	assert_int_equal(kernel_maps_find(&key)->kind, UNWIND_FILE_NO_TABLE);
}

static void the_table_that_was_hit_least_recently_leaves(void **state)
{
	_cleanup_(table_store_freep) struct table_store *store = make_store(MB);
	const struct file_key second = key_of(2);

	(void)state;
	for (uint64_t inode = 1; inode <= 4; inode++) {
		assert_int_equal(put(store, inode, &large), inode < 4 ? 0 : -EAGAIN);
		kernel_maps_advance_ns(TABLE_STORE_IDLE_NS + NS_PER_SECOND);
		hit(1);
	}
	assert_int_equal(kernel_maps_find(&(struct file_key){ 4, 1, 1, 0 })->kind,
			 UNWIND_FILE_PENDING);
	assert_int_equal(put(store, 4, &large), 0);
	assert_true(hit(1) && hit(3) && hit(4));
	assert_null(kernel_maps_find(&second)); /* asked for when it is hit */
	assert_int_equal(status_of(store).n_evicted, 1);
	assert_rules_are_those_of(store, 1, &large);
	assert_rules_are_those_of(store, 4, &large);
}

static void tables_that_are_hit_do_not_leave(void **state)
{
	_cleanup_(table_store_freep) struct table_store *store = make_store(MB);
	uint64_t inode = 1;

	(void)state;
	for (; put(store, inode, &large) == 0; inode++)
		hit(inode);
	assert_int_equal(inode, 4);
	assert_int_equal(put(store, 5, &large), -ENOSPC);
	assert_true(hit(1) && hit(2) && hit(3));
	assert_false(hit(4) || hit(5));
	assert_int_equal(status_of(store).n_evicted, 0);
	assert_int_equal(status_of(store).n_refused, 2);
}

/* None of them would ever be used, if each made the next one leave before its turn. */
static void those_that_wait_at_once_each_get_room(void **state)
{
	_cleanup_(table_store_freep) struct table_store *store = make_store(MB);

	(void)state;
	for (uint64_t inode = 1; inode <= 3; inode++)
		assert_int_equal(put(store, inode, &large), 0);
	kernel_maps_advance_ns(TABLE_STORE_IDLE_NS + NS_PER_SECOND);
	assert_int_equal(put(store, 11, &large), -EAGAIN);
	assert_int_equal(put(store, 12, &large), -EAGAIN);
	kernel_maps_advance_ns(SHARD_GRACE_NS);
	assert_int_equal(put(store, 11, &large), 0);
	assert_int_equal(put(store, 12, &large), 0);
	assert_int_equal(status_of(store).n_evicted, 2);
}

static void a_table_larger_than_all_room_makes_none_leave(void **state)
{
	_cleanup_(table_store_freep) struct table_store *store = make_store(MB);
	struct table_shape giant = large;

	(void)state;
	giant.n_chunks = 60;
	assert_int_equal(put(store, 1, &small), 0);
	kernel_maps_advance_ns(100 * NS_PER_SECOND);
	assert_int_equal(put_at_last(store, 2, &giant), -ENOSPC);
	assert_true(hit(1));
	assert_rules_are_those_of(store, 1, &small);
}

enum {
	DEPLOYS = 365 * 24,
	DEPLOYED_FILES = 100,
	SHAPES = 40,
};

/* Builds of hundreds of programs, whose sizes and rules differ. */
static void make_shapes(struct buffer tables[SHAPES])
{
	for (uint32_t i = 0; i < SHAPES; i++) {
		const struct table_shape shape = {
			.n_chunks = 1 + i % 3,
			.n_rows = 1 + 37 * (i % 11),
			.n_rules = 1 + i % 7,
			.first_rule = (int32_t)(i % 5) * 3,
		};

		table_maker_make(&shape, &tables[i]);
	}
}

static int deploy_file(struct table_store *store, uint64_t inode, const struct buffer *table)
{
	const struct file_key key = key_of(inode);
	int r;

	while ((r = table_store_put(store, &key, (uint32_t)inode, table->data, table->size)) ==
	       -EAGAIN)
		kernel_maps_advance_ns(SHARD_GRACE_NS + NS_PER_MS);
	return r;
}

/* The files of a deploy come one after the other. Those of the last one are forgotten when they
 * were not used for a while; of every tenth deploy that is forgotten, and they leave by age. */
static void deploy(struct table_store *store, uint64_t number, const struct buffer tables[SHAPES])
{
	for (uint64_t i = 0; i < DEPLOYED_FILES; i++) {
		uint64_t inode = 1 + number * DEPLOYED_FILES + i;
		const struct file_key old = key_of(inode - DEPLOYED_FILES);

		assert_int_equal(deploy_file(store, inode, &tables[(i * 7 + number * 13) % SHAPES]),
				 0);
		if (number && number % 10)
			table_store_forget(store, &old);
		kernel_maps_advance_ns(30 * NS_PER_MS);
	}
	kernel_maps_advance_ns(3600 * NS_PER_SECOND);
}

/* A daemon that lives for a year on a host that deploys hourly: it neither grows nor fills up, and
 * at its end all is as at its beginning. */
static void a_year_of_deploys_leaves_nothing_behind(void **state)
{
	_cleanup_(table_store_freep) struct table_store *store = make_store(MB);
	struct buffer tables[SHAPES] = { 0 };
	size_t after_a_day = 0;

	(void)state;
	make_shapes(tables);
	for (uint64_t number = 0; number < DEPLOYS; number++) {
		deploy(store, number, tables);
		if (number == 24)
			after_a_day = mallinfo2().uordblks;
		assert_true(kernel_maps_file_count() <= 10 * DEPLOYED_FILES);
		assert_int_equal(kernel_maps_shard_count(), 1);
		assert_true(status_of(store).n_rules <= 64);
	}
	assert_true(mallinfo2().uordblks <= after_a_day + after_a_day / 10);
	assert_true(status_of(store).n_evicted > 0);
	assert_int_equal(status_of(store).n_refused, 0);
	for (uint64_t inode = 1; inode <= (uint64_t)DEPLOYS * DEPLOYED_FILES; inode++) {
		const struct file_key key = key_of(inode);

		table_store_forget(store, &key);
	}
	assert_int_equal(status_of(store).n_tables, 0);
	assert_int_equal(status_of(store).n_rows, 0);
	assert_int_equal(status_of(store).n_rules, 0);
	assert_int_equal(status_of(store).taken_bytes, 0);
	assert_int_equal(kernel_maps_file_count(), 0);
	kernel_maps_advance_ns(SHARD_GRACE_NS);
	assert_int_equal(put(store, 1, &large), 0); /* there is room in one piece again */
	for (int i = 0; i < SHAPES; i++)
		buffer_fini(&tables[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(programs_find_the_rules_that_were_put, open_maps,
						close_maps),
		cmocka_unit_test_setup_teardown(a_table_may_become_that_of_another_key, open_maps,
						close_maps),
		cmocka_unit_test_setup_teardown(
			a_table_that_does_not_pass_the_check_is_counted_and_not_used, open_maps,
			close_maps),
		cmocka_unit_test_setup_teardown(the_table_that_was_hit_least_recently_leaves,
						open_maps, close_maps),
		cmocka_unit_test_setup_teardown(tables_that_are_hit_do_not_leave, open_maps,
						close_maps),
		cmocka_unit_test_setup_teardown(those_that_wait_at_once_each_get_room, open_maps,
						close_maps),
		cmocka_unit_test_setup_teardown(a_table_larger_than_all_room_makes_none_leave,
						open_maps, close_maps),
		cmocka_unit_test_setup_teardown(a_year_of_deploys_leaves_nothing_behind, open_maps,
						close_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
