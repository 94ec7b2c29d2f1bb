/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/binary_names.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/build_orders.h"
#include "profiler/daemon/debug_file_supply.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/symbol_folder.h"
#include "profiler/frame.h"
#include "temporary_folder.h"

enum { DICTIONARY = 3, MEMORY_LIMIT = 100000 };

/* The sampler's side, and the other ends of its channels. */
struct world {
	struct temporary_folder place;
	struct role_process server, resolver;
	struct channel *server_end, *resolver_end;
	struct debug_file_supply debug_files;
	struct build_orders orders;
	struct binary_table *binaries;
	struct symbol_folder *folder;
	struct binary_names names;
	struct binary *binary;
	unsigned int n_asked;               /* orders of names */
	struct message_build asked;         /* last */
	unsigned int n_told, n_described;   /* what the server was told */
	struct elf_description description; /* last */
	enum names_state told;              /* last */
	uint64_t told_bytes;                /* of its symbol file */
	bool was_sealed;                    /* that was a memory file */
	const struct binary *lost;          /* whose names are wanted anew */
};

static void note_lost(void *context, struct binary *binary)
{
	struct world *world = context;

	world->lost = binary;
}

static void make_channel(struct role_process *process, struct channel **ret_end)
{
	int fds[2];

	assert_int_equal(channel_pair(fds), 0);
	assert_int_equal(channel_new(fds[0], 1 << 20, &process->channel), 0);
	assert_int_equal(channel_new(fds[1], 1 << 20, ret_end), 0);
}

/* A start: nothing but what is on disk is known. */
static void begin(struct world *world, const char *path)
{
	const struct symbol_folder_options options = { path, 64 << 20, { .n_bytes = 0 } };
	const struct binary_identity identity = { .inode = 7 };

	assert_int_equal(binary_table_new(10, &world->binaries), 0);
	assert_int_equal(symbol_folder_new(&options, &world->folder), 0);
	world->debug_files = (struct debug_file_supply){ .resolver = &world->resolver };
	world->orders = (struct build_orders){
		.resolver = &world->resolver,
		.debug_files = &world->debug_files,
	};
	world->names = (struct binary_names){
		.server = &world->server,
		.orders = &world->orders,
		.binaries = world->binaries,
		.folder = world->folder,
		.on_lost = note_lost,
		.context = world,
		.memory_limit = MEMORY_LIMIT,
		.dictionary = DICTIONARY,
	};
	assert_int_equal(binary_table_add(world->binaries, &identity, "/bin/x", &world->binary), 0);
	world->binary->fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	world->binary->dictionary = DICTIONARY;
	binary_names_meet(&world->names, world->binary);
	world->n_asked = world->n_told = world->n_described = 0;
}

static void end(struct world *world)
{
	symbol_folder_free(world->folder);
	binary_table_free(world->binaries);
}

static void restart(struct world *world)
{
	end(world);
	begin(world, world->place.path);
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){ .place = temporary_folder_make() };
	make_channel(&world.server, &world.server_end);
	make_channel(&world.resolver, &world.resolver_end);
	begin(&world, world.place.path);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	end(world);
	channel_free(world->server.channel);
	channel_free(world->server_end);
	channel_free(world->resolver.channel);
	channel_free(world->resolver_end);
	temporary_folder_fini(&world->place);
	return 0;
}

static int on_order(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct world *world = context;

	(void)fds;
	assert_int_equal(message->type, MESSAGE_BUILD);
	world->asked = *(const struct message_build *)message->body;
	world->n_asked++;
	return 0;
}

static int on_news(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	const struct message_description *description = message->body;
	const struct message_names *names = message->body;
	struct world *world = context;
	struct stat status = { 0 };

	if (message->type == MESSAGE_DESCRIPTION) {
		world->description = description->description;
		world->n_described++;
		return 0;
	}
	assert_int_equal(message->type, MESSAGE_NAMES);
	if (fds[0] >= 0)
		assert_int_equal(fstat(fds[0], &status), 0);
	world->n_told++;
	world->told = (enum names_state)names->state;
	world->told_bytes = (uint64_t)status.st_size;
	world->was_sealed = fds[0] >= 0 && fcntl(fds[0], F_GET_SEALS) > F_SEAL_SEAL;
	return 0;
}

static void order(struct world *world)
{
	if (!binary_names_find(&world->names, world->binary))
		binary_names_order(&world->names, world->binary);
	assert_int_equal(channel_receive(world->resolver_end, on_order, world), 0);
}

static void hear(struct world *world)
{
	channel_flush(world->server.channel);
	assert_int_equal(channel_receive(world->server_end, on_news, world), 0);
}

