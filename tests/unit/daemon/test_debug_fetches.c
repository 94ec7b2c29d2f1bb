/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/debug_fetches.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/missing_files.h"
#include "profiler/daemon/role.h"

enum { MAX_QUEUED = 256 };

/* A binary without lines, and the fetcher's end. */
struct world {
	struct role_process fetcher;
	struct channel *other_end;
	struct debug_fetches fetches;
	struct binary *binary;
	unsigned int n_asked;
	uint32_t asked_kind; /* last */
};

static struct binary *add(struct world *world, uint64_t inode)
{
	const struct binary_identity identity = { .inode = inode };
	struct binary *binary;

	assert_int_equal(binary_table_add(world->fetches.binaries, &identity, "/bin/x", &binary),
			 0);
	binary->build_id = (struct build_id){ { 0xab, 0xcd }, 2 };
	binary->names = NAMES_FUNCTIONS;
	binary->names_order = ORDER_ANSWERED;
	return binary;
}

static int set_up(void **state)
{
	static struct world world;
	int fds[2];

	world = (struct world){ .fetches = { .fetcher = &world.fetcher } };
	assert_int_equal(missing_files_new(NULL, "", &world.fetches.missing), 0);
	assert_int_equal(channel_pair(fds), 0);
	assert_int_equal(channel_new(fds[0], 1 << 20, &world.fetcher.channel), 0);
	assert_int_equal(channel_new(fds[1], 1 << 20, &world.other_end), 0);
	assert_int_equal(binary_table_new(2 * MAX_QUEUED, &world.fetches.binaries), 0);
	world.binary = add(&world, 1);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	missing_files_free(world->fetches.missing);
	binary_table_free(world->fetches.binaries);
	channel_free(world->fetcher.channel);
	channel_free(world->other_end);
	return 0;
}

static int on_question(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct world *world = context;

	(void)fds;
	assert_int_equal(message->type, MESSAGE_FETCH);
	world->asked_kind = ((const struct message_fetch *)message->body)->kind;
	assert_true(((const struct message_fetch *)message->body)->build_id.n_bytes >= 2);
	world->n_asked++;
	return 0;
}

static void want(struct world *world)
{
	debug_fetches_want(&world->fetches, world->binary);
	assert_int_equal(channel_receive(world->other_end, on_question, world), 0);
}

static int answer(struct world *world, enum fetch_outcome outcome, const char *content,
		  struct binary **ret_binary)
{
	const struct message_fetched fetched = { world->binary->number, outcome };
	const struct message message = { MESSAGE_FETCHED, &fetched, sizeof(fetched) };
	_cleanup_(closep) int fd = content ? memfd_create("file", MFD_CLOEXEC) : -1;

	if (content)
		assert_int_equal(file_write_fd(fd, content, 4), 0);
	return debug_fetches_take(&world->fetches, &message, &fd, ret_binary);
}

static void a_file_that_comes_has_its_binary_read_again(void **state)
{
	struct world *world = *state;
	struct binary *binary;

	want(world);
	want(world);
	assert_int_equal(world->n_asked, 1);
	assert_int_equal(world->fetches.status.n_queued, 1);
	assert_int_equal(answer(world, FETCH_FOUND, "\177ELF", &binary), 0);
	assert_ptr_equal(binary, world->binary);
	assert_int_equal(binary->names_order, ORDER_NONE);
	assert_true(binary->fetched_fd >= 0);
	assert_int_equal(world->fetches.status.n_queued, 0);
	assert_int_equal(world->fetches.status.outcomes[FETCH_FOUND], 1);
}

static void a_file_that_comes_while_its_binary_is_read_is_left(void **state)
{
	struct world *world = *state;
	struct binary *binary;

	want(world);
	world->binary->names_order = ORDER_SENT; /* a debug file was installed */
	assert_int_equal(answer(world, FETCH_FOUND, "\177ELF", &binary), 0);
	assert_null(binary);
	assert_int_equal(world->binary->names_order, ORDER_SENT);
	assert_int_equal(world->binary->fetched_fd, -1);
	assert_int_equal(world->fetches.status.n_queued, 0);
}

static void what_is_missing_is_what_was_asked_for(void **state)
{
	struct world *world = *state;
	struct binary *binary;

	world->binary->names = NAMES_FAILED;
	world->binary->names_outcome = BUILD_GONE;
	want(world);
	assert_int_equal(world->asked_kind, FETCH_EXECUTABLE);
	world->binary->names = NAMES_FUNCTIONS; /* another process has it */
	assert_int_equal(answer(world, FETCH_MISSING, NULL, &binary), 0);
	world->binary->next_fetch_ns = 0;
	want(world);
	assert_int_equal(world->n_asked, 2);
	assert_int_equal(world->asked_kind, FETCH_DEBUG_FILE);
}

