/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/jit_describer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/channel.h"
#include "profiler/daemon/role.h"
#include "profiler/jit_table.h"
#include "profiler/procfs.h"

enum { DICTIONARY = 3, MAX_BYTES = 1 << 20 };

/* The describer between a server and a resolver; the process with the code is this one. */
struct world {
	struct role_process server, resolver;
	struct channel *server_end, *resolver_end;
	struct jit_describer *describer;
	struct process_key process;
	char path[64];            /* of the perf map */
	uint32_t n_ordered;       /* how often the resolver was asked */
	uint32_t n_hits;          /* that it was told of last */
	uint32_t n_fds;           /* that came along the last time */
	uint64_t n_bytes;         /* of them, as it was told */
	char told_path[64];       /* what the server knows the file as */
	enum names_state told_as; /* … and how far its names have come */
	bool has_symbols;
};

static void connect_role(struct role_process *role, struct channel **ret_other_end)
{
	int fds[2];

	assert_int_equal(channel_pair(fds), 0);
	assert_int_equal(channel_new(fds[0], 1 << 20, &role->channel), 0);
	assert_int_equal(channel_new(fds[1], 1 << 20, ret_other_end), 0);
}

static struct process_key own_key(void)
{
	uint64_t ns_per_tick = (uint64_t)(NS_PER_SECOND / sysconf(_SC_CLK_TCK)), ticks;
	_cleanup_(closep) int proc_fd = -1;
	_cleanup_(closep) int fd = -1;

	assert_int_equal(procfs_open(&proc_fd), 0);
	assert_int_equal(procfs_open_process(proc_fd, getpid(), &fd), 0);
	assert_int_equal(procfs_read_start_time(fd, &ticks), 0);
	return (struct process_key){ .pid = (uint32_t)getpid(),
				     .start_time_ns = ticks * ns_per_tick };
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){ .process = own_key() };
	connect_role(&world.server, &world.server_end);
	connect_role(&world.resolver, &world.resolver_end);
	assert_int_equal(
		jit_describer_new(&world.server, &world.resolver, MAX_BYTES, &world.describer), 0);
	jit_describer_begin_dictionary(world.describer, DICTIONARY);
	snprintf(world.path, sizeof(world.path), "/tmp/perf-%d.map", getpid());
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	unlink(world->path);
	jit_describer_free(world->describer);
	channel_free(world->server.channel);
	channel_free(world->server_end);
	channel_free(world->resolver.channel);
	channel_free(world->resolver_end);
	return 0;
}