static void send_names(struct world *world, enum names_state state, off_t size)
{
	const struct message_names message = {
		.file = world->binary->number,
		.state = state,
		.losses[SYMBOL_LOSS_UNIT] = 3,
	};
	_cleanup_(closep) int fd = memfd_create("symbols", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
	assert_int_equal(binary_names_take(&world->names, &message, &fd), 0);
}

static void send_description(struct world *world)
{
	const struct message_description message = { .file = world->binary->number };

	binary_names_take_description(&world->names, &message);
}

/* What the resolver says of a binary that has lines. */
static void answer(struct world *world, off_t size)
{
	send_description(world);
	send_names(world, NAMES_FUNCTIONS, size / 2);
	send_names(world, NAMES_LINES, size);
	binary_names_finish(&world->names, world->binary, BUILD_OK);
}

static void work(struct world *world)
{
	binary_names_work_until(&world->names, INT64_MAX);
	assert_int_equal(world->names.n_tasks, 0);
	hear(world);
}

static void names_go_to_disk_and_the_memory_file_goes(void **state)
{
	struct world *world = *state;

	order(world);
	assert_int_equal(world->n_asked, 1);
	answer(world, 50000);
	hear(world);
	assert_int_equal(world->n_told, 2);
	assert_true(world->was_sealed);
	assert_int_equal(world->names.memory_bytes, 50000);
	work(world);
	assert_int_equal(world->n_told, 3);
	assert_int_equal(world->told, NAMES_LINES);
	assert_false(world->was_sealed);
	assert_true(world->told_bytes > 50000);
	assert_int_equal(world->names.memory_bytes, 0);
}

/* The first look at a binary, of which more will come. */
static void glance(struct world *world)
{
	const struct frame frames[] = { { FRAME_NATIVE, world->binary->number, 0x1234 } };

	binary_note_places(world->binary, frames, ARRAY_SIZE(frames));
	order(world);
	assert_int_equal(world->asked.n_places, 1);
	assert_int_equal(world->asked.places[0], 0x1234);
	send_description(world);
	send_names(world, NAMES_PENDING, 200);
}

static void the_first_names_come_before_the_rest_and_go_when_that_comes(void **state)
{
	struct world *world = *state;

	glance(world);
	hear(world);
	assert_int_equal(world->n_told, 1);
	assert_int_equal(world->told, NAMES_PENDING);
	assert_int_equal(world->told_bytes, 200);
	send_names(world, NAMES_FUNCTIONS, 5000);
	send_names(world, NAMES_PENDING, 200);
	hear(world);
	assert_int_equal(world->n_told, 2);
	assert_int_equal(world->told, NAMES_FUNCTIONS);
	assert_int_equal(world->names.memory_bytes, 5000);
}

static void the_first_names_are_never_kept(void **state)
{
	struct world *world = *state;

	glance(world);
	binary_names_finish(&world->names, world->binary, BUILD_CRASHED);
	work(world);
	assert_int_equal(world->told, NAMES_FAILED);
	assert_int_equal(world->told_bytes, 0);
	assert_int_equal(world->names.memory_bytes, 0);
	restart(world);
	order(world);
	hear(world);
	assert_int_equal(world->n_asked, 0);
	assert_int_equal(world->told, NAMES_FAILED);
}

static void a_new_server_is_told_the_first_names(void **state)
{
	struct world *world = *state;

	glance(world);
	hear(world);
	assert_int_equal(binary_names_tell(&world->names, world->binary), 0);
	hear(world);
	assert_int_equal(world->n_told, 2);
	assert_int_equal(world->told, NAMES_PENDING);
	assert_int_equal(world->told_bytes, 200);
}

static void what_symbol_files_lack_is_counted(void **state)
{
	struct world *world = *state;

	order(world);
	answer(world, 50000);
	assert_int_equal(world->names.losses[SYMBOL_LOSS_UNIT], 2 * 3);
	assert_int_equal(world->names.losses[SYMBOL_LOSS_NAME], 0);
}

static void at_the_next_start_nobody_is_asked(void **state)
{
	struct world *world = *state;

	order(world);
	answer(world, 50000);
	work(world);
	restart(world);
	order(world);
	hear(world);
	assert_int_equal(world->n_asked, 0);
	assert_int_equal(world->n_described, 1);
	assert_int_equal(world->told, NAMES_LINES);
	assert_int_equal(world->binary->names_order, ORDER_ANSWERED);
	work(world);
	assert_int_equal(world->n_told, 1);
}

static void that_there_are_no_names_is_known_at_the_next_start(void **state)
{
	struct world *world = *state;

	order(world);
	send_description(world);
	binary_names_finish(&world->names, world->binary, BUILD_NO_NAMES);
	work(world);
	restart(world);
	order(world);
	hear(world);
	assert_int_equal(world->n_asked, 0);
	assert_int_equal(world->told, NAMES_FAILED);
}

static void what_took_too_long_keeps_the_names_that_it_has(void **state)
{
	struct world *world = *state;

	order(world);
	send_description(world);
	send_names(world, NAMES_FUNCTIONS, 1000);
	binary_names_finish(&world->names, world->binary, BUILD_TIMED_OUT);
	work(world);
	assert_int_equal(world->names.memory_bytes, 0);
	restart(world);
	order(world);
	hear(world);
	assert_int_equal(world->n_asked, 0);
	assert_int_equal(world->told, NAMES_FUNCTIONS);
	assert_int_equal(world->binary->names_outcome, BUILD_TIMED_OUT);
}

/* As if what is known on disk of the binary had been found out so much earlier. */
static void grow_older(struct world *world, int64_t age_ns)
{
	struct symbol_summary summary;
	int fd;

	assert_true(symbol_folder_find(world->folder, &world->binary->key, &summary, &fd));
	assert_int_equal(fd, -1);
	summary.made_unix_ns -= age_ns;
	assert_int_equal(symbol_folder_keep(world->folder, &world->binary->key, &summary, -1), 0);
	assert_int_equal(symbol_folder_work(world->folder, INT64_MAX, &fd), SYMBOL_WORK_DONE);
}

/* It may do so before it is described. */
static void what_harms_its_reader_is_read_again_a_day_later(void **state)
{
	static const enum build_outcome outcomes[] = { BUILD_CRASHED, BUILD_NO_MEMORY,
						       BUILD_TIMED_OUT };
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		order(world);
		assert_int_equal(world->n_asked, 1);
		binary_names_finish(&world->names, world->binary, outcomes[i]);
		work(world);
		restart(world);
		order(world);
		assert_int_equal(world->n_asked, 0);
		assert_int_equal(world->binary->names_outcome, outcomes[i]);
		assert_int_equal(world->binary->names, NAMES_FAILED);
		grow_older(world, BINARY_NAMES_DAY_NS);
		restart(world);
	}
}

