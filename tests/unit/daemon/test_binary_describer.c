/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/binary_describer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel_maps.h"
#include "profiler/base/cleanup.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/build_budget.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/shard_space.h"
#include "profiler/daemon/table_cache.h"
#include "profiler/daemon/table_loader.h"
#include "profiler/mapping.h"
#include "table_maker.h"

enum { CODE_FILE = 77, MAPPED_BYTES = 4096 };

static struct file_key key; /* of the mapped file */
static const struct table_shape shape = {
	.n_chunks = 2, .n_rows = 300, .n_rules = 7, .first_rule = 0
};

/* The sampler's half of files, and the other end of its resolver's channel. */
struct world {
	struct table_store_maps maps;
	struct table_store *store;
	struct table_cache *cache;
	struct table_loader *loader;
	struct role_process server, resolver;
	struct binary_describer *describer;
	struct channel *other_end;
	uint32_t asked;  /* the file that the resolver was asked for last */
	uint32_t order;  /* the number of that order */
	bool was_urgent; /* it asked for that table before others */
	uint32_t n_asked[BUILD_KIND_COUNT];
	uint32_t n_hurried; /* how often it was asked to hurry */
	uint32_t n_hits;    /* that it was told of last */
	void *mapped;       /* a file that this process has mapped */
	int process_fd;
};

static int set_up(void **state)
{
	const struct table_cache_options no_cache = { 0 };
	struct binary_describer_options options;
	_cleanup_(closep) int file = memfd_create("file", MFD_CLOEXEC);
	static struct world world;
	struct stat status;
	int fds[2];

	world = (struct world){ .maps = kernel_maps_open() };
	assert_int_equal(table_store_new(&world.maps, 4 << 20, &world.store), 0);
	assert_int_equal(table_cache_new(&no_cache, &world.cache), 0);
	assert_int_equal(table_loader_new(world.store, world.cache, &world.loader), 0);
	assert_int_equal(channel_pair(fds), 0);
	assert_int_equal(channel_new(fds[0], 1 << 20, &world.resolver.channel), 0);
	assert_int_equal(channel_new(fds[1], 1 << 20, &world.other_end), 0);
	options = (struct binary_describer_options){
		.server = &world.server,
		.resolver = &world.resolver,
		.tables = world.loader,
		.names_bytes = 1 << 20,
	};
	assert_int_equal(binary_describer_new(&options, &world.describer), 0);
	assert_int_equal(ftruncate(file, MAPPED_BYTES), 0);
	assert_int_equal(fstat(file, &status), 0);
	key = (struct file_key){ .inode = status.st_ino, .device = 1 };
	world.mapped = mmap(NULL, MAPPED_BYTES, PROT_READ, MAP_PRIVATE, file, 0);
	assert_ptr_not_equal(world.mapped, MAP_FAILED);
	world.process_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	binary_describer_free(world->describer);
	channel_free(world->resolver.channel);
	channel_free(world->other_end);
	table_loader_free(world->loader);
	table_cache_free(world->cache);
	table_store_free(world->store);
	kernel_maps_close(&world->maps);
	munmap(world->mapped, MAPPED_BYTES);
	close(world->process_fd);
	return 0;
}

static int on_question(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	const struct message_build *build = message->body;
	struct world *world = context;

	if (message->type == MESSAGE_HURRY) {
		assert_int_equal(((const struct message_hurry *)message->body)->file, world->asked);
		world->n_hurried++;
		world->n_hits = ((const struct message_hurry *)message->body)->n_hits;
		return 0;
	}
	assert_int_equal(message->type, MESSAGE_BUILD);
	assert_true(fds[0] >= 0);
	world->asked = build->file;
	world->order = build->order;
	world->was_urgent = build->is_urgent;
	world->n_asked[build->kind]++;
	return 0;
}

static void read_questions(struct world *world)
{
	assert_int_equal(channel_receive(world->other_end, on_question, world), 0);
}

static int on_answer(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct world *world = context;

	return binary_describer_on_message(world->describer, message, fds);
}

/* Of each table that is sent. */
static const uint32_t losses[UNWIND_LOSS_COUNT] = { [UNWIND_LOSS_RA] = 3, [UNWIND_LOSS_FP] = 7 };

