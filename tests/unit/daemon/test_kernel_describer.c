/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/kernel_describer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/channel.h"
#include "profiler/daemon/role.h"
#include "unwind/symbol_file_build.h"

static const struct message_kernel_names no_slide;

/* The sampler's half, and the other ends of its channels. */
struct world {
	struct role_process server, resolver;
	struct channel *server_end, *resolver_end;
	struct kernel_describer describer;
	unsigned int n_asked, n_told, n_told_failed;
};

static void connect_role(struct role_process *role, struct channel **ret_other_end)
{
	int fds[2];

	assert_int_equal(channel_pair(fds), 0);
	assert_int_equal(channel_new(fds[0], 1 << 20, &role->channel), 0);
	assert_int_equal(channel_new(fds[1], 1 << 20, ret_other_end), 0);
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){ 0 };
	connect_role(&world.server, &world.server_end);
	connect_role(&world.resolver, &world.resolver_end);
	/* Without a file of its own, no other is asked for. */
	kernel_describer_init(&world.describer, &world.server, &world.resolver, NULL, NULL);
	world.describer.finder.build_id.n_bytes = 0;
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	kernel_describer_fini(&world->describer);
	channel_free(world->server.channel);
	channel_free(world->server_end);
	channel_free(world->resolver.channel);
	channel_free(world->resolver_end);
	return 0;
}

static int on_question(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct world *world = context;
	char first;

	assert_int_equal(message->type, MESSAGE_BUILD);
	assert_int_equal(((const struct message_build *)message->body)->kind, BUILD_KERNEL);
	assert_true(((const struct message_build *)message->body)->is_urgent);
	assert_int_equal(read(fds[0], &first, 1), 1);
	world->n_asked++;
	return 0;
}

static int on_names(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct world *world = context;

	assert_int_equal(message->type, MESSAGE_KERNEL_NAMES);
	assert_int_equal(fds[0] < 0, fds[1] < 0);
	world->n_told++;
	world->n_told_failed += fds[0] < 0;
	return 0;
}

static unsigned int told_count(struct world *world)
{
	assert_int_equal(channel_flush(world->server.channel), 0);
	assert_int_equal(channel_receive(world->server_end, on_names, world), 0);
	return world->n_told;
}

static void has_the_resolver_read_the_kernels_symbols(void **state)
{
	struct world *world = *state;

	kernel_describer_request(&world->describer);
	assert_int_equal(channel_receive(world->resolver_end, on_question, world), 0);
	assert_int_equal(world->n_asked, 1);
}

static int take_names(struct world *world, const struct message_kernel_names *names,
		      int fds[MESSAGE_MAX_FDS])
{
	const struct message message = { MESSAGE_KERNEL_NAMES, names, sizeof(*names) };

	assert_true(kernel_describer_owns(&message));
	return kernel_describer_on_message(&world->describer, &message, fds);
}

static void finish(struct world *world, const struct message_built *built)
{
	const struct message message = { MESSAGE_BUILT, built, sizeof(*built) };
	int fds[MESSAGE_MAX_FDS] = { -1, -1 };

	assert_true(kernel_describer_owns(&message));
	assert_int_equal(kernel_describer_on_message(&world->describer, &message, fds), 0);
}

static void tells_a_server_what_it_knows(void **state)
{
	int fds[MESSAGE_MAX_FDS] = { open("/dev/null", O_RDONLY), open("/dev/null", O_RDONLY) };
	struct world *world = *state;

	assert_int_equal(kernel_describer_describe(&world->describer), 0);
	assert_int_equal(told_count(world), 0);
	assert_int_equal(take_names(world, &no_slide, fds), 0);
	assert_int_equal(fds[0], -1);
	assert_int_equal(told_count(world), 1);
	assert_int_equal(kernel_describer_describe(&world->describer), 0);
	assert_int_equal(told_count(world), 2);
}

static void keeps_what_comes_while_there_is_no_server(void **state)
{
	int fds[MESSAGE_MAX_FDS] = { open("/dev/null", O_RDONLY), open("/dev/null", O_RDONLY) };
	struct world *world = *state;
	struct channel *channel = world->server.channel;

	world->server.channel = NULL;
	assert_int_equal(take_names(world, &no_slide, fds), 0);
	world->server.channel = channel;
	assert_int_equal(kernel_describer_describe(&world->describer), 0);
	assert_int_equal(told_count(world), 1);
}

