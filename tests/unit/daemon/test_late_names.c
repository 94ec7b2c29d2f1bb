/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/late_names.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/binary_table.h"
#include "profiler/daemon/binary_names.h"
#include "profiler/daemon/debug_file_supply.h"
#include "profiler/daemon/role.h"
#include "temporary_folder.h"

enum { DICTIONARY = 3, SOMEBODY = 1000 };

/* A folder of debug files, and two binaries with the same build id. */
struct world {
	struct temporary_folder place;
	const char *folders[2];
	struct role_process server;
	struct debug_file_supply debug_files;
	struct binary_names names;
	struct late_names late;
	struct binary *first, *second;
};

static struct binary *add(struct world *world, uint64_t inode)
{
	const struct binary_identity identity = { .inode = inode };
	struct binary *binary;

	assert_int_equal(binary_table_add(world->names.binaries, &identity, "/nowhere/x", &binary),
			 0);
	binary->build_id = (struct build_id){ { 0xab, 0xcd }, 2 };
	binary->dictionary = DICTIONARY;
	binary->is_named = true;
	return binary;
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){ .place = temporary_folder_make() };
	world.folders[0] = world.place.path;
	world.debug_files.finder.folders = world.folders;
	world.names = (struct binary_names){ .server = &world.server, .dictionary = DICTIONARY };
	assert_int_equal(binary_table_new(4, &world.names.binaries), 0);
	world.late = (struct late_names){
		.debug_files = &world.debug_files,
		.names = &world.names,
		.binaries = world.names.binaries,
	};
	world.first = add(&world, 1);
	world.second = add(&world, 2);
	late_names_begin(&world.late);
	*state = &world;
	return 0;
}

static int remove_folder(const struct world *world, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", world->place.path, name);
	return remove(path);
}

static int tear_down(void **state)
{
	struct world *world = *state;

	binary_table_free(world->names.binaries);
	(void)remove_folder(world, ".build-id/ab/cd.debug");
	(void)remove_folder(world, ".build-id/ab");
	(void)remove_folder(world, ".build-id");
	temporary_folder_fini(&world->place);
	return 0;
}

static void put_debug_file(const struct world *world)
{
	static const char *const folders[] = { ".build-id", ".build-id/ab" };
	char path[128];
	int fd;

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", world->place.path, folders[i]);
		assert_int_equal(mkdir(path, 0755), 0);
	}
	snprintf(path, sizeof(path), "%s/.build-id/ab/cd.debug", world->place.path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_int_equal(file_write_fd(fd, "\177ELF", 4), 0);
	close(fd);
}

/* The binary was read, and looked for a debug file, so long ago. */
static void read_before(struct binary *binary, enum names_state names, int64_t seconds)
{
	binary->names = names;
	binary->names_order = ORDER_ANSWERED;
	binary->sought_ns = clock_monotonic_ns() - seconds * NS_PER_SECOND;
}

static bool looks(struct world *world)
{
	late_names_begin(&world->late);
	return late_names_look(&world->late, world->first);
}

static void a_debug_file_that_turns_up_is_noticed_once(void **state)
{
	struct world *world = *state;

	read_before(world->first, NAMES_FUNCTIONS, 1);
	world->first->sought_ns = clock_monotonic_ns();
	assert_false(looks(world));
	put_debug_file(world);
	assert_true(looks(world));
	assert_int_equal(world->first->names_order, ORDER_NONE);
	assert_int_equal(world->late.n_debug_files, 1);
	assert_false(looks(world)); /* until it has been read again */
}

/* As where the folder is that of a container. */
static void without_a_sign_it_is_looked_for_every_ten_minutes(void **state)
{
	struct world *world = *state;

	put_debug_file(world);
	late_names_begin(&world->late);
	world->late.changed_ns = 0;
	read_before(world->first, NAMES_FAILED, 599);
	assert_false(looks(world));
	read_before(world->first, NAMES_FAILED, 601);
	assert_true(looks(world));
}