static void send_table(struct world *world, const struct buffer *table)
{
	struct message_table message = { .file = world->asked };
	_cleanup_(closep) int fd = table_maker_memfd(table->data, table->size);

	memcpy(message.losses, losses, sizeof(losses));
	assert_int_equal(channel_send_fds(world->other_end, MESSAGE_TABLE, &message,
					  sizeof(message), (int[]){ fd, -1 }),
			 0);
	assert_int_equal(channel_flush(world->other_end), 0);
	assert_int_equal(channel_receive(world->resolver.channel, on_answer, world), 0);
}

static void send_good_table(struct world *world)
{
	_cleanup_(buffer_fini) struct buffer table = { 0 };

	table_maker_make(&shape, &table);
	send_table(world, &table);
}

static void send_built(struct world *world, enum build_kind kind, enum build_outcome outcome)
{
	const struct message_built message = { world->asked, outcome, kind, world->order };

	assert_int_equal(channel_send(world->other_end, MESSAGE_BUILT, &message, sizeof(message)),
			 0);
	assert_int_equal(channel_flush(world->other_end), 0);
	assert_int_equal(channel_receive(world->resolver.channel, on_answer, world), 0);
}

static struct mapping mapping_of(const struct world *world)
{
	uint64_t start_pc = (uintptr_t)world->mapped;

	return (struct mapping){ .start_pc = start_pc,
				 .end_pc = start_pc + MAPPED_BYTES,
				 .path = "" };
}

/* The kernel half meets the mapped file: it was hit, or is just there. */
static void meet_file_that(struct world *world, bool is_hit)
{
	const struct mapping mapping = mapping_of(world);
	const struct file_record record = {
		.header = { .type = RECORD_FILE },
		.key = key,
		.start_pc = mapping.start_pc,
		.end_pc = mapping.end_pc,
		.file = CODE_FILE,
		.is_urgent = is_hit,
	};

	(void)binary_describer_take_file(world->describer, &record, world->process_fd);
	read_questions(world);
}

static void meet_file(struct world *world)
{
	meet_file_that(world, true);
}

static struct binary *binary_of(struct world *world)
{
	const struct mapping mapping = mapping_of(world);
	struct binary *binary = NULL;

	assert_int_equal(binary_describer_get(world->describer, world->process_fd,
					      (uint32_t)getpid(), &mapping, &binary),
			 0);
	return binary;
}

static bool may_open_mapped_files(const struct world *world)
{
	const struct mapping mapping = mapping_of(world);
	struct binary *binary;

	return binary_describer_get(world->describer, world->process_fd, (uint32_t)getpid(),
				    &mapping, &binary) == 0;
}

static uint64_t damaged_count(const struct world *world)
{
	struct table_store_status status;

	table_store_get_status(world->store, &status);
	return status.n_damaged;
}

static void loads_the_table_that_the_resolver_has_made(void **state)
{
	struct world *world = *state;

	if (!may_open_mapped_files(world))
		skip();
	meet_file(world);
	send_good_table(world);
	assert_int_equal(kernel_maps_find(&key)->kind, UNWIND_FILE_TABLE);
	assert_int_equal(kernel_maps_find(&key)->file, CODE_FILE);
	assert_int_equal(table_loader_kind(world->loader, world->asked), UNWIND_FILE_TABLE);
	assert_int_equal(damaged_count(world), 0);
}

static void says_whose_the_file_is_that_is_asked_about(void **state)
{
	struct message_code code = { .ticket = 5, .device = UINT64_MAX, .user = UINT32_MAX };
	struct world *world = *state;
	struct stat status;
	int fd;

	if (!may_open_mapped_files(world))
		skip();
	assert_int_equal(binary_describer_open_code(world->describer, &code), -ENOENT);
	code.file = binary_of(world)->number;
	fd = binary_describer_open_code(world->describer, &code);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(code.ticket, 5);
	assert_int_equal(code.user, status.st_uid);
	assert_int_equal(code.device, binary_of(world)->device);
	assert_int_equal(code.n_bytes, build_budget_bytes(&status));
}