static void damage_is_found_out_and_mended(void **state)
{
	struct world *world = *state;
	char path[512];
	int fd;

	order(world);
	answer(world, 50000);
	work(world);
	assert_int_equal(temporary_folder_count(&world->place, path), 1);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "x", 1, 40000), 1);
	close(fd);
	restart(world);
	order(world);
	hear(world);
	assert_int_equal(world->told, NAMES_LINES); /* most of it will be right */
	work(world);
	assert_int_equal(world->binary->names_order, ORDER_NONE);
	assert_ptr_equal(world->lost, world->binary);
	order(world);
	assert_int_equal(world->n_asked, 1);
	answer(world, 50000);
	work(world);
	assert_int_equal(world->told, NAMES_LINES);
	assert_int_equal(temporary_folder_count(&world->place, path), 1);
}

/* A server that reads beyond the end of a file that it has mapped dies, and must not die again. */
static void a_file_that_was_cut_is_not_given_out_again(void **state)
{
	struct world *world = *state;
	char path[512];

	order(world);
	answer(world, 50000);
	work(world);
	assert_int_equal(temporary_folder_count(&world->place, path), 1);
	assert_int_equal(truncate(path, 100), 0);
	binary_names_on_server_end(&world->names);
	world->n_told = 0;
	assert_int_equal(binary_names_tell(&world->names, world->binary), 0);
	hear(world);
	assert_int_equal(world->n_told, 0);
	assert_int_equal(world->binary->names_order, ORDER_NONE);
	assert_ptr_equal(world->lost, world->binary);
	work(world);
	order(world);
	assert_int_equal(world->n_asked, 2);
}

static void without_a_folder_memory_files_are_bounded(void **state)
{
	struct world *world = *state;

	end(world);
	begin(world, NULL);
	order(world);
	send_names(world, NAMES_FUNCTIONS, MEMORY_LIMIT);
	send_names(world, NAMES_LINES, MEMORY_LIMIT + 1);
	binary_names_finish(&world->names, world->binary, BUILD_OK);
	work(world);
	assert_int_equal(world->names.n_refused, 1);
	assert_int_equal(world->names.memory_bytes, MEMORY_LIMIT);
	assert_int_equal(world->told, NAMES_FUNCTIONS);
	binary_names_forget(&world->names, world->binary);
	assert_int_equal(world->names.memory_bytes, 0);
}

static void what_finds_no_place_on_disk_must_find_one_in_memory(void **state)
{
	struct world *world = *state;

	order(world);
	answer(world, MEMORY_LIMIT + 1);
	hear(world);
	assert_int_equal(world->told, NAMES_LINES);
	assert_int_equal(rmdir(world->place.path), 0);
	work(world);
	assert_int_equal(world->told, NAMES_FAILED);
	assert_int_equal(world->names.memory_bytes, 0);
	assert_int_equal(world->names.n_refused, 1);
}

