/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/kernel_file_finder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"

#define RELEASE "1.2.3-no-such-kernel"

/* A folder of debug information. The kernel is this program, by its build id. */
struct world {
	char root[64], modules[72];
	const char *folders[3];
	struct kernel_file_finder finder;
	char hex[2 * BUILD_ID_MAX_BYTES + 1];
	char head[16384]; /* of this program: what a build id is read from */
};

static int set_up(void **state)
{
	static struct world world;
	_cleanup_(closep) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	world = (struct world){ .root = "/tmp/pilotlight-test-XXXXXX" };
	assert_non_null(mkdtemp(world.root));
	world.folders[0] = "/nonexistent";
	world.folders[1] = world.root;
	world.finder.folders = world.folders;
	world.finder.modules = world.modules;
	snprintf(world.modules, sizeof(world.modules), "%s/modules", world.root);
	world.finder.release = RELEASE;
	assert_int_equal(file_read_at(fd, world.head, sizeof(world.head), 0), 0);
	if (build_id_read(fd, &world.finder.build_id) < 0)
		skip();
	for (uint32_t i = 0; i < world.finder.build_id.n_bytes; i++)
		snprintf(world.hex + 2 * i, 3, "%02x", world.finder.build_id.bytes[i]);
	*state = &world;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static int tear_down(void **state)
{
	const struct world *world = *state;

	return nftw(world->root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Put a file at @path below the folder, and what lies above it. */
static void put(const struct world *world, const char *path, const void *bytes, size_t size)
{
	_cleanup_(closep) int fd = -1;
	char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s/%s", world->root, path);
	for (char *end = whole + 1; (end = strchr(end, '/')); end++) {
		*end = '\0';
		(void)mkdir(whole, 0755);
		*end = '/';
	}
	fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, bytes, size), 0);
}

/* What is found lies there, or is nothing: NULL. */
static void finds(const struct world *world, const char *expected)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = kernel_file_finder_find(&world->finder, &path);

	if (!expected) {
		assert_int_equal(fd, -ENOENT);
		assert_null(path);
		return;
	}
	assert_true(fd >= 0);
	assert_string_equal(path + strlen(world->root) + 1, expected);
}

static void finds_it_by_its_name(void **state)
{
	const struct world *world = *state;

	finds(world, NULL);
	put(world, "boot/vmlinux-" RELEASE, world->head, sizeof(world->head));
	finds(world, "boot/vmlinux-" RELEASE);
	put(world, "lib/modules/" RELEASE "/vmlinux", world->head, sizeof(world->head));
	finds(world, "lib/modules/" RELEASE "/vmlinux");
}

static void finds_it_by_its_build_id_before_all(void **state)
{
	const struct world *world = *state;
	char path[256];

	put(world, "boot/vmlinux-" RELEASE, world->head, sizeof(world->head));
	snprintf(path, sizeof(path), ".build-id/%.2s/%s.debug", world->hex, world->hex + 2);
	put(world, path, world->head, sizeof(world->head));
	finds(world, path);
}

static void passes_over_the_file_of_another_kernel(void **state)
{
	struct world *world = *state;

	put(world, "lib/modules/" RELEASE "/vmlinux", "no ELF", 6);
	finds(world, NULL);
	put(world, "lib/modules/" RELEASE "/vmlinux", world->head, sizeof(world->head));
	world->finder.build_id.bytes[3] ^= 1;
	finds(world, NULL);
	world->finder.build_id.bytes[3] ^= 1;
	world->finder.build_id.n_bytes--;
	finds(world, NULL);
	world->finder.build_id.n_bytes = 0;
	finds(world, NULL);
}

static void finds_module(const struct world *world, const char *name, const char *expected)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = kernel_file_finder_find_module(&world->finder, name,
								  &world->finder.build_id, &path);

	assert_true(expected ? fd >= 0 : fd == -ENOENT);
	if (expected)
		assert_string_equal(path + strlen(world->root) + 1, expected);
}

static void put_list(const struct world *world)
{
	static const char list[] = "kernel/net/own.ko:\n"
				   "kernel/fs/the-own.ko.xz: kernel/net/own.ko\n"
				   "own_2.ko: kernel/net/own.ko";

	put(world, "modules/" RELEASE "/modules.dep", list, strlen(list));
}

static void finds_a_module_by_the_list_of_all(void **state)
{
	const struct world *world = *state;

	put(world, "modules/" RELEASE "/kernel/fs/the-own.ko", world->head, sizeof(world->head));
	finds_module(world, "the_own", NULL);
	put_list(world);
	finds_module(world, "the_own", "modules/" RELEASE "/kernel/fs/the-own.ko");
	finds_module(world, "own", NULL);
	finds_module(world, "own_2", NULL);
	put(world, "modules/" RELEASE "/own_2.ko", world->head, sizeof(world->head));
	finds_module(world, "own_2", "modules/" RELEASE "/own_2.ko");
}

static void finds_the_debug_file_of_a_module_before_itself(void **state)
{
	static const char *const places[] = {
		"modules/" RELEASE "/kernel/fs/the-own.ko",
		"lib/modules/" RELEASE "/kernel/fs/the-own.ko",
		"lib/modules/" RELEASE "/kernel/fs/the-own.ko.debug",
	};
	const struct world *world = *state;
	char path[256];

	put_list(world);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		put(world, places[i], world->head, sizeof(world->head));
		finds_module(world, "the_own", places[i]);
	}
	snprintf(path, sizeof(path), ".build-id/%.2s/%s.debug", world->hex, world->hex + 2);
	put(world, path, world->head, sizeof(world->head));
	finds_module(world, "the_own", path);
	finds_module(world, "of_no_list", path);
}

static void passes_over_another_build_of_a_module(void **state)
{
	struct world *world = *state;

	put_list(world);
	put(world, "modules/" RELEASE "/own_2.ko", world->head, sizeof(world->head));
	world->finder.build_id.bytes[3] ^= 1;
	finds_module(world, "own_2", NULL);
}

static void reads_who_the_running_kernel_is(void **state)
{
	struct build_id id;

	(void)state;
	if (access("/sys/kernel/notes", R_OK) < 0)
		skip();
	assert_int_equal(kernel_file_finder_read_build_id(&id), 0);
	assert_true(id.n_bytes >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_it_by_its_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(finds_it_by_its_build_id_before_all, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(passes_over_the_file_of_another_kernel, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(finds_a_module_by_the_list_of_all, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(finds_the_debug_file_of_a_module_before_itself,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(passes_over_another_build_of_a_module, set_up,
						tear_down),
		cmocka_unit_test(reads_who_the_running_kernel_is),
	};

	return cmocka_run_group_tests_name("kernel_file_finder", tests, NULL, NULL);
}
