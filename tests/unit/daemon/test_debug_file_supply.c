/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/debug_file_supply.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/build_job.h"
#include "profiler/daemon/role.h"
#include "temporary_folder.h"

/* A binary beside which there is a debug file, and the resolver's end. */
struct world {
	struct temporary_folder place;
	struct role_process resolver;
	struct channel *other_end;
	struct debug_file_supply supply;
	struct binary binary;
	char path[128], debug_path[128];
	unsigned int n_answers, n_files;
	bool was_last;
};

static void make_channel(struct world *world)
{
	int fds[2];

	assert_int_equal(channel_pair(fds), 0);
	assert_int_equal(channel_new(fds[0], 1 << 20, &world->resolver.channel), 0);
	assert_int_equal(channel_new(fds[1], 1 << 20, &world->other_end), 0);
}

static int make_elf(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	assert_int_equal(file_write_fd(fd, "\177ELF", 4), 0);
	return fd;
}

static int open_debug_file(const struct world *world)
{
	return open(world->debug_path, O_RDONLY | O_CLOEXEC);
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){ .place = temporary_folder_make() };
	make_channel(&world);
	world.supply.resolver = &world.resolver;
	snprintf(world.path, sizeof(world.path), "%s/program", world.place.path);
	snprintf(world.debug_path, sizeof(world.debug_path), "%s/a.debug", world.place.path);
	close(make_elf(world.debug_path));
	world.binary = (struct binary){
		.number = 7,
		.path = world.path,
		.fd = make_elf(world.path),
		.fetched_fd = -1,
		.alternate_fd = -1,
		.names_order = ORDER_SENT,
	};
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	close(world->binary.fd);
	free(world->binary.debug_path);
	channel_free(world->resolver.channel);
	channel_free(world->other_end);
	temporary_folder_fini(&world->place);
	return 0;
}

static int on_answer(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	const struct message_debug_file *answer = message->body;
	struct world *world = context;

	assert_int_equal(message->type, MESSAGE_DEBUG_FILE);
	assert_int_equal(answer->file, 7);
	world->n_answers++;
	world->n_files += fds[0] >= 0;
	world->was_last = answer->is_last;
	return 0;
}

static void ask(struct world *world, const char *name, bool is_last)
{
	struct message_debug_reference question = {
		.file = 7,
		.is_last = is_last,
		.reference = { .kind = DEBUG_REFERENCE_LINK },
	};

	snprintf(question.reference.name, sizeof(question.reference.name), "%s", name);
	debug_file_supply_answer(&world->supply, &world->binary, &question);
	assert_int_equal(channel_receive(world->other_end, on_answer, world), 0);
}

static void sends_what_is_found_and_says_when_that_is_all(void **state)
{
	struct world *world = *state;

	ask(world, "missing.debug", false);
	assert_int_equal(world->n_answers, 0);
	ask(world, "a.debug", false);
	assert_int_equal(world->n_files, 1);
	assert_false(world->was_last);
	assert_string_equal(world->binary.debug_path, world->debug_path);
	ask(world, "missing.debug", true);
	assert_int_equal(world->n_answers, 2);
	assert_int_equal(world->n_files, 1);
	assert_true(world->was_last);
	assert_int_equal(world->supply.sought[DEBUG_FILE_SEPARATE], 3);
	assert_int_equal(world->supply.found[DEBUG_FILE_SEPARATE], 1);
}

/* As one does that was taken over by what it has read. */
static void who_asks_without_end_gets_no_more(void **state)
{
	const unsigned int bound = BUILD_MAX_DEBUG_FILES * BUILD_MAX_ROUNDS;
	struct world *world = *state;

	for (unsigned int i = 0; i < bound + 10; i++)
		ask(world, "a.debug", false);
	assert_int_equal(world->n_files, bound);
	ask(world, "a.debug", true);
	assert_int_equal(world->n_files, bound);
	assert_true(world->was_last);
	assert_int_equal(debug_file_supply_find_own(&world->supply, &world->binary), -1);
	ask(world, "a.debug", true); /* ordered anew */
	assert_int_equal(world->n_files, bound + 1);
}

static void nobody_gets_files_of_what_was_not_ordered(void **state)
{
	struct world *world = *state;

	world->binary.names_order = ORDER_ANSWERED;
	ask(world, "a.debug", true);
	assert_int_equal(world->n_answers, 1);
	assert_int_equal(world->n_files, 0);
}

static void one_from_the_network_goes_along_until_it_is_read(void **state)
{
	struct world *world = *state;

	world->binary.fetched_fd = open_debug_file(world);
	for (int i = 0; i < 2; i++) { /* a resolver that has died is asked again */
		int fd = debug_file_supply_find_own(&world->supply, &world->binary);

		assert_true(fd >= 0);
		assert_true(world->binary.has_debug_file);
		close(fd);
	}
	close(world->binary.fetched_fd);
}

static void ask_for_alternate(struct world *world)
{
	struct message_debug_reference question = {
		.file = 7,
		.is_last = true,
		.reference = { .kind = DEBUG_REFERENCE_ALTERNATE,
			       .name = "missing.debug",
			       .build_id = { { 0xab, 0xcd }, 2 } },
	};

	debug_file_supply_answer(&world->supply, &world->binary, &question);
	assert_int_equal(channel_receive(world->other_end, on_answer, world), 0);
}

static void what_dwz_took_out_may_come_from_the_network(void **state)
{
	struct world *world = *state;

	ask_for_alternate(world);
	assert_int_equal(world->n_files, 0);
	assert_int_equal(world->binary.alternate_id.n_bytes, 2);
	assert_int_equal(debug_file_supply_find_own(&world->supply, &world->binary), -1);
	assert_int_equal(world->binary.alternate_id.n_bytes, 0); /* read anew */
	world->binary.alternate_fd = open_debug_file(world);
	ask_for_alternate(world);
	assert_int_equal(world->n_files, 1);
	assert_int_equal(world->binary.alternate_id.n_bytes, 0);
	close(world->binary.alternate_fd);
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(sends_what_is_found_and_says_when_that_is_all),
		WITH_WORLD(who_asks_without_end_gets_no_more),
		WITH_WORLD(nobody_gets_files_of_what_was_not_ordered),
		WITH_WORLD(what_dwz_took_out_may_come_from_the_network),
		WITH_WORLD(one_from_the_network_goes_along_until_it_is_read),
	};

	return cmocka_run_group_tests_name("debug file supply", tests, NULL, NULL);
}
