/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/container_describer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel_maps.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/channel.h"
#include "profiler/container_table.h"
#include "profiler/daemon/role.h"
#include "temporary_folder.h"

#define ID     "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
#define ID2    "34dc0b5e626f2c5c4c5170e34b10e7654ce36f0fcd532739f4445baabea03376"
#define UID    "7d4424e6-bb13-42f4-a47a-45a4828bf54d"
#define IN_POD "/kubepods/pod" UID "/"

#define MINUTE_NS (60 * NS_PER_SECOND)

/* The describer between a resolver and a fetcher. */
struct world {
	struct role_process resolver, fetcher, spare; /* a resolver that is not there yet */
	struct channel *resolver_end, *fetcher_end;
	struct container_describer *describer;
	struct temporary_folder folder;
	unsigned int n_ordered, n_asked; /* since that was looked at last */
	char text[80];                   /* of the list that was ordered last */
};

static void connect_role(struct role_process *role, struct channel **ret_other_end)
{
	int fds[2];

	assert_int_equal(channel_pair(fds), 0);
	assert_int_equal(channel_new(fds[0], 1 << 20, &role->channel), 0);
	assert_int_equal(channel_new(fds[1], 1 << 20, ret_other_end), 0);
}

/* @pods, and lists of containers, are in the folder, unless it is a URL. */
static void world_init(struct world *world, const char *pods)
{
	static char docker[128], podman[128], file[128]; /* borrowed as long as the describer */
	const struct container_describer_options options = {
		.resolver = &world->resolver,
		.fetcher = &world->fetcher,
		.pods = pods && !strchr(pods, ':') ? file : pods,
		.docker_folder = docker,
		.podman_list = podman,
		.max_bytes = 1 << 20,
	};

	*world = (struct world){ .folder = temporary_folder_make() };
	snprintf(docker, sizeof(docker), "%s", world->folder.path);
	snprintf(podman, sizeof(podman), "%s/containers.json", world->folder.path);
	snprintf(file, sizeof(file), "%s/%s", world->folder.path, pods ? pods : "");
	connect_role(&world->resolver, &world->resolver_end);
	connect_role(&world->fetcher, &world->fetcher_end);
	assert_int_equal(container_describer_new(&options, &world->describer), 0);
}

static void world_fini(struct world *world)
{
	container_describer_free(world->describer);
	channel_free(world->resolver.channel);
	channel_free(world->resolver_end);
	channel_free(world->spare.channel);
	channel_free(world->fetcher.channel);
	channel_free(world->fetcher_end);
	temporary_folder_fini(&world->folder);
}

static void write_list(const struct world *world, const char *name, const char *text)
{
	char path[256];
	_cleanup_(closep) int fd = -1;

	snprintf(path, sizeof(path), "%s/%s", world->folder.path, name);
	unlink(path); /* another file: none that was written to twice within a tick of its clock */
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, text, strlen(text)), 0);
}

static int on_message(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct world *world = context;
	ssize_t n;

	if (message->type == MESSAGE_FETCH_PODS) {
		world->n_asked++;
		return 0;
	}
	assert_int_equal(message->type, MESSAGE_BUILD);
	assert_int_equal(((const struct message_build *)message->body)->kind, BUILD_CONTAINERS);
	n = read(fds[0], world->text, sizeof(world->text) - 1);
	assert_true(n >= 0);
	world->text[n] = '\0';
	world->n_ordered++;
	return 0;
}

/* A while later: what the describer has asked for by then. */
static void expect(struct world *world, int64_t later_ns, unsigned int n_ordered,
		   unsigned int n_asked)
{
	kernel_maps_advance_ns(later_ns);
	world->n_ordered = world->n_asked = 0;
	container_describer_tend(world->describer);
	assert_int_equal(channel_receive(world->resolver_end, on_message, world), 0);
	assert_int_equal(channel_receive(world->fetcher_end, on_message, world), 0);
	assert_int_equal(world->n_ordered, n_ordered);
	assert_int_equal(world->n_asked, n_asked);
}