/* As one says that was taken over by another file. */
static void names_that_nobody_has_asked_for_are_not_taken(void **state)
{
	struct world *world = *state;

	send_description(world);
	send_names(world, NAMES_LINES, 1000);
	assert_int_equal(world->binary->symbols_fd, -1);
	assert_false(world->binary->is_described);
	order(world);
	answer(world, 1000);
	send_names(world, NAMES_LINES, 2000);
	assert_int_equal(world->binary->symbols_bytes, 1000);
}

static void forget(void *context, const struct binary *binary)
{
	binary_names_forget(context, binary);
}

static void a_binary_may_be_forgotten_while_it_is_kept(void **state)
{
	struct world *world = *state;
	struct binary *binary = world->binary;

	order(world);
	answer(world, 8 << 20);
	binary_names_work_until(&world->names, 1);
	binary_names_work(&world->names);
	close(steal_fd(&binary->fd));
	binary_table_forget_unused(world->binaries, DICTIONARY, forget, &world->names);
	assert_int_equal(binary_table_count(world->binaries), 0);
	binary_names_work_until(&world->names, INT64_MAX);
	assert_int_equal(world->names.n_tasks, 0);
	assert_int_equal(world->names.busy, 0);
}

/* An executable that was replaced before anybody had asked for its names. */
static void a_file_that_is_gone_has_the_names_that_were_kept_of_it(void **state)
{
	struct world *world = *state;

	order(world);
	answer(world, 50000);
	work(world);
	restart(world);
	close(steal_fd(&world->binary->fd));
	assert_true(binary_names_find(&world->names, world->binary));
	hear(world);
	assert_int_equal(world->told, NAMES_LINES);
}

static void a_file_that_is_gone_before_it_was_read_keeps_its_build_id(void **state)
{
	struct world *world = *state;
	const struct build_id *build_id = &world->binary->build_id;

	close(steal_fd(&world->binary->fd));
	assert_int_equal(binary_names_tell(&world->names, world->binary), 0);
	binary_names_finish(&world->names, world->binary, BUILD_GONE);
	hear(world);
	assert_int_equal(world->told, NAMES_FAILED);
	assert_int_equal(world->n_described, 1);
	assert_true(build_id->n_bytes > 0);
	assert_memory_equal(&world->description.build_id, build_id, sizeof(*build_id));
	assert_int_equal(world->description.n_segments, 0);
	work(world);
	restart(world);
	order(world);
	assert_int_equal(world->n_asked, 1); /* it is not known on disk that it was gone */
}

static void a_binary_takes_the_names_of_another(void **state)
{
	const struct binary_identity identity = { .inode = 8 };
	struct world *world = *state;
	struct binary *other;

	order(world);
	answer(world, 50000);
	assert_int_equal(binary_table_add(world->binaries, &identity, "/bin/y", &other), 0);
	other->dictionary = DICTIONARY;
	hear(world);
	world->n_told = world->n_described = 0;
	assert_int_equal(binary_names_share(&world->names, other, world->binary), 0);
	hear(world);
	assert_int_equal(world->n_told, 1);
	assert_int_equal(world->n_described, 1);
	assert_int_equal(other->names_order, ORDER_ANSWERED);
	work(world);
	assert_int_equal(other->symbols_bytes, 50000);
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(names_go_to_disk_and_the_memory_file_goes),
		WITH_WORLD(the_first_names_come_before_the_rest_and_go_when_that_comes),
		WITH_WORLD(the_first_names_are_never_kept),
		WITH_WORLD(a_new_server_is_told_the_first_names),
		WITH_WORLD(what_symbol_files_lack_is_counted),
		WITH_WORLD(at_the_next_start_nobody_is_asked),
		WITH_WORLD(that_there_are_no_names_is_known_at_the_next_start),
		WITH_WORLD(what_took_too_long_keeps_the_names_that_it_has),
		WITH_WORLD(what_harms_its_reader_is_read_again_a_day_later),
		WITH_WORLD(damage_is_found_out_and_mended),
		WITH_WORLD(a_file_that_was_cut_is_not_given_out_again),
		WITH_WORLD(without_a_folder_memory_files_are_bounded),
		WITH_WORLD(what_finds_no_place_on_disk_must_find_one_in_memory),
		WITH_WORLD(names_that_nobody_has_asked_for_are_not_taken),
		WITH_WORLD(a_binary_may_be_forgotten_while_it_is_kept),
		WITH_WORLD(a_file_that_is_gone_has_the_names_that_were_kept_of_it),
		WITH_WORLD(a_file_that_is_gone_before_it_was_read_keeps_its_build_id),
		WITH_WORLD(a_binary_takes_the_names_of_another),
	};

	return cmocka_run_group_tests_name("binary names", tests, NULL, NULL);
}