/* As one sends that was taken over by a file that it read. */
static void refuses_a_table_whose_indices_lead_out_of_it(void **state)
{
	_cleanup_(buffer_fini) struct buffer table = { 0 };
	struct table_store_status status;
	struct world *world = *state;

	if (!may_open_mapped_files(world))
		skip();
	meet_file(world);
	table_maker_make(&shape, &table);
	((uint16_t *)(table.data + table.size))[-1] = UNWIND_MAX_RULES - 1;
	send_table(world, &table);
	table_store_get_status(world->store, &status);
	assert_int_equal(status.n_damaged, 1);
	assert_int_equal(status.n_tables, 0);
	assert_int_equal(status.taken_bytes, 0);
	assert_int_equal(status.n_rules, 0);
	assert_int_equal(kernel_maps_find(&key)->kind, UNWIND_FILE_NO_TABLE);
	assert_int_equal(table_loader_kind(world->loader, world->asked), UNWIND_FILE_NO_TABLE);
	assert_int_equal(table_loader_find_rule(world->loader, world->asked, 0), 0);
}

/* The vDSO is the first file. */
static void takes_no_table_that_nobody_has_asked_for(void **state)
{
	struct table_store_status status;
	struct world *world = *state;

	for (world->asked = 2; world->asked < 10; world->asked++)
		send_good_table(world);
	table_store_get_status(world->store, &status);
	assert_int_equal(status.n_tables, 0);
}

/* A mapped file that is no ELF file, and was read for its names before it was ever hit. */
static void a_file_that_is_known_to_have_no_table_is_not_waited_for(void **state)
{
	struct world *world = *state;

	if (!may_open_mapped_files(world))
		skip();
	read_questions(world);
	send_built(world, BUILD_TABLE, BUILD_DAMAGED);
	meet_file(world);
	assert_int_equal(kernel_maps_find(&key)->kind, UNWIND_FILE_NO_TABLE);
	assert_int_equal(table_loader_kind(world->loader, world->asked), UNWIND_FILE_NO_TABLE);
	assert_int_equal(world->n_asked[BUILD_TABLE], 1);
}

/* As a library that only stacks lead through which user space finishes. */
static void a_file_that_was_never_hit_has_a_table_for_walkers_and_hands_it_on(void **state)
{
	struct world *world = *state;

	if (!may_open_mapped_files(world))
		skip();
	read_questions(world);
	assert_int_equal(table_loader_kind(world->loader, world->asked), UNWIND_FILE_PENDING);
	send_good_table(world);
	assert_int_equal(table_loader_kind(world->loader, world->asked), UNWIND_FILE_TABLE);
	assert_int_not_equal(table_loader_find_rule(world->loader, world->asked, 0), 0);
	assert_null(kernel_maps_find(&key));
	meet_file(world);
	assert_int_equal(kernel_maps_find(&key)->kind, UNWIND_FILE_TABLE);
	assert_int_equal(kernel_maps_find(&key)->file, CODE_FILE);
	assert_int_equal(table_loader_kind(world->loader, world->asked), UNWIND_FILE_TABLE);
	assert_int_equal(world->n_asked[BUILD_TABLE], 1);
	assert_int_equal(kernel_maps_file_count(), 1);
}

static void a_resolver_that_is_new_makes_tables_for_walkers_too(void **state)
{
	struct world *world = *state;

	if (!may_open_mapped_files(world))
		skip();
	read_questions(world);
	binary_describer_on_resolver_start(world->describer);
	assert_int_equal(table_loader_kind(world->loader, world->asked), UNWIND_FILE_PENDING);
	send_good_table(world);
	assert_int_equal(table_loader_kind(world->loader, world->asked), UNWIND_FILE_TABLE);
}

static void what_tables_do_not_say_counts_once_for_each_that_was_asked_for(void **state)
{
	struct world *world = *state;
	struct sampler_status status = { 0 };

	if (!may_open_mapped_files(world))
		skip();
	for (uint64_t i = 1; i <= 2; i++) {
		meet_file(world);
		for (int j = 0; j < 2; j++)
			send_good_table(world);
		table_store_forget(world->store, &key);
		binary_describer_get_status(world->describer, &status);
		for (size_t kind = 0; kind < UNWIND_LOSS_COUNT; kind++)
			assert_int_equal(status.table_losses[kind], i * losses[kind]);
	}
}