static int make_list(const char *bytes, size_t size, int seals)
{
	int fd = memfd_create("list", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, bytes, size), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

/* A role says something, with a memory file of those bytes, sealed or not. */
static int say(struct world *world, enum role role, struct message message, const char *bytes,
	       int seals)
{
	_cleanup_(closep) int fd = make_list(bytes, strlen(bytes), seals);

	assert_true(container_describer_owns(&message));
	return container_describer_on_message(world->describer, role, &message, (int[]){ fd, -1 });
}

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static const struct message_fetched found = { 0, FETCH_FOUND }, failed = { 0, FETCH_FAILED };
static const struct message_containers containers = { .report = { 0 } };
static const struct message pods_found = { MESSAGE_PODS, &found, sizeof(found) };
static const struct message pods_failed = { MESSAGE_PODS, &failed, sizeof(failed) };
static const struct message records = { MESSAGE_CONTAINERS, &containers, sizeof(containers) };

static void asks_the_kubelet_every_five_minutes(void **state)
{
	_cleanup_(world_fini) struct world world;

	(void)state;
	world_init(&world, "http://127.0.0.1:10255/pods");
	expect(&world, 0, 0, 1);
	expect(&world, 5 * MINUTE_NS - 1, 0, 0);
	expect(&world, 1, 0, 1);
}

static void asks_again_in_a_minute_if_that_has_failed(void **state)
{
	_cleanup_(world_fini) struct world world;

	(void)state;
	world_init(&world, "http://127.0.0.1:10255/pods");
	expect(&world, 0, 0, 1);
	assert_int_equal(say(&world, ROLE_FETCHER, pods_failed, "", 0), 0);
	expect(&world, MINUTE_NS - 1, 0, 0);
	expect(&world, 1, 0, 1);
	assert_int_equal(say(&world, ROLE_FETCHER, pods_found, "[]", SEALS), 0);
	expect(&world, 5 * MINUTE_NS - 1, 1, 0);
}

static void asks_some_times_more_for_a_pod_that_is_not_known(void **state)
{
	_cleanup_(world_fini) struct world world;

	(void)state;
	world_init(&world, "http://127.0.0.1:10255/pods");
	expect(&world, 0, 0, 1);
	container_describer_meet(world.describer, IN_POD ID);
	expect(&world, 5 * NS_PER_SECOND - 1, 0, 0); /* not too often */
	expect(&world, 1, 0, 1);
	expect(&world, 5 * NS_PER_SECOND, 0, 1);
	expect(&world, 10 * NS_PER_SECOND, 0, 1);
	expect(&world, 20 * NS_PER_SECOND, 0, 1);
	expect(&world, 40 * NS_PER_SECOND, 0, 1);
	container_describer_meet(world.describer, IN_POD ID);
	container_describer_meet(world.describer, NULL);
	container_describer_meet(world.describer, "/system.slice/ssh.service");
	expect(&world, 5 * MINUTE_NS - 1, 0, 0);
	container_describer_meet(world.describer, IN_POD ID2);
	expect(&world, 0, 0, 1);
}

static void has_what_the_kubelet_says_read(void **state)
{
	_cleanup_(world_fini) struct world world;
	struct container_status status;

	(void)state;
	world_init(&world, "http://127.0.0.1:10255/pods");
	expect(&world, 0, 0, 1);
	assert_int_equal(say(&world, ROLE_FETCHER, pods_found, "[]", SEALS), 0);
	expect(&world, 0, 1, 0);
	assert_string_equal(world.text, "[]");
	assert_int_equal(say(&world, ROLE_FETCHER, pods_failed, "", 0), 0);
	expect(&world, 0, 0, 0);
	container_describer_get_status(world.describer, &status);
	assert_int_equal(status.pods_read, 1);
	assert_int_equal(status.pods_failed, 1);
}

static void reads_a_file_when_it_has_changed(void **state)
{
	_cleanup_(world_fini) struct world world;
	struct container_status status;

	(void)state;
	world_init(&world, "pods.json");
	expect(&world, 0, 0, 0); /* it is not there */
	write_list(&world, "pods.json", "{1}");
	expect(&world, 5 * NS_PER_SECOND, 1, 0);
	assert_string_equal(world.text, "{1}");
	expect(&world, MINUTE_NS, 0, 0);
	write_list(&world, "pods.json", "{22}");
	expect(&world, MINUTE_NS, 1, 0);
	assert_string_equal(world.text, "{22}");
	container_describer_on_resolver_start(world.describer);
	expect(&world, 0, 1, 0); /* the last one may not have read it */
	container_describer_get_status(world.describer, &status);
	assert_int_equal(status.pods_read, 3);
	assert_int_equal(status.pods_failed, 1);
}

/* What Docker says of @id is that itself. */
static void make_docker(const struct world *world, const char *id)
{
	char path[192], name[128];

	snprintf(path, sizeof(path), "%s/%s", world->folder.path, id);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(name, sizeof(name), "%s/config.v2.json", id);
	write_list(world, name, id);
}

static void remove_docker(const struct world *world, const char *id)
{
	char path[192];

	snprintf(path, sizeof(path), "%s/%s/config.v2.json", world->folder.path, id);
	assert_int_equal(unlink(path), 0);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
}

static void reads_what_docker_says_of_a_container_once(void **state)
{
	_cleanup_(world_fini) struct world world;

	(void)state;
	world_init(&world, NULL);
	make_docker(&world, ID);
	container_describer_meet(world.describer, "/system.slice/docker-" ID ".scope");
	expect(&world, 0, 1, 0);
	assert_string_equal(world.text, ID);
	container_describer_meet(world.describer, "/system.slice/docker-" ID ".scope");
	container_describer_meet(world.describer, "/system.slice/docker-" ID2 ".scope");
	expect(&world, 0, 0, 0);
	remove_docker(&world, ID);
}

static void reads_podmans_list_when_one_of_it_is_met(void **state)
{
	_cleanup_(world_fini) struct world world;

	(void)state;
	world_init(&world, NULL);
	write_list(&world, "containers.json", "[podman]");
	expect(&world, 0, 0, 0);
	container_describer_meet(world.describer, "/machine.slice/libpod-" ID ".scope");
	expect(&world, 0, 1, 0);
	assert_string_equal(world.text, "[podman]");
	container_describer_meet(world.describer, "/machine.slice/libpod-" ID2 ".scope");
	expect(&world, 0, 0, 0); /* it has not changed */
}

/* The resolver ends, or another is there. */
static void end_resolver(struct world *world)
{
	world->resolver.channel = channel_free(world->resolver.channel);
	world->resolver_end = channel_free(world->resolver_end);
	connect_role(&world->spare, &world->resolver_end);
}

static void start_resolver(struct world *world)
{
	world->resolver.channel = world->spare.channel;
	world->spare.channel = NULL;
	container_describer_on_resolver_start(world->describer);
}

static uint64_t count_delayed(const struct world *world)
{
	struct container_status status;

	container_describer_get_status(world->describer, &status);
	return status.lists_delayed;
}

static void keeps_the_kubelets_list_until_there_is_a_resolver(void **state)
{
	_cleanup_(world_fini) struct world world;

	(void)state;
	world_init(&world, "http://127.0.0.1:10255/pods");
	expect(&world, 0, 0, 1);
	end_resolver(&world);
	assert_int_equal(say(&world, ROLE_FETCHER, pods_found, "[1]", SEALS), 0);
	assert_int_equal(say(&world, ROLE_FETCHER, pods_found, "[2]", SEALS), 0);
	expect(&world, 0, 0, 0);
	assert_int_equal(count_delayed(&world), 1);
	start_resolver(&world);
	expect(&world, 0, 1, 1);
	assert_string_equal(world.text, "[2]");
	expect(&world, MINUTE_NS, 0, 0);
}

static void asks_another_resolver_of_containers_that_are_not_known(void **state)
{
	_cleanup_(world_fini) struct world world;
	const char record[] = "C" ID2 "\0web\0";
	_cleanup_(closep) int fd = make_list(record, sizeof(record), SEALS);

	(void)state;
	world_init(&world, NULL);
	make_docker(&world, ID);
	make_docker(&world, ID2);
	container_describer_meet(world.describer, "/system.slice/docker-" ID2 ".scope");
	expect(&world, 0, 1, 0);
	end_resolver(&world);
	container_describer_meet(world.describer, "/system.slice/docker-" ID ".scope");
	expect(&world, MINUTE_NS, 0, 0);
	assert_int_equal(count_delayed(&world), 1);
	start_resolver(&world);
	expect(&world, 0, 2, 0); /* who knows what the other one has read? */
	expect(&world, 0, 0, 0);
	assert_int_equal(container_describer_on_message(world.describer, ROLE_RESOLVER, &records,
							(int[]){ fd, -1 }),
			 0);
	end_resolver(&world);
	start_resolver(&world);
	expect(&world, 0, 1, 0);
	assert_string_equal(world.text, ID);
	remove_docker(&world, ID);
	remove_docker(&world, ID2);
}

static void asks_another_resolver_of_podmans_list(void **state)
{
	_cleanup_(world_fini) struct world world;

	(void)state;
	world_init(&world, NULL);
	write_list(&world, "containers.json", "[podman]");
	end_resolver(&world);
	container_describer_meet(world.describer, "/machine.slice/libpod-" ID ".scope");
	expect(&world, 0, 0, 0);
	assert_int_equal(count_delayed(&world), 1);
	start_resolver(&world);
	expect(&world, 0, 1, 0);
	end_resolver(&world);
	start_resolver(&world);
	expect(&world, 0, 1, 0);
	assert_int_equal(count_delayed(&world), 1);
}

static void knows_what_the_resolver_has_read(void **state)
{
	_cleanup_(world_fini) struct world world;
	const char record[] = "C" ID "\0web\0";
	_cleanup_(closep) int fd = make_list(record, sizeof(record), SEALS);
	struct container_table *table;

	(void)state;
	world_init(&world, NULL);
	table = container_describer_table(world.describer);
	assert_int_equal(container_describer_on_message(world.describer, ROLE_RESOLVER, &records,
							(int[]){ fd, -1 }),
			 0);
	assert_true(container_table_knows(table, ID));
}

/* A list is sealed also for who has opened it for writing, and cannot read it. */
static void counts_what_could_not_be_read(void **state)
{
	_cleanup_(world_fini) struct world world;
	const char record[] = "C" ID "\0web\0";
	_cleanup_(closep) int list_fd = make_list(record, sizeof(record), SEALS);
	_cleanup_(closep) int fd = -1;
	struct container_status status;
	char path[64];

	(void)state;
	world_init(&world, NULL);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", list_fd);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(container_describer_on_message(world.describer, ROLE_RESOLVER, &records,
							(int[]){ fd, -1 }),
			 0);
	container_describer_get_status(world.describer, &status);
	assert_int_equal(status.losses[CONTAINER_LOSS_UNREAD], 1);
	assert_int_equal(status.n_containers, 0);
}