static void what_is_missing_is_not_asked_for_again_soon(void **state)
{
	const int64_t hour_ns = 3600 * NS_PER_SECOND;
	struct world *world = *state;
	struct binary *binary;

	want(world);
	assert_int_equal(answer(world, FETCH_MISSING, NULL, &binary), 0);
	assert_null(binary);
	want(world);
	assert_int_equal(world->n_asked, 1);
	assert_true(world->binary->next_fetch_ns > clock_monotonic_ns() + hour_ns);
	world->binary->next_fetch_ns = 0; /* the same file, met again */
	want(world);
	assert_int_equal(world->n_asked, 1);
	assert_int_equal(world->fetches.status.known_missing, 1);
	assert_true(world->binary->next_fetch_ns > clock_monotonic_ns() + hour_ns);
	world->binary->next_fetch_ns = 0;
	world->binary->build_id.bytes[0]++; /* another */
	want(world);
	assert_int_equal(world->n_asked, 2);
	assert_int_equal(answer(world, FETCH_FAILED, NULL, &binary), 0);
	assert_true(world->binary->next_fetch_ns > clock_monotonic_ns());
	assert_true(world->binary->next_fetch_ns < clock_monotonic_ns() + hour_ns);
}

/* The other servers, which have answered, would be asked again in vain. */
static void what_a_silent_server_may_have_is_not_asked_for_again_soon(void **state)
{
	struct world *world = *state;
	struct binary *binary;

	want(world);
	assert_int_equal(answer(world, FETCH_SKIPPED, NULL, &binary), 0);
	assert_true(world->binary->next_fetch_ns > clock_monotonic_ns() + 1800 * NS_PER_SECOND);
	assert_true(world->binary->next_fetch_ns < clock_monotonic_ns() + 5400 * NS_PER_SECOND);
}

static void what_is_no_elf_file_has_failed(void **state)
{
	struct world *world = *state;
	struct binary *binary;

	want(world);
	assert_int_equal(answer(world, FETCH_FOUND, "<htm", &binary), 0);
	assert_null(binary);
	want(world);
	world->binary->next_fetch_ns = 0;
	want(world);
	assert_int_equal(answer(world, FETCH_FOUND, NULL, &binary), 0);
	assert_null(binary);
	assert_int_equal(world->fetches.status.outcomes[FETCH_FAILED], 2);
}

static void only_what_would_be_of_use_is_asked_for(void **state)
{
	struct world *world = *state;
	struct missing_files *missing;

	world->binary->names = NAMES_LINES;
	want(world);
	world->binary->names = NAMES_FUNCTIONS;
	world->binary->has_debug_file = true;
	want(world);
	world->binary->has_debug_file = false;
	world->binary->names_order = ORDER_SENT;
	want(world);
	world->binary->names_order = ORDER_ANSWERED;
	world->binary->build_id.n_bytes = 0;
	want(world);
	world->binary->build_id.n_bytes = 2;
	missing = steal(world->fetches.missing);
	want(world);
	assert_int_equal(world->n_asked, 0);
	world->fetches.missing = missing;
	want(world);
	assert_int_equal(world->n_asked, 1);
}

static void no_more_wait_than_the_queue_holds(void **state)
{
	struct world *world = *state;

	for (uint64_t i = 2; i < MAX_QUEUED + 10; i++)
		debug_fetches_want(&world->fetches, add(world, i));
	want(world);
	assert_int_equal(world->n_asked, MAX_QUEUED);
	assert_int_equal(world->fetches.status.n_queued, MAX_QUEUED);
	assert_int_equal(world->fetches.status.over_bound, 9);
}

static void what_a_fetcher_owes_that_has_ended_has_failed(void **state)
{
	struct world *world = *state;

	want(world);
	debug_fetches_on_end(&world->fetches);
	assert_int_equal(world->fetches.status.n_queued, 0);
	assert_int_equal(world->fetches.status.outcomes[FETCH_FAILED], 1);
	world->binary->next_fetch_ns = 0;
	want(world);
	assert_int_equal(world->n_asked, 2);
}

static int answer_with_program(struct world *world, struct binary **ret_binary)
{
	const struct message_fetched fetched = { world->binary->number, FETCH_FOUND };
	const struct message message = { MESSAGE_FETCHED, &fetched, sizeof(fetched) };
	_cleanup_(closep) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	return debug_fetches_take(&world->fetches, &message, &fd, ret_binary);
}

