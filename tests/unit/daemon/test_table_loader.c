/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/table_loader.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel_maps.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/daemon/shard_space.h"
#include "profiler/daemon/table_cache.h"
#include "table_maker.h"

DEFINE_CLEANUP(struct table_store *, table_store_free)
DEFINE_CLEANUP(struct table_loader *, table_loader_free)

enum { BUDGET_BYTES = 1 << 20 };

/* Three of them fill the store. */
static const struct table_shape large = {
	.n_chunks = 6, .n_rows = 16384, .n_rules = 10, .first_rule = 100
};

static const struct file_key first_key = { .inode = 1, .device = 1 };

/* What a test works with. */
struct world {
	struct table_store_maps maps;
	struct table_store *store;
	struct table_cache *cache;
	struct table_loader *loader;
	int table_fd; /* of a large table */
};

static int set_up(void **state)
{
	const struct table_cache_options no_cache = { 0 };
	_cleanup_(buffer_fini) struct buffer table = { 0 };
	static struct world world;

	world.maps = kernel_maps_open();
	table_maker_make(&large, &table);
	world.table_fd = table_maker_memfd(table.data, table.size);
	assert_int_equal(table_store_new(&world.maps, BUDGET_BYTES, &world.store), 0);
	assert_int_equal(table_cache_new(&no_cache, &world.cache), 0);
	assert_int_equal(table_loader_new(world.store, world.cache, &world.loader), 0);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	table_loader_free(world->loader);
	table_cache_free(world->cache);
	table_store_free(world->store);
	kernel_maps_close(&world->maps);
	close(world->table_fd);
	return 0;
}

static struct file_key key_of(uint64_t inode)
{
	return (struct file_key){ .inode = inode, .device = 1 };
}

/* The kernel half asks for a file, and its table comes. */
static void ask_and_put(struct world *world, uint64_t inode, uint32_t number, uint32_t binary)
{
	const struct file_key key = key_of(inode);

	assert_int_equal(table_loader_add(world->loader, &key, number, binary), 0);
	table_loader_put(world->loader, binary, world->table_fd);
}

static void wait_and_run(struct world *world, int64_t ns)
{
	kernel_maps_advance_ns(ns);
	table_loader_run(world->loader);
}

static void a_table_that_waits_for_room_is_there_when_others_have_left(void **state)
{
	struct world *world = *state;

	for (uint32_t i = 1; i <= 3; i++)
		ask_and_put(world, i, i, i);
	kernel_maps_advance_ns(TABLE_STORE_IDLE_NS + NS_PER_SECOND);
	ask_and_put(world, 4, 4, 4);
	table_loader_finish(world->loader, 4); /* the resolver has said all that it will */
	assert_int_equal(table_loader_kind(world->loader, 4), UNWIND_FILE_PENDING);
	wait_and_run(world, SHARD_GRACE_NS / 2);
	assert_int_equal(table_loader_kind(world->loader, 4), UNWIND_FILE_PENDING);
	wait_and_run(world, SHARD_GRACE_NS);
	assert_int_equal(table_loader_kind(world->loader, 4), UNWIND_FILE_TABLE);
	assert_true(kernel_maps_hit(&(struct file_key){ .inode = 4, .device = 1 }));
}

static void a_file_without_room_is_asked_for_again_a_minute_later(void **state)
{
	const struct file_key key = key_of(4);
	struct world *world = *state;

	for (uint32_t i = 1; i <= 4; i++)
		ask_and_put(world, i, i, i);
	assert_int_equal(kernel_maps_find(&key)->kind, UNWIND_FILE_NO_TABLE);
	wait_and_run(world, TABLE_LOADER_RETRY_NS - NS_PER_SECOND);
	assert_non_null(kernel_maps_find(&key));
	wait_and_run(world, NS_PER_SECOND);
	assert_null(kernel_maps_find(&key));
	assert_int_equal(table_loader_find(world->loader, 4), 4); /* of samples on their way */
	wait_and_run(world, 60 * NS_PER_SECOND);
	assert_int_equal(table_loader_find(world->loader, 4), 0);
}