static void refuses_what_nobody_may_say(void **state)
{
	_cleanup_(world_fini) struct world world;

	(void)state;
	world_init(&world, "http://127.0.0.1:10255/pods");
	assert_int_equal(say(&world, ROLE_RESOLVER, pods_found, "", SEALS), -EBADMSG);
	assert_int_equal(say(&world, ROLE_FETCHER, records, "", SEALS), -EBADMSG);
	assert_int_equal(say(&world, ROLE_FETCHER, pods_found, "", 0), -EBADMSG);
	assert_int_equal(say(&world, ROLE_RESOLVER, records, "", 0), -EBADMSG);
	assert_int_equal(say(&world, ROLE_RESOLVER, records, "nonsense", SEALS), -EBADMSG);
	assert_int_equal(say(&world, ROLE_RESOLVER, records, "", SEALS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_the_kubelet_every_five_minutes),
		cmocka_unit_test(asks_again_in_a_minute_if_that_has_failed),
		cmocka_unit_test(asks_some_times_more_for_a_pod_that_is_not_known),
		cmocka_unit_test(has_what_the_kubelet_says_read),
		cmocka_unit_test(reads_a_file_when_it_has_changed),
		cmocka_unit_test(reads_what_docker_says_of_a_container_once),
		cmocka_unit_test(reads_podmans_list_when_one_of_it_is_met),
		cmocka_unit_test(keeps_the_kubelets_list_until_there_is_a_resolver),
		cmocka_unit_test(asks_another_resolver_of_containers_that_are_not_known),
		cmocka_unit_test(asks_another_resolver_of_podmans_list),
		cmocka_unit_test(knows_what_the_resolver_has_read),
		cmocka_unit_test(counts_what_could_not_be_read),
		cmocka_unit_test(refuses_what_nobody_may_say),
	};

	return cmocka_run_group_tests_name("container_describer", tests, NULL, NULL);
}
