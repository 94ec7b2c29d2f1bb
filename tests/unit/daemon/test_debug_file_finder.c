/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/debug_file_finder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "unwind/debug_reference.h"

enum { OTHER_USER = 12345 };

/* A file system below a new folder, which is a --debug-dir at once, with a binary in it. */
struct world {
	char root[64];
	const char *folders[2];
	struct debug_file_finder finder;
	struct debug_place place;
	char binary[128], debug[128];
	char *found; /* path of what was found last */
	int fd;      /* … and a descriptor, or -errno */
};

static const struct build_id id = { { 0xab, 0xcd, 0xef }, 3 };

static void path_of(const struct world *world, const char *path, char ret_path[PATH_MAX])
{
	char *end;

	snprintf(ret_path, PATH_MAX, "%s%s", world->root, path);
	for (end = ret_path + strlen(world->root) + 1; (end = strchr(end, '/')); end++) {
		*end = '\0';
		(void)mkdir(ret_path, 0755);
		*end = '/';
	}
}

static void put(const struct world *world, const char *path, const char *content)
{
	char whole[PATH_MAX];
	int fd;

	path_of(world, path, whole);
	fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, content, strlen(content)), 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	close(fd);
}

static void put_elf(const struct world *world, const char *path)
{
	put(world, path, "\177ELF and so on");
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){ .root = "/tmp/pilotlight-test-XXXXXX", .fd = -1 };
	assert_non_null(mkdtemp(world.root));
	assert_int_equal(chmod(world.root, 0755), 0);
	put_elf(&world, "/bin/program");
	world.folders[0] = world.root;
	world.finder.folders = world.folders;
	snprintf(world.binary, sizeof(world.binary), "%s/bin/program", world.root);
	snprintf(world.debug, sizeof(world.debug), "%s/debug/a/program.debug", world.root);
	world.place = (struct debug_place){
		.fd = open(world.binary, O_RDONLY | O_CLOEXEC),
		.path = world.binary,
		.owner = getuid(),
		.build_id = id,
	};
	*state = &world;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