/* Names take their time; meanwhile the file is met by another key. */
static void the_end_of_a_build_refuses_no_table_that_was_asked_for_later(void **state)
{
	struct world *world = *state;
	uint32_t first;

	if (!may_open_mapped_files(world))
		skip();
	meet_file(world);
	send_good_table(world);
	first = world->order;
	key.generation++;
	meet_file(world);
	assert_int_equal(world->n_asked[BUILD_TABLE], 2);
	world->order = first;
	send_built(world, BUILD_TABLE, BUILD_OK);
	send_good_table(world);
	assert_int_equal(kernel_maps_find(&key)->kind, UNWIND_FILE_TABLE);
}

static void a_table_that_has_left_is_asked_for_again(void **state)
{
	struct world *world = *state;

	if (!may_open_mapped_files(world))
		skip();
	meet_file(world);
	send_good_table(world);
	table_store_forget(world->store, &key);
	meet_file(world);
	assert_int_equal(world->n_asked[BUILD_TABLE], 2);
	send_good_table(world);
	assert_int_equal(kernel_maps_find(&key)->kind, UNWIND_FILE_TABLE);
}

/* Most files that are mapped are never hit. */
static void names_are_asked_for_when_a_stack_leads_through_the_file(void **state)
{
	struct world *world = *state;
	struct binary *binary;

	if (!may_open_mapped_files(world))
		skip();
	meet_file(world);
	binary = binary_of(world);
	assert_int_equal(world->n_asked[BUILD_NAMES], 0);
	assert_false(binary_describer_wants_files(world->describer));
	for (int i = 0; i < 2; i++)
		(void)binary_describer_describe(world->describer, binary);
	read_questions(world);
	assert_int_equal(world->n_asked[BUILD_NAMES], 1);
	assert_int_equal(world->asked, binary->number);
}

/* As a file that was mapped long ago, and closed, for no stack led through it. */
static struct binary *closed_binary(struct world *world)
{
	struct binary *binary;

	meet_file(world);
	send_good_table(world);
	binary = binary_of(world);
	binary_describer_close_idle(world->describer);
	assert_true(binary->fd >= 0);
	binary->opened_ns = INT64_MIN / 2;
	binary_describer_close_idle(world->describer);
	assert_int_equal(binary->fd, -1);
	return binary;
}

/* It has no path either by which it could be opened again: its process is needed. */
static void a_file_that_was_closed_meanwhile_is_opened_again_for_its_names(void **state)
{
	struct world *world = *state;
	struct binary *binary;

	if (!may_open_mapped_files(world))
		skip();
	binary = closed_binary(world);
	(void)binary_describer_describe(world->describer, binary);
	assert_true(binary_describer_wants_files(world->describer));
	assert_false(binary_describer_wants_files(world->describer));
	assert_ptr_equal(binary_of(world), binary);
	read_questions(world);
	assert_int_equal(world->n_asked[BUILD_NAMES], 1);
	send_built(world, BUILD_NAMES, BUILD_OK);
	binary_describer_close_idle(world->describer);
	assert_int_equal(binary->fd, -1);
}

static void a_file_whose_last_process_has_ended_is_gone_until_another_has_it(void **state)
{
	struct world *world = *state;
	struct binary *binary;

	if (!may_open_mapped_files(world))
		skip();
	binary = closed_binary(world);
	(void)binary_describer_describe(world->describer, binary);
	binary_describer_close_idle(world->describer);
	assert_int_equal(binary->names_order, ORDER_NONE); /* one may be found yet */
	binary->missed_ns = INT64_MIN / 2;
	binary_describer_close_idle(world->describer);
	assert_int_equal(binary->names_order, ORDER_ANSWERED);
	assert_int_equal(binary->names_outcome, BUILD_GONE);
	assert_ptr_equal(binary_of(world), binary);
	read_questions(world);
	assert_int_equal(world->n_asked[BUILD_NAMES], 1);
	assert_int_equal(binary->names_order, ORDER_SENT);
}