static void put_map(const struct world *world, const char *text)
{
	_cleanup_(closep) int fd =
		open(world->path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	assert_int_equal(file_write_fd(fd, text, strlen(text)), 0);
}

static int on_order(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	const struct message_build *build = message->body;
	struct world *world = context;

	if (message->type == MESSAGE_HURRY) {
		world->n_hits = ((const struct message_hurry *)message->body)->n_hits;
		return 0;
	}
	assert_int_equal(message->type, MESSAGE_BUILD);
	assert_int_equal(build->kind, BUILD_JIT);
	world->n_ordered++;
	world->n_bytes = build->n_bytes;
	world->n_fds = 0;
	for (int i = 0; i < MESSAGE_MAX_FDS; i++)
		world->n_fds += fds[i] >= 0;
	return 0;
}

static int on_told(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct world *world = context;

	if (message->type == MESSAGE_FILE) {
		snprintf(world->told_path, sizeof(world->told_path), "%s",
			 message_text(message, 0));
		return 0;
	}
	assert_int_equal(message->type, MESSAGE_NAMES);
	world->told_as = ((const struct message_names *)message->body)->state;
	world->has_symbols = fds[0] >= 0;
	return 0;
}

/* Read what was said. Returns how often the resolver was asked, altogether. */
static uint32_t listen(struct world *world)
{
	assert_int_equal(channel_flush(world->server.channel), 0);
	assert_int_equal(channel_flush(world->resolver.channel), 0);
	assert_int_equal(channel_receive(world->resolver_end, on_order, world), 0);
	assert_int_equal(channel_receive(world->server_end, on_told, world), 0);
	return world->n_ordered;
}

static uint32_t hit(struct world *world, uint32_t number)
{
	number = jit_describer_get(world->describer, &world->process, number);
	assert_true(jit_describer_owns(number));
	jit_describer_note_sample(world->describer, number);
	assert_int_equal(jit_describer_describe(world->describer, number), 0);
	return number;
}

static void answer(struct world *world, enum message_type type, const void *body, size_t size)
{
	const struct message message = { type, body, size };
	int fds[MESSAGE_MAX_FDS] = { -1, -1 };

	if (type == MESSAGE_NAMES)
		fds[0] = memfd_create("symbols", MFD_CLOEXEC);
	assert_int_equal(jit_describer_on_message(world->describer, &message, fds), 0);
	assert_int_equal(fds[0], -1); /* it was taken */
}

static void answer_built(struct world *world, uint32_t number, enum build_outcome outcome)
{
	const struct message_built built = { number, outcome, BUILD_JIT, 0 };

	answer(world, MESSAGE_BUILT, &built, sizeof(built));
}

static struct jit_status status_of(const struct world *world)
{
	struct jit_status status;

	jit_describer_get_status(world->describer, &status);
	return status;
}

static void a_process_without_a_map_has_no_names(void **state)
{
	struct world *world = *state;
	uint32_t number = hit(world, 0);

	assert_int_equal(hit(world, number), number);
	assert_int_equal(listen(world), 0);
	assert_string_equal(world->told_path, "[anonymous]");
	assert_int_equal(world->told_as, NAMES_NONE);
	assert_int_equal(status_of(world).n_processes, 1);
}

/* Or else a file of nothing had as much time as one of gigabytes. */
static void a_hole_in_a_map_does_not_count(void **state)
{
	struct world *world = *state;

	put_map(world, "1000 10 a\n");
	assert_int_equal(truncate(world->path, 1 << 30), 0);
	hit(world, 0);
	assert_int_equal(listen(world), 1);
	assert_in_range(world->n_bytes, 1, 1 << 20);
}

static void names_are_ordered_and_passed_on(void **state)
{
	struct message_jit_read read = { .report = { .entries = { 5, 1, 0, 0 } } };
	struct world *world = *state;
	struct message_names names;
	uint32_t number;

	put_map(world, "1000 10 a\n");
	number = hit(world, 0);
	assert_int_equal(listen(world), 1);
	assert_int_equal(world->n_fds, 1);
	assert_string_equal(world->told_path, world->path);
	assert_int_equal(world->told_as, NAMES_PENDING);
	assert_int_equal(status_of(world).n_queued, 1);

	read.file = number;
	names = (struct message_names){ number, NAMES_FUNCTIONS };
	answer(world, MESSAGE_JIT_READ, &read, sizeof(read));
	answer(world, MESSAGE_NAMES, &names, sizeof(names));
	answer_built(world, number, BUILD_OK);
	assert_int_equal(listen(world), 1);
	assert_int_equal(world->told_as, NAMES_FUNCTIONS);
	assert_true(world->has_symbols);
	assert_int_equal(status_of(world).entries[JIT_ENTRY_TAKEN], 5);
	assert_int_equal(status_of(world).entries[JIT_ENTRY_DAMAGED], 1);
	assert_int_equal(status_of(world).builds[BUILD_OK], 1);
	assert_int_equal(status_of(world).n_queued, 0);
}

/* Names of so many bytes, as the resolver sends them, which may be refused. */
static void answer_names(struct world *world, uint32_t number, off_t size)
{
	const struct message_names names = { number, NAMES_FUNCTIONS };
	const struct message message = { MESSAGE_NAMES, &names, sizeof(names) };
	int fds[MESSAGE_MAX_FDS] = { memfd_create("symbols", MFD_CLOEXEC), -1 };

	assert_int_equal(ftruncate(fds[0], size), 0);
	assert_int_equal(jit_describer_on_message(world->describer, &message, fds), 0);
	closep(&fds[0]);
	answer_built(world, number, BUILD_OK);
	listen(world);
}

static void names_that_take_too_much_memory_are_refused(void **state)
{
	struct world *world = *state;
	uint32_t number;

	put_map(world, "1000 10 a\n");
	number = hit(world, 0);
	answer_names(world, number, MAX_BYTES + 1);
	assert_int_equal(world->told_as, NAMES_FAILED);
	assert_int_equal(status_of(world).symbols_refused, 1);
	assert_int_equal(status_of(world).symbol_bytes, 0);
}

static void names_that_are_refused_leave_those_before(void **state)
{
	struct world *world = *state;
	uint32_t number;

	put_map(world, "1000 10 a\n");
	number = hit(world, 0);
	answer_names(world, number, MAX_BYTES);
	answer_names(world, number, MAX_BYTES - 1); /* in their place, not beside them */
	assert_int_equal(status_of(world).symbols_refused, 0);
	answer_names(world, number, MAX_BYTES + 1);
	assert_int_equal(status_of(world).symbols_refused, 1);
	assert_int_equal(status_of(world).symbol_bytes, MAX_BYTES - 1);
	assert_int_equal(world->told_as, NAMES_FUNCTIONS);
	assert_true(world->has_symbols);
}

static void a_new_dictionary_is_told_what_is_known(void **state)
{
	struct message_names names = { 0, NAMES_FUNCTIONS };
	struct world *world = *state;

	put_map(world, "1000 10 a\n");
	names.file = hit(world, 0);
	answer(world, MESSAGE_NAMES, &names, sizeof(names));
	answer_built(world, names.file, BUILD_OK);
	listen(world);
	world->told_as = NAMES_NONE;
	world->told_path[0] = '\0';
	hit(world, names.file);
	listen(world);
	assert_string_equal(world->told_path, ""); /* it knows already */
	jit_describer_begin_dictionary(world->describer, DICTIONARY + 1);
	hit(world, names.file);
	listen(world);
	assert_string_equal(world->told_path, world->path);
	assert_int_equal(world->told_as, NAMES_FUNCTIONS);
	assert_true(world->has_symbols);
}

static void what_lines_are_known_of_is_told_to_have_some(void **state)
{
	struct message_jit_read read = { .report = { .n_lines = 1 } };
	struct message_names names = { 0, NAMES_FUNCTIONS };
	struct world *world = *state;

	put_map(world, "1000 10 a\n");
	names.file = read.file = hit(world, 0);
	answer(world, MESSAGE_JIT_READ, &read, sizeof(read));
	answer(world, MESSAGE_NAMES, &names, sizeof(names));
	listen(world);
	assert_int_equal(world->told_as, NAMES_LINES);
}

static void what_two_readings_have_met_counts_once(void **state)
{
	struct message_jit_read read = { .report = { .entries = { 5, 1, 0, 0 } } };
	struct world *world = *state;

	read.file = hit(world, 0);
	answer(world, MESSAGE_JIT_READ, &read, sizeof(read));
	read.report.entries[JIT_ENTRY_TAKEN] = 7;
	answer(world, MESSAGE_JIT_READ, &read, sizeof(read));
	assert_int_equal(status_of(world).entries[JIT_ENTRY_TAKEN], 7);
	assert_int_equal(status_of(world).entries[JIT_ENTRY_DAMAGED], 1);
}

static void a_map_is_read_once_more_at_the_end_if_it_has_changed(void **state)
{
	struct world *world = *state;
	uint32_t number;

	put_map(world, "1000 10 a\n");
	number = hit(world, 0);
	answer_built(world, number, BUILD_OK);
	assert_int_equal(listen(world), 1);
	put_map(world, "1000 10 a\n2000 10 b\n");
	jit_describer_note_end(world->describer, number);
	assert_int_equal(listen(world), 2);
	put_map(world, "1000 10 a\n2000 10 b\n3000 10 c\n");
	answer_built(world, number, BUILD_OK);
	assert_int_equal(listen(world), 2); /* once */
}

static void the_resolver_is_told_how_many_samples_wait(void **state)
{
	struct world *world = *state;
	uint32_t number;

	put_map(world, "1000 10 a\n");
	number = hit(world, 0);
	for (int i = 1; i < 100; i++)
		hit(world, number);
	assert_int_equal(listen(world), 1);
	assert_int_equal(world->n_hits, 64);
	jit_describer_on_resolver_start(world->describer);
	assert_int_equal(listen(world), 2);
	assert_int_equal(world->n_hits, 100);
}

static void a_map_is_looked_at_after_some_time_or_at_once(void **state)
{
	struct world *world = *state;
	uint32_t number = hit(world, 0);

	put_map(world, "1000 10 a\n");
	hit(world, number);
	jit_describer_look(world->describer);
	assert_int_equal(listen(world), 0);
	jit_describer_look_at_once(world->describer);
	assert_int_equal(listen(world), 1);
	answer_built(world, number, BUILD_OK);
	put_map(world, "1000 10 a\n2000 10 b\n");
	jit_describer_look_at_once(world->describer); /* but nothing was hit since */
	assert_int_equal(listen(world), 1);
}

static void a_map_that_has_not_changed_is_not_read_again(void **state)
{
	struct world *world = *state;
	uint32_t number;

	put_map(world, "1000 10 a\n");
	number = hit(world, 0);
	answer_built(world, number, BUILD_OK);
	jit_describer_note_end(world->describer, number);
	jit_describer_note_end(world->describer, number);
	assert_int_equal(listen(world), 1);
}

static void a_map_that_ends_whoever_reads_it_is_left_alone(void **state)
{
	struct world *world = *state;
	uint32_t number;

	put_map(world, "1000 10 a\n");
	number = hit(world, 0);
	answer_built(world, number, BUILD_CRASHED);
	put_map(world, "1000 10 a\n2000 10 b\n");
	jit_describer_note_end(world->describer, number);
	assert_int_equal(listen(world), 1);
	assert_int_equal(world->told_as, NAMES_FAILED);
	assert_int_equal(status_of(world).builds[BUILD_CRASHED], 1);
}

static void a_new_resolver_is_asked_again_until_three_have_ended(void **state)
{
	struct world *world = *state;

	put_map(world, "1000 10 a\n");
	hit(world, 0);
	for (int i = 0; i < 5; i++)
		jit_describer_on_resolver_start(world->describer);
	assert_int_equal(listen(world), 3);
	assert_int_equal(world->told_as, NAMES_FAILED);
	assert_int_equal(status_of(world).builds[BUILD_CRASHED], 1);
	assert_int_equal(status_of(world).n_queued, 0);
}

static void what_was_forgotten_gets_another_number(void **state)
{
	struct world *world = *state;
	uint32_t number = hit(world, 0);

	jit_describer_forget_unused(world->describer, DICTIONARY);
	assert_int_equal(hit(world, number), number);
	jit_describer_forget_unused(world->describer, DICTIONARY + 1);
	assert_int_not_equal(hit(world, number), number);
}

static void what_was_forgotten_is_told_of_without_names(void **state)
{
	struct world *world = *state;

	world->told_as = NAMES_PENDING;
	assert_int_equal(jit_describer_describe(world->describer, JIT_FIRST_NUMBER + 5), 0);
	listen(world);
	assert_string_equal(world->told_path, "[anonymous]");
	assert_int_equal(world->told_as, NAMES_NONE);
}

static void a_process_too_many_is_counted(void **state)
{
	struct world *world = *state;
	uint32_t n = 0;

	while (n < 10000 && jit_describer_get(world->describer, &world->process, 0))
		n++;
	assert_in_range(n, 8, 256);
	assert_int_equal(status_of(world).over_bound, 1);
	jit_describer_note_sample(world->describer, 0);
	jit_describer_note_end(world->describer, 0);
}

static void processes_that_have_ended_make_room(void **state)
{
	struct world *world = *state;
	uint32_t first = hit(world, 0), last = first, number;

	while ((number = jit_describer_get(world->describer, &world->process, 0)))
		last = number;
	jit_describer_note_end(world->describer, first);
	number = jit_describer_get(world->describer, &world->process, 0);
	assert_true(number > last);
	assert_int_equal(jit_describer_get(world->describer, &world->process, last), last);
}

static void refuses_what_the_resolver_must_not_say(void **state)
{
	struct world *world = *state;
	const struct message_names names = { hit(world, 0), NAMES_FUNCTIONS };
	const struct message no_file = { MESSAGE_NAMES, &names, sizeof(names) };
	const struct message table = { MESSAGE_TABLE, &names, sizeof(names) };
	int fds[MESSAGE_MAX_FDS] = { -1, -1 };

	assert_int_equal(jit_describer_on_message(world->describer, &no_file, fds), -EBADMSG);
	assert_int_equal(jit_describer_on_message(world->describer, &table, fds), -EBADMSG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_process_without_a_map_has_no_names),
		TEST(a_hole_in_a_map_does_not_count),
		TEST(names_are_ordered_and_passed_on),
		TEST(names_that_take_too_much_memory_are_refused),
		TEST(names_that_are_refused_leave_those_before),
		TEST(a_new_dictionary_is_told_what_is_known),
		TEST(what_lines_are_known_of_is_told_to_have_some),
		TEST(what_two_readings_have_met_counts_once),
		TEST(a_map_is_read_once_more_at_the_end_if_it_has_changed),
		TEST(the_resolver_is_told_how_many_samples_wait),
		TEST(a_map_is_looked_at_after_some_time_or_at_once),
		TEST(a_map_that_has_not_changed_is_not_read_again),
		TEST(a_map_that_ends_whoever_reads_it_is_left_alone),
		TEST(a_new_resolver_is_asked_again_until_three_have_ended),
		TEST(what_was_forgotten_gets_another_number),
		TEST(what_was_forgotten_is_told_of_without_names),
		TEST(a_process_too_many_is_counted),
		TEST(processes_that_have_ended_make_room),
		TEST(refuses_what_the_resolver_must_not_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