static void drop_found(struct world *world)
{
	if (world->fd >= 0) {
		close(world->fd);
		free(world->found);
	}
	world->fd = -1;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	drop_found(world);
	close(world->place.fd);
	return nftw(world->root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static bool finds_own(struct world *world)
{
	drop_found(world);
	world->fd = debug_file_finder_find_own(&world->finder, &world->place, &world->found);
	return world->fd >= 0;
}

static struct debug_reference reference_to(enum debug_reference_kind kind, const char *name)
{
	struct debug_reference reference = { .kind = kind };

	snprintf(reference.name, sizeof(reference.name), "%s", name);
	return reference;
}

static bool finds_reference(struct world *world, const struct debug_reference *reference)
{
	drop_found(world);
	world->fd = debug_file_finder_find(&world->finder, &world->place, reference, &world->found);
	return world->fd >= 0;
}

static bool finds(struct world *world, enum debug_reference_kind kind, const char *name)
{
	const struct debug_reference reference = reference_to(kind, name);

	return finds_reference(world, &reference);
}

static bool finds_link(struct world *world, const char *name)
{
	return finds(world, DEBUG_REFERENCE_LINK, name);
}

/* The path, in the world, of what was found last. */
static const char *found(const struct world *world)
{
	return world->found + strlen(world->root);
}

static void finds_a_debug_file_by_build_id(void **state)
{
	struct world *world = *state;

	assert_false(finds_own(world));
	assert_int_equal(world->fd, -ENOENT);
	put_elf(world, "/.build-id/ab/cdef.debug");
	assert_true(finds_own(world));
	assert_string_equal(found(world), "/.build-id/ab/cdef.debug");
	world->place.build_id.n_bytes = 1;
	assert_false(finds_own(world));
	world->place.build_id = id;
	world->finder.folders = NULL;
	assert_false(finds_own(world));
}

static void finds_a_debug_file_by_name_in_three_places(void **state)
{
	struct world *world = *state;
	char elsewhere[PATH_MAX];

	snprintf(elsewhere, sizeof(elsewhere), "%s/bin/a.debug", world->root);
	put_elf(world, elsewhere);
	assert_true(finds_link(world, "a.debug"));
	assert_string_equal(found(world), elsewhere);
	put_elf(world, "/bin/.debug/a.debug");
	assert_true(finds_link(world, "a.debug"));
	assert_string_equal(found(world), "/bin/.debug/a.debug");
	put_elf(world, "/bin/a.debug");
	assert_true(finds_link(world, "a.debug"));
	assert_string_equal(found(world), "/bin/a.debug");
}

static void a_binary_is_not_its_own_debug_file(void **state)
{
	assert_false(finds_link(*state, "program"));
}

static void a_name_with_folders_is_none(void **state)
{
	struct world *world = *state;
	char above[256];

	put_elf(world, "/a.debug");
	snprintf(above, sizeof(above), "%s/a.debug", world->root);
	assert_false(finds_link(world, "../a.debug"));
	assert_false(finds_link(world, above));
	assert_false(finds_link(world, ".."));
	assert_false(finds_link(world, ""));
}

static void finds_what_dwz_took_out_by_id_or_from_the_debug_file_on(void **state)
{
	struct debug_reference by_id = reference_to(DEBUG_REFERENCE_ALTERNATE, "nowhere");
	struct world *world = *state;
	char whole[256];

	put_elf(world, "/dwz/x");
	snprintf(whole, sizeof(whole), "%s/dwz/x", world->root);
	assert_true(finds(world, DEBUG_REFERENCE_ALTERNATE, whole));
	assert_false(finds(world, DEBUG_REFERENCE_ALTERNATE, "../../dwz/x"));
	put_elf(world, "/debug/a/program.debug");
	world->place.debug_path = world->debug;
	assert_true(finds(world, DEBUG_REFERENCE_ALTERNATE, "../../dwz/x"));
	put_elf(world, "/.build-id/01/0203.debug");
	by_id.build_id = (struct build_id){ { 1, 2, 3 }, 3 };
	assert_true(finds_reference(world, &by_id));
	assert_string_equal(found(world), "/.build-id/01/0203.debug");
}

static void finds_a_package_beside_the_binary_or_its_debug_file(void **state)
{
	struct world *world = *state;

	put_elf(world, "/debug/a/program.debug.dwp");
	assert_false(finds(world, DEBUG_REFERENCE_PACKAGE, ""));
	world->place.debug_path = world->debug;
	assert_true(finds(world, DEBUG_REFERENCE_PACKAGE, ""));
	put_elf(world, "/bin/program.dwp");
	assert_true(finds(world, DEBUG_REFERENCE_PACKAGE, ""));
	assert_string_equal(found(world), "/bin/program.dwp");
}

static void finds_an_object_where_it_was_compiled_or_beside_the_binary(void **state)
{
	struct debug_reference object = reference_to(DEBUG_REFERENCE_OBJECT, "obj/a.dwo");
	struct world *world = *state;
	char whole[256];

	put_elf(world, "/build/obj/a.dwo");
	assert_false(finds_reference(world, &object));
	snprintf(object.directory, sizeof(object.directory), "%s/build", world->root);
	assert_true(finds_reference(world, &object));
	object.directory[0] = 'x'; /* not from the root on */
	assert_false(finds_reference(world, &object));
	snprintf(whole, sizeof(whole), "%s/build/obj/a.dwo", world->root);
	assert_true(finds(world, DEBUG_REFERENCE_OBJECT, whole));
	put_elf(world, "/bin/a.dwo");
	assert_true(finds_reference(world, &object));
	assert_string_equal(found(world), "/bin/a.dwo");
}

/* Opening a pipe to read it would wait for a writer, opening a device might do anything. */
static void only_regular_files_are_opened(void **state)
{
	struct world *world = *state;
	char path[PATH_MAX];

	path_of(world, "/bin/pipe", path);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_false(finds_link(world, "pipe"));
	path_of(world, "/bin/folder/x", path);
	assert_false(finds_link(world, "folder"));
	path_of(world, "/bin/null", path);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_false(finds_link(world, "null"));
}

static void what_is_no_elf_file_is_not_given_out(void **state)
{
	struct world *world = *state;

	put(world, "/bin/passwords", "root:x:");
	assert_false(finds_link(world, "passwords"));
	put(world, "/bin/short", "\177EL");
	assert_false(finds_link(world, "short"));
	put(world, "/bin/empty", "");
	assert_false(finds_link(world, "empty"));
}

/* Nobody has us read for him what he may not. */
static void what_only_another_user_may_read_is_not_given_out(void **state)
{
	struct world *world = *state;
	char path[PATH_MAX];

	put_elf(world, "/bin/secret");
	path_of(world, "/bin/secret", path);
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(finds_link(world, "secret")); /* its owner is that of the binary */
	if (chown(path, OTHER_USER, OTHER_USER) < 0)
		skip();
	assert_false(finds_link(world, "secret"));
	assert_int_equal(chmod(path, 0644), 0);
	assert_true(finds_link(world, "secret"));
}

/* A process whose root is the world; 0 if there may be none. */
static pid_t start_in(const struct world *world)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (chroot(world->root) < 0)
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	return WIFSTOPPED(status) ? pid : 0;
}

/* The same paths, as they are in the root of a process. */
static void looks_in_the_root_of_the_process_first(void **state)
{
	struct world *world = *state;
	pid_t pid = start_in(world);

	if (!pid)
		skip();
	world->folders[0] = "/symbols";
	world->place.path = "/bin/program";
	world->place.pid = (uint32_t)pid;
	put_elf(world, "/symbols/.build-id/ab/cdef.debug");
	assert_true(finds_own(world));
	assert_string_equal(world->found, "/symbols/.build-id/ab/cdef.debug");
	put_elf(world, "/bin/.debug/a.debug");
	assert_true(finds_link(world, "a.debug"));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_false(finds_link(world, "a.debug")); /* it is in none of our folders */
}

static void no_link_leads_out_of_the_root_of_the_process(void **state)
{
	struct world *world = *state;
	pid_t pid = start_in(world);
	char path[PATH_MAX];

	if (!pid)
		skip();
	world->place.path = "/bin/program";
	world->place.pid = (uint32_t)pid;
	path_of(world, "/bin/absolute", path);
	assert_int_equal(symlink("/proc/self/exe", path), 0);
	assert_false(finds_link(world, "absolute"));
	path_of(world, "/bin/above", path);
	assert_int_equal(symlink("../../../../../../../../proc/self/exe", path), 0);
	assert_false(finds_link(world, "above"));
	path_of(world, "/bin/within", path);
	assert_int_equal(symlink("/files/x", path), 0);
	put_elf(world, "/files/x");
	assert_true(finds_link(world, "within"));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void a_change_of_a_folder_is_seen_from_above(void **state)
{
	struct world *world = *state;
	int64_t before_ns = debug_file_finder_changed(&world->finder), after_ns;

	put_elf(world, "/.build-id/ab/cdef.debug");
	after_ns = debug_file_finder_changed(&world->finder);
	assert_true(after_ns > before_ns);
	put_elf(world, "/.build-id/ac/cdef.debug");
	assert_true(debug_file_finder_changed(&world->finder) > after_ns);
}

static void names_without_end_lead_nowhere(void **state)
{
	struct world *world = *state;
	char name[DEBUG_REFERENCE_PATH_BYTES];
	char long_path[PATH_MAX];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_false(finds_link(world, name));
	memset(long_path, 'y', sizeof(long_path) - 1);
	long_path[0] = long_path[PATH_MAX - 2] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	world->place.path = long_path;
	assert_false(finds_link(world, name));
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(finds_a_debug_file_by_build_id),
		WITH_WORLD(finds_a_debug_file_by_name_in_three_places),
		WITH_WORLD(a_binary_is_not_its_own_debug_file),
		WITH_WORLD(a_name_with_folders_is_none),
		WITH_WORLD(finds_what_dwz_took_out_by_id_or_from_the_debug_file_on),
		WITH_WORLD(finds_a_package_beside_the_binary_or_its_debug_file),
		WITH_WORLD(finds_an_object_where_it_was_compiled_or_beside_the_binary),
		WITH_WORLD(only_regular_files_are_opened),
		WITH_WORLD(what_is_no_elf_file_is_not_given_out),
		WITH_WORLD(what_only_another_user_may_read_is_not_given_out),
		WITH_WORLD(looks_in_the_root_of_the_process_first),
		WITH_WORLD(no_link_leads_out_of_the_root_of_the_process),
		WITH_WORLD(a_change_of_a_folder_is_seen_from_above),
		WITH_WORLD(names_without_end_lead_nowhere),
	};

	return cmocka_run_group_tests_name("debug file finder", tests, NULL, NULL);
}