static void what_has_lines_or_a_debug_file_or_is_not_hit_is_left_alone(void **state)
{
	struct world *world = *state;

	put_debug_file(world);
	read_before(world->first, NAMES_LINES, 1000);
	assert_false(looks(world));
	read_before(world->first, NAMES_FUNCTIONS, 1000);
	world->first->has_debug_file = true;
	assert_false(looks(world));
	world->first->has_debug_file = false;
	world->first->dictionary = DICTIONARY - 1;
	assert_false(looks(world));
	world->first->dictionary = DICTIONARY;
	world->first->names_order = ORDER_SENT;
	assert_false(looks(world));
	world->first->names_order = ORDER_ANSWERED;
	assert_true(looks(world));
}

static void what_was_read_without_files_that_were_late_is_read_again(void **state)
{
	struct world *world = *state;

	world->first->has_late_files = true;
	world->first->has_debug_file = true;
	late_names_begin(&world->late);
	world->late.changed_ns = 0;
	read_before(world->first, NAMES_LINES, 599);
	assert_false(looks(world));
	read_before(world->first, NAMES_LINES, 601);
	assert_true(looks(world));
	assert_int_equal(world->first->names_order, ORDER_NONE);
	assert_int_equal(world->late.n_debug_files, 0);
	read_before(world->first, NAMES_LINES, 601);
	assert_false(looks(world)); /* once */
}

static void give_names(struct world *world, struct binary *binary)
{
	binary->symbols_fd = memfd_create("symbols", MFD_CLOEXEC);
	binary->is_described = true;
	binary->description.n_segments = 1;
	read_before(binary, NAMES_LINES, 0);
	late_names_give_to_others(&world->late, binary);
}

static bool has_names(const struct binary *binary)
{
	return binary->names == NAMES_LINES && binary->symbols_fd >= 0 &&
	       binary->description.n_segments == 1;
}

static void a_gone_file_has_the_names_of_its_like_when_these_come(void **state)
{
	struct world *world = *state;

	read_before(world->second, NAMES_FAILED, 0);
	world->second->names_outcome = BUILD_GONE;
	give_names(world, world->first);
	assert_true(has_names(world->second));
	assert_int_equal(world->late.n_shared, 1);
}

static void and_when_they_are_there_already(void **state)
{
	struct world *world = *state;

	world->second->is_named = false;
	give_names(world, world->first);
	assert_false(has_names(world->second));
	world->second->is_named = true;
	assert_true(late_names_take_from_others(&world->late, world->second));
	assert_true(has_names(world->second));
}

static void a_file_of_another_user_is_not_its_like(void **state)
{
	struct world *world = *state;

	world->first->owner = SOMEBODY;
	give_names(world, world->first);
	assert_false(late_names_take_from_others(&world->late, world->second));
	world->second->owner = SOMEBODY;
	assert_true(late_names_take_from_others(&world->late, world->second));
}

static void one_that_may_still_be_read_waits_for_its_own(void **state)
{
	struct world *world = *state;

	read_before(world->second, NAMES_FAILED, 0);
	world->second->names_outcome = BUILD_CRASHED;
	give_names(world, world->first);
	assert_false(has_names(world->second));
	world->second->names_order = ORDER_SENT;
	assert_false(late_names_take_from_others(&world->late, world->second));
	world->second->build_id.n_bytes = 0;
	world->second->names_order = ORDER_NONE;
	assert_false(late_names_take_from_others(&world->late, world->second));
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(a_debug_file_that_turns_up_is_noticed_once),
		WITH_WORLD(without_a_sign_it_is_looked_for_every_ten_minutes),
		WITH_WORLD(what_has_lines_or_a_debug_file_or_is_not_hit_is_left_alone),
		WITH_WORLD(what_was_read_without_files_that_were_late_is_read_again),
		WITH_WORLD(a_gone_file_has_the_names_of_its_like_when_these_come),
		WITH_WORLD(and_when_they_are_there_already),
		WITH_WORLD(a_file_of_another_user_is_not_its_like),
		WITH_WORLD(one_that_may_still_be_read_waits_for_its_own),
	};

	return cmocka_run_group_tests_name("late names", tests, NULL, NULL);
}