static void refuses_names_without_ranges(void **state)
{
	_cleanup_(closep) int fd = open("/dev/null", O_RDONLY);
	int fds[MESSAGE_MAX_FDS] = { fd, -1 };
	struct world *world = *state;

	assert_int_equal(take_names(world, &no_slide, fds), -EBADMSG);
	assert_int_equal(told_count(world), 0);
}

/* As where kernel.kptr_restrict hides addresses from all. */
static void tells_that_there_are_no_names(void **state)
{
	const struct message_built built = { .kind = BUILD_KERNEL, .outcome = BUILD_NO_NAMES };
	int fds[MESSAGE_MAX_FDS] = { open("/dev/null", O_RDONLY), open("/dev/null", O_RDONLY) };
	struct world *world = *state;

	finish(world, &built);
	assert_int_equal(told_count(world), 1);
	assert_int_equal(world->n_told_failed, 1);
	assert_int_equal(kernel_describer_describe(&world->describer), 0);
	assert_int_equal(told_count(world), 2);
	assert_int_equal(world->n_told_failed, 2);
	/* What was known once still is, whatever later fails. */
	assert_int_equal(take_names(world, &no_slide, fds), 0);
	finish(world, &built);
	assert_int_equal(told_count(world), 3);
	assert_int_equal(kernel_describer_describe(&world->describer), 0);
	assert_int_equal(told_count(world), 4);
	assert_int_equal(world->n_told_failed, 2);
}

/* That would be one of a file that nobody has given to the resolver. */
static void takes_no_slide_that_was_not_asked_for(void **state)
{
	const struct message_kernel_names names = { .has_slide = 1, .slide = 0x1000 };
	int fds[MESSAGE_MAX_FDS] = { open("/dev/null", O_RDONLY), open("/dev/null", O_RDONLY) };
	struct world *world = *state;

	assert_int_equal(take_names(world, &names, fds), 0);
	assert_false(world->describer.names.has_slide);
}

static int make_memfd(const void *bytes, size_t size)
{
	int fd = memfd_create("names", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, bytes, size), 0);
	return fd;
}

static void take(struct world *world, const char *symbols)
{
	static const struct kernel_range ranges[] = {
		{ 0x1000, 0x2000, "[kernel.kallsyms]", 0, 0, 0 },
		{ 0x3000, 0x4000, "[veth]", 0, 0, 0 },
		{ 0x5000, 0x6000, "[bpf]", 0, 0, 0 },
	};
	int fds[MESSAGE_MAX_FDS] = { make_memfd(symbols, strlen(symbols)),
				     make_memfd(ranges, sizeof(ranges)) };

	assert_int_equal(take_names(world, &no_slide, fds), 0);
	for (int i = 0; i < MESSAGE_MAX_FDS; i++)
		closep(&fds[i]);
}

static void tells_only_what_is_news(void **state)
{
	struct world *world = *state;

	take(world, "symbols");
	assert_int_equal(told_count(world), 1);
	take(world, "symbols");
	assert_int_equal(told_count(world), 1);
	take(world, "symbolz");
	assert_int_equal(told_count(world), 2);
}

/* Samples of the past keep the old names: so the server is told of others with a new dictionary. */
static void tells_of_modules_that_have_gone_in_a_new_dictionary(void **state)
{
	static const struct kernel_range kernel = { 0x1000, 0x2000, "[kernel.kallsyms]", 0, 0, 0 };
	struct world *world = *state;
	int fds[MESSAGE_MAX_FDS];

	take(world, "symbols");
	assert_false(kernel_describer_has_moved(&world->describer));
	assert_int_equal(told_count(world), 1);
	fds[0] = make_memfd("symbols", 7);
	fds[1] = make_memfd(&kernel, sizeof(kernel));
	assert_int_equal(take_names(world, &no_slide, fds), 0);
	assert_true(kernel_describer_has_moved(&world->describer));
	assert_int_equal(told_count(world), 1);
	assert_int_equal(kernel_describer_describe(&world->describer), 0);
	assert_false(kernel_describer_has_moved(&world->describer));
	assert_int_equal(told_count(world), 2);
}