/* Its debug file alone would not do, for it does not say where its code lies in the file. */
static void a_binary_that_was_gone_is_fetched_itself(void **state)
{
	_cleanup_(closep) int program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct world *world = *state;
	struct binary *binary;

	world->binary->names = NAMES_FAILED;
	world->binary->names_outcome = BUILD_GONE;
	want(world);
	assert_int_equal(world->asked_kind, FETCH_EXECUTABLE);
	assert_int_equal(answer_with_program(world, &binary), 0);
	assert_null(binary); /* it is another one */
	assert_int_equal(build_id_read(program, &world->binary->build_id), 0);
	world->binary->next_fetch_ns = 0;
	want(world);
	assert_int_equal(answer_with_program(world, &binary), 0);
	assert_ptr_equal(binary, world->binary);
	assert_true(binary->fd >= 0);
	assert_int_equal(binary->names, NAMES_PENDING);
	assert_int_equal(binary->names_order, ORDER_NONE);
	binary->names = NAMES_FUNCTIONS; /* it is stripped */
	binary->names_order = ORDER_ANSWERED;
	binary->names_outcome = BUILD_OK;
	want(world);
	assert_int_equal(world->asked_kind, FETCH_DEBUG_FILE);
}

/* A debug file of which dwz has taken out what it has in common with others. */
static void lack_alternate(struct binary *binary)
{
	binary->names = NAMES_LINES;
	binary->has_debug_file = true;
	binary->alternate_id = (struct build_id){ { 0xde, 0xad }, 2 };
}

static void what_dwz_took_out_is_fetched_by_a_build_id_of_its_own(void **state)
{
	_cleanup_(closep) int program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct world *world = *state;
	struct binary *binary;

	lack_alternate(world->binary);
	want(world);
	want(world);
	assert_int_equal(world->n_asked, 1);
	assert_int_equal(world->asked_kind, FETCH_DEBUG_FILE);
	assert_int_equal(answer_with_program(world, &binary), 0);
	assert_null(binary); /* it is another one */
	world->binary->next_fetch_ns = 0;
	assert_int_equal(build_id_read(program, &world->binary->alternate_id), 0);
	want(world);
	assert_int_equal(answer_with_program(world, &binary), 0);
	assert_ptr_equal(binary, world->binary);
	assert_true(binary->alternate_fd >= 0);
	assert_int_equal(binary->fetched_fd, -1);
	assert_int_equal(binary->names_order, ORDER_NONE);
	binary->names_order = ORDER_ANSWERED;
	want(world);
	assert_int_equal(world->n_asked, 2);
}

static void a_debug_file_does_not_wait_for_what_no_server_has(void **state)
{
	struct world *world = *state;
	struct binary *binary;

	lack_alternate(world->binary);
	world->binary->fetched_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	want(world);
	assert_true(world->binary->fetched_fd >= 0);
	assert_int_equal(answer(world, FETCH_MISSING, NULL, &binary), 0);
	assert_int_equal(world->binary->fetched_fd, -1);
	world->binary->next_fetch_ns = 0;
	want(world);
	assert_int_equal(world->n_asked, 1);
}

/* As one does that was taken over by what it has fetched. */
static void answers_that_nobody_has_asked_for_end_it(void **state)
{
	const struct message message = { MESSAGE_NAMES, NULL, 0 };
	struct world *world = *state;
	struct binary *binary;
	int fd = -1;

	assert_int_equal(answer(world, FETCH_FOUND, "\177ELF", &binary), -EBADMSG);
	want(world);
	assert_int_equal(debug_fetches_take(&world->fetches, &message, &fd, &binary), -EBADMSG);
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(a_file_that_comes_has_its_binary_read_again),
		WITH_WORLD(a_file_that_comes_while_its_binary_is_read_is_left),
		WITH_WORLD(what_is_missing_is_what_was_asked_for),
		WITH_WORLD(what_is_missing_is_not_asked_for_again_soon),
		WITH_WORLD(what_a_silent_server_may_have_is_not_asked_for_again_soon),
		WITH_WORLD(what_is_no_elf_file_has_failed),
		WITH_WORLD(only_what_would_be_of_use_is_asked_for),
		WITH_WORLD(no_more_wait_than_the_queue_holds),
		WITH_WORLD(what_a_fetcher_owes_that_has_ended_has_failed),
		WITH_WORLD(a_binary_that_was_gone_is_fetched_itself),
		WITH_WORLD(what_dwz_took_out_is_fetched_by_a_build_id_of_its_own),
		WITH_WORLD(a_debug_file_does_not_wait_for_what_no_server_has),
		WITH_WORLD(answers_that_nobody_has_asked_for_end_it),
	};

	return cmocka_run_group_tests_name("debug fetches", tests, NULL, NULL);
}