static void a_table_that_a_sample_waits_for_is_hurried_once(void **state)
{
	struct world *world = *state;

	meet_file_that(world, false);
	if (!world->n_asked[BUILD_TABLE])
		skip(); /* we may not open it */
	assert_false(world->was_urgent);
	for (int i = 0; i < 2; i++)
		meet_file(world);
	assert_int_equal(world->n_asked[BUILD_TABLE], 1);
	assert_int_equal(world->n_hurried, 1);
}

/* In powers of two: so it knows in which order to read, and is not asked at each sample. */
static void the_resolver_is_told_for_which_names_most_samples_wait(void **state)
{
	struct world *world = *state;
	struct frame frames[4] = { { .kind = FRAME_KERNEL } };
	struct binary *binary;

	if (!may_open_mapped_files(world))
		skip();
	meet_file(world);
	binary = binary_of(world);
	for (size_t i = 1; i < 4; i++)
		frames[i] = (struct frame){ FRAME_NATIVE, binary->number, i };
	binary_describer_count_hits(world->describer, frames, 4);
	assert_int_equal(binary->n_hits, 0); /* nobody reads anything */
	(void)binary_describer_describe(world->describer, binary);
	for (int i = 0; i < 100; i++)
		binary_describer_count_hits(world->describer, frames, 4);
	read_questions(world);
	assert_int_equal(binary->n_hits, 100);
	assert_int_equal(world->n_hits, 64);
	assert_int_equal(world->n_hurried, 7);
	binary_describer_on_resolver_start(world->describer);
	read_questions(world);
	assert_int_equal(world->n_hits, 100);
}

static void a_memory_file_that_is_no_program_is_a_jits(void **state)
{
	struct world *world = *state;

	if (!may_open_mapped_files(world))
		skip();
	assert_int_equal(binary_of(world)->jit_inode, key.inode);
}

static void a_file_at_which_resolvers_die_is_left_alone(void **state)
{
	struct world *world = *state;
	struct sampler_status status = { 0 };

	if (!may_open_mapped_files(world))
		skip();
	meet_file(world);
	(void)binary_describer_describe(world->describer, binary_of(world));
	for (int i = 0; i < 5; i++)
		binary_describer_on_resolver_start(world->describer);
	read_questions(world);
	assert_int_equal(world->n_asked[BUILD_TABLE], 3);
	assert_int_equal(world->n_asked[BUILD_NAMES], 3);
	assert_int_equal(table_loader_kind(world->loader, binary_of(world)->number),
			 UNWIND_FILE_NO_TABLE);
	binary_describer_get_status(world->describer, &status);
	assert_int_equal(status.builds[BUILD_CRASHED], 1);
	assert_int_equal(status.n_builds_queued, 0);
	assert_int_equal(status.n_tables_queued, 0);
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(loads_the_table_that_the_resolver_has_made),
		WITH_WORLD(says_whose_the_file_is_that_is_asked_about),
		WITH_WORLD(refuses_a_table_whose_indices_lead_out_of_it),
		WITH_WORLD(takes_no_table_that_nobody_has_asked_for),
		WITH_WORLD(a_file_that_is_known_to_have_no_table_is_not_waited_for),
		WITH_WORLD(a_file_that_was_never_hit_has_a_table_for_walkers_and_hands_it_on),
		WITH_WORLD(a_resolver_that_is_new_makes_tables_for_walkers_too),
		WITH_WORLD(what_tables_do_not_say_counts_once_for_each_that_was_asked_for),
		WITH_WORLD(the_end_of_a_build_refuses_no_table_that_was_asked_for_later),
		WITH_WORLD(a_table_that_has_left_is_asked_for_again),
		WITH_WORLD(names_are_asked_for_when_a_stack_leads_through_the_file),
		WITH_WORLD(a_file_that_was_closed_meanwhile_is_opened_again_for_its_names),
		WITH_WORLD(a_file_whose_last_process_has_ended_is_gone_until_another_has_it),
		WITH_WORLD(a_table_that_a_sample_waits_for_is_hurried_once),
		WITH_WORLD(the_resolver_is_told_for_which_names_most_samples_wait),
		WITH_WORLD(a_memory_file_that_is_no_program_is_a_jits),
		WITH_WORLD(a_file_at_which_resolvers_die_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