/* The list of modules has one less than it had. */
static void unload_module(struct world *world)
{
	world->describer.modules.list = "/dev/null";
	buffer_append_string(&world->describer.modules.listed, "veth 0x3000\n");
	kernel_describer_refresh(&world->describer);
}

/* Or else another one began every second until they come. */
static void modules_that_go_before_there_are_names_begin_one_dictionary(void **state)
{
	struct world *world = *state;

	unload_module(world);
	assert_true(kernel_describer_has_moved(&world->describer));
	assert_int_equal(kernel_describer_describe(&world->describer), 0);
	assert_false(kernel_describer_has_moved(&world->describer));
	take(world, "symbols");
	assert_false(kernel_describer_has_moved(&world->describer));
	assert_int_equal(told_count(world), 1);
}

/* That they have gone is known before the names are read again: so the dictionary begins first. */
static void tells_of_names_at_once_if_a_dictionary_has_begun(void **state)
{
	static const struct kernel_range kernel = { 0x1000, 0x2000, "[kernel.kallsyms]", 0, 0, 0 };
	struct world *world = *state;
	int fds[MESSAGE_MAX_FDS];

	take(world, "symbols");
	unload_module(world);
	assert_true(kernel_describer_has_moved(&world->describer));
	assert_int_equal(kernel_describer_describe(&world->describer), 0);
	assert_false(kernel_describer_has_moved(&world->describer));
	assert_int_equal(told_count(world), 2);
	fds[0] = make_memfd("symbols", 7);
	fds[1] = make_memfd(&kernel, sizeof(kernel));
	assert_int_equal(take_names(world, &no_slide, fds), 0);
	assert_false(kernel_describer_has_moved(&world->describer));
	assert_int_equal(told_count(world), 3);
}

static unsigned int asked_count(struct world *world)
{
	kernel_describer_refresh(&world->describer);
	assert_int_equal(channel_receive(world->resolver_end, on_question, world), 0);
	return world->n_asked;
}

static void asks_again_for_code_that_may_be_new(void **state)
{
	static const uint64_t known[] = { 0x1000, 0x3fff }, unknown[] = { 0x4800, 0x5010 };
	struct world *world = *state;

	kernel_describer_meet(&world->describer, 0x9000);
	assert_int_equal(asked_count(world), 0); /* nothing is known yet, so it is awaited */
	take(world, "symbols");
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		kernel_describer_meet(&world->describer, known[i]);
	assert_int_equal(asked_count(world), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(unknown); i++) {
		kernel_describer_meet(&world->describer, unknown[i]);
		world->describer.requested_ns = INT64_MIN / 2; /* which is long ago */
		assert_int_equal(asked_count(world), i + 1);
		assert_int_equal(asked_count(world), i + 1);
	}
}

static void asks_less_and_less_often_between_the_regular_times(void **state)
{
	struct world *world = *state;
	int64_t first_ns;

	take(world, "symbols");
	kernel_describer_request(&world->describer);
	first_ns = world->describer.interval_ns;
	for (unsigned int i = 0; i < 4; i++) {
		kernel_describer_meet(&world->describer, 0x9000);
		world->describer.requested_ns -= (first_ns << i) - NS_PER_SECOND;
		assert_int_equal(asked_count(world), i + 1);
		world->describer.requested_ns -= NS_PER_SECOND;
		assert_int_equal(asked_count(world), i + 2);
	}
	kernel_describer_request(&world->describer);
	assert_int_equal(world->describer.interval_ns, first_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(has_the_resolver_read_the_kernels_symbols, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(tells_a_server_what_it_knows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_what_comes_while_there_is_no_server, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(tells_that_there_are_no_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_no_slide_that_was_not_asked_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(tells_of_names_at_once_if_a_dictionary_has_begun,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_of_modules_that_have_gone_in_a_new_dictionary,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			modules_that_go_before_there_are_names_begin_one_dictionary, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(tells_only_what_is_news, set_up, tear_down),
		cmocka_unit_test_setup_teardown(asks_again_for_code_that_may_be_new, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(asks_less_and_less_often_between_the_regular_times,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_names_without_ranges, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("kernel_describer", tests, NULL, NULL);
}