static void a_file_that_cannot_be_opened_takes_no_room_for_ever(void **state)
{
	struct world *world = *state;

	for (uint32_t i = 1; i <= 1000; i++) {
		const struct file_key key = key_of(i);

		table_loader_reject(world->loader, &key, i, true);
	}
	assert_int_equal(kernel_maps_find(&first_key)->kind, UNWIND_FILE_NO_TABLE);
	assert_int_equal(kernel_maps_file_count(), 1000);
	wait_and_run(world, TABLE_LOADER_REJECT_NS);
	assert_int_equal(kernel_maps_file_count(), 0);
}

static void a_file_that_is_gone_may_be_asked_for_again_at_once(void **state)
{
	struct world *world = *state;

	table_loader_reject(world->loader, &first_key, 1, false);
	assert_null(kernel_maps_find(&first_key));
}

/* A file whose table leaves and comes back gets a number each time. */
static void old_numbers_are_forgotten(void **state)
{
	struct world *world = *state;
	size_t used = 0;

	for (uint32_t number = 1; number <= 5000; number++) {
		ask_and_put(world, 1, number, 1);
		assert_int_equal(table_loader_find(world->loader, number), 1);
		table_store_forget(world->store, &first_key);
		wait_and_run(world, NS_PER_SECOND);
		if (number == 100)
			used = mallinfo2().uordblks;
	}
	assert_int_equal(table_loader_find(world->loader, 4999), 1);
	assert_int_equal(table_loader_find(world->loader, 1000), 0);
	assert_true(mallinfo2().uordblks <= used + used / 10);
}

static void a_number_that_comes_round_is_that_of_the_new_file(void **state)
{
	struct world *world = *state;

	ask_and_put(world, 1, 77, 1);
	ask_and_put(world, 2, 77, 2);
	assert_int_equal(table_loader_find(world->loader, 77), 2);
	assert_null(kernel_maps_find(&first_key)); /* it gets another number when it is hit */
	ask_and_put(world, 1, 78, 1);
	assert_int_equal(table_loader_find(world->loader, 77), 2);
	assert_int_equal(table_loader_find(world->loader, 78), 1);
	assert_int_equal(table_loader_kind(world->loader, 1), UNWIND_FILE_TABLE);
	assert_int_equal(table_loader_kind(world->loader, 2), UNWIND_FILE_TABLE);
}

static void takes_no_table_that_may_change(void **state)
{
	struct world *world = *state;
	_cleanup_(closep) int unsealed = memfd_create("table", MFD_CLOEXEC);
	char byte = 0;

	assert_int_equal(write(unsealed, &byte, 1), 1);
	assert_int_equal(table_loader_add(world->loader, &first_key, 1, 1), 0);
	table_loader_put(world->loader, 1, unsealed);
	assert_int_equal(table_loader_kind(world->loader, 1), UNWIND_FILE_NO_TABLE);
	assert_int_equal(kernel_maps_find(&first_key)->kind, UNWIND_FILE_NO_TABLE);
}

static void what_a_resolver_that_ended_owes_may_be_asked_for_again(void **state)
{
	const struct file_key second = key_of(2);
	struct world *world = *state;

	assert_int_equal(table_loader_add(world->loader, &first_key, 1, 1), 0);
	ask_and_put(world, 2, 2, 2);
	table_loader_release(world->loader);
	assert_null(kernel_maps_find(&first_key));
	assert_true(kernel_maps_hit(&second));
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(a_table_that_waits_for_room_is_there_when_others_have_left),
		WITH_WORLD(a_file_without_room_is_asked_for_again_a_minute_later),
		WITH_WORLD(a_file_that_cannot_be_opened_takes_no_room_for_ever),
		WITH_WORLD(a_file_that_is_gone_may_be_asked_for_again_at_once),
		WITH_WORLD(old_numbers_are_forgotten),
		WITH_WORLD(a_number_that_comes_round_is_that_of_the_new_file),
		WITH_WORLD(takes_no_table_that_may_change),
		WITH_WORLD(what_a_resolver_that_ended_owes_may_be_asked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
