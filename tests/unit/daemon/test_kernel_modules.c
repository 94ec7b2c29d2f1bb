/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/kernel_modules.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel_maps.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/channel.h"
#include "profiler/daemon/binary_describer.h"
#include "profiler/daemon/kernel_file_finder.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/table_cache.h"
#include "profiler/daemon/table_loader.h"
#include "table_maker.h"
#include "temporary_folder.h"
#include "unwind/symbol_file_build.h"

#define RELEASE "1.2.3-no-such-kernel"
#define LOADED  "0xffffffffc0201000\n"

/* A file as a module's, of nothing but a build id. */
struct module_file {
	Elf64_Ehdr header;
	Elf64_Shdr notes;
	Elf64_Nhdr note;
	char name[4];
	uint8_t id[20];
};

/* The kernel's module "fuse", made of files; and the other end of the resolver's channel. */
struct world {
	struct temporary_folder folder;
	struct table_store_maps maps;
	struct table_store *store;
	struct table_cache *cache;
	struct table_loader *loader;
	struct role_process server, resolver;
	struct binary_describer *binaries;
	struct channel *other_end;
	struct kernel_file_finder finder;
	struct kernel_modules modules;
	char sections[256]; /* as the resolver was told last */
	unsigned int n_asked;
	uint32_t file; /* of the last question */
};

static const struct kernel_range range = { 0x1000, 0x9000, "[fuse]", 0, 0, 0 };

static struct module_file make_file(uint8_t first_of_id)
{
	return (struct module_file){
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_REL,
			    .e_shoff = offsetof(struct module_file, notes),
			    .e_shentsize = sizeof(Elf64_Shdr),
			    .e_shnum = 1 },
		.notes = { .sh_type = SHT_NOTE,
			   .sh_offset = offsetof(struct module_file, note),
			   .sh_size = sizeof(struct module_file) -
				      offsetof(struct module_file, note) },
		.note = { .n_namesz = 4, .n_descsz = 20, .n_type = NT_GNU_BUILD_ID },
		.name = "GNU",
		.id = { first_of_id, 2, 3 },
	};
}

/* Put a file below the folder, and what lies above it. */
static void put(const struct world *world, const char *path, const void *bytes, size_t size)
{
	_cleanup_(closep) int fd = -1;
	char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s/%s", world->folder.path, path);
	for (char *end = whole + strlen(world->folder.path); (end = strchr(end + 1, '/'));) {
		*end = '\0';
		(void)mkdir(whole, 0755);
		*end = '/';
	}
	fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, bytes, size), 0);
}

static void load_module(const struct world *world, uint8_t first_of_id, const char *address)
{
	const struct module_file file = make_file(first_of_id);

	put(world, "fuse/sections/.text", address, strlen(address));
	put(world, "fuse/notes/.note.gnu.build-id", &file.note,
	    sizeof(file) - offsetof(struct module_file, note));
}

static void put_file(const struct world *world, uint8_t first_of_id)
{
	const struct module_file file = make_file(first_of_id);
	static const char list[] = "kernel/fuse.ko:\n";

	put(world, RELEASE "/modules.dep", list, strlen(list));
	put(world, RELEASE "/kernel/fuse.ko", &file, sizeof(file));
}

static int set_up(void **state)
{
	const struct table_cache_options no_cache = { 0 };
	struct binary_describer_options options;
	static struct world world;
	int fds[2];

	world = (struct world){ .maps = kernel_maps_open(), .folder = temporary_folder_make() };
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
	assert_int_equal(binary_describer_new(&options, &world.binaries), 0);
	world.finder =
		(struct kernel_file_finder){ .modules = world.folder.path, .release = RELEASE };
	world.modules = (struct kernel_modules){ .resolver = &world.resolver,
						 .binaries = world.binaries,
						 .finder = &world.finder,
						 .folder = world.folder.path };
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	kernel_modules_fini(&world->modules);
	binary_describer_free(world->binaries);
	channel_free(world->resolver.channel);
	channel_free(world->other_end);
	table_loader_free(world->loader);
	table_cache_free(world->cache);
	table_store_free(world->store);
	kernel_maps_close(&world->maps);
	temporary_folder_fini(&world->folder);
	return 0;
}

static int on_question(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	const struct message_build *build = message->body;
	struct world *world = context;
	ssize_t n;

	assert_int_equal(message->type, MESSAGE_BUILD);
	assert_int_equal(build->kind, BUILD_MODULE);
	assert_true(fds[0] >= 0);
	n = read(fds[1], world->sections, sizeof(world->sections) - 1);
	assert_true(n >= 0);
	world->sections[n] = '\0';
	world->file = build->file;
	world->n_asked++;
	return 0;
}

/* How often the resolver was asked, after another look. */
static unsigned int asked_count(struct world *world)
{
	kernel_modules_look(&world->modules);
	assert_int_equal(channel_receive(world->other_end, on_question, world), 0);
	return world->n_asked;
}

static bool answer(struct world *world)
{
	const struct message_module message = {
		.file = world->file,
		.n_places = 2,
		.places = { { 0x2000, 0x3000, 0x700 }, { 0x8000, 0xa000, 0x800 } },
	};

	return kernel_modules_take(&world->modules, &message);
}

static void has_the_resolver_say_where_a_module_runs(void **state)
{
	struct world *world = *state;

	load_module(world, 1, LOADED);
	put_file(world, 1);
	assert_int_equal(asked_count(world), 0);
	kernel_modules_want(&world->modules, &range);
	kernel_modules_want(&world->modules, &range);
	assert_int_equal(asked_count(world), 1);
	assert_string_equal(world->sections, ".text " LOADED);
	assert_int_equal(asked_count(world), 1);
	assert_true(answer(world));
	kernel_modules_recheck(&world->modules);
	assert_int_equal(asked_count(world), 1);
}

static void asks_again_for_a_module_that_was_loaded_elsewhere(void **state)
{
	struct world *world = *state;
	uint32_t file;

	load_module(world, 1, LOADED);
	put_file(world, 1);
	kernel_modules_want(&world->modules, &range);
	assert_int_equal(asked_count(world), 1);
	assert_true(answer(world));
	file = world->file;
	load_module(world, 1, "0xffffffffc0900000\n");
	assert_int_equal(asked_count(world), 1); /* nobody says that it is to be looked at */
	kernel_modules_recheck(&world->modules);
	assert_int_equal(asked_count(world), 2);
	assert_int_equal(world->file, file);
	assert_string_equal(world->sections, ".text 0xffffffffc0900000\n");
}

static void asks_again_for_another_build_in_the_same_place(void **state)
{
	char path[PATH_MAX - 4], old_path[PATH_MAX];
	struct world *world = *state;
	uint32_t file;

	load_module(world, 1, LOADED);
	put_file(world, 1);
	kernel_modules_want(&world->modules, &range);
	assert_int_equal(asked_count(world), 1);
	assert_true(answer(world));
	file = world->file;
	load_module(world, 2, LOADED);
	snprintf(path, sizeof(path), "%s/" RELEASE "/kernel/fuse.ko", world->folder.path);
	snprintf(old_path, sizeof(old_path), "%s.old", path);
	assert_int_equal(rename(path, old_path), 0);
	put_file(world, 2);
	kernel_modules_recheck(&world->modules);
	assert_int_equal(asked_count(world), 2);
	assert_int_not_equal(world->file, file);
}

static enum modules_change change_to(struct world *world, const char *list)
{
	put(world, "modules", list, strlen(list));
	return kernel_modules_change(&world->modules);
}

static void notices_modules_that_come_go_or_move(void **state)
{
	struct world *world = *state;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/modules", world->folder.path);
	world->modules.list = path;
	assert_int_equal(kernel_modules_change(&world->modules), MODULES_STAY); /* no list */
	assert_int_equal(change_to(world, "fuse 176128 3 - Live 0xffffffffc0201000\n"),
			 MODULES_COME);
	assert_int_equal(change_to(world, "fuse 176128 4 veth, Live 0xffffffffc0201000\n"),
			 MODULES_STAY);
	assert_int_equal(change_to(world, "fuse 176128 4 - Live 0xffffffffc0202000\n"), MODULES_GO);
	assert_int_equal(change_to(world, "veth 176128 4 - Live 0xffffffffc0202000\n"), MODULES_GO);
	assert_int_equal(change_to(world, "dm 16384 0 - Live 0xffffffffc0302000 (OE)\n"
					  "veth 176128 4 - Live 0xffffffffc0202000\n"),
			 MODULES_COME);
	assert_int_equal(change_to(world, "veth 176128 4 - Live 0xffffffffc0202000\n"), MODULES_GO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(kernel_modules_change(&world->modules), MODULES_STAY);
	assert_int_equal(change_to(world, "veth 176128 4 - Live 0xffffffffc0202000\n"),
			 MODULES_STAY);
	assert_int_equal(change_to(world, ""), MODULES_GO);
}

static void leaves_another_build_of_a_module_alone(void **state)
{
	struct world *world = *state;

	load_module(world, 1, LOADED);
	put_file(world, 9);
	kernel_modules_want(&world->modules, &range);
	assert_int_equal(asked_count(world), 0);
	put_file(world, 1); /* it is installed later */
	kernel_modules_recheck(&world->modules);
	assert_int_equal(asked_count(world), 1);
}

static void asks_no_more_than_thrice_in_vain(void **state)
{
	struct world *world = *state;

	load_module(world, 1, LOADED);
	put_file(world, 1);
	kernel_modules_want(&world->modules, &range);
	for (unsigned int i = 1; i <= 5; i++) {
		assert_int_equal(asked_count(world), i < 3 ? i : 3);
		kernel_modules_recheck(&world->modules);
	}
}

/* Names come from the resolver, and become paths. */
static void looks_nowhere_else(void **state)
{
	static const char *const names[] = { "fuse", "[fuse", "[../fuse]", "[]", "[.]", "[fuse]x" };
	struct world *world = *state;
	struct kernel_range other = { 0 };

	load_module(world, 1, LOADED);
	put_file(world, 1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(other.name, sizeof(other.name), "%s", names[i]);
		kernel_modules_want(&world->modules, &other);
	}
	assert_int_equal(world->modules.n, 0);
}

static void assert_range(const struct kernel_range *part, uint64_t start_addr, uint64_t end_addr,
			 uint32_t file, uint64_t slide)
{
	assert_string_equal(part->name, "[fuse]");
	assert_int_equal(part->start_addr, start_addr);
	assert_int_equal(part->end_addr, end_addr);
	assert_int_equal(part->file, file);
	if (file)
		assert_int_equal(part->slide, slide);
}

static void says_which_parts_of_a_range_are_in_the_file(void **state)
{
	_cleanup_(buffer_fini) struct buffer ranges = { 0 };
	const struct kernel_range *parts;
	struct world *world = *state;

	kernel_modules_append_ranges(&world->modules, &range, &ranges);
	assert_int_equal(ranges.size, sizeof(range));
	assert_range((const void *)ranges.data, 0x1000, 0x9000, 0, 0);
	load_module(world, 1, LOADED);
	put_file(world, 1);
	kernel_modules_want(&world->modules, &range);
	assert_int_equal(asked_count(world), 1);
	assert_true(answer(world));
	ranges.size = 0;
	kernel_modules_append_ranges(&world->modules, &range, &ranges);
	assert_int_equal(ranges.size, 4 * sizeof(range));
	parts = (const void *)ranges.data;
	assert_range(&parts[0], 0x1000, 0x2000, 0, 0);
	assert_range(&parts[1], 0x2000, 0x3000, world->file, 0x700);
	assert_range(&parts[2], 0x3000, 0x8000, 0, 0);
	assert_range(&parts[3], 0x8000, 0x9000, world->file, 0x800);
}

static void takes_no_answer_that_was_not_asked_for(void **state)
{
	struct world *world = *state;

	world->file = 7;
	assert_false(answer(world));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(has_the_resolver_say_where_a_module_runs, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(asks_again_for_a_module_that_was_loaded_elsewhere,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(asks_again_for_another_build_in_the_same_place,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaves_another_build_of_a_module_alone, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(asks_no_more_than_thrice_in_vain, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(notices_modules_that_come_go_or_move, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(looks_nowhere_else, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_which_parts_of_a_range_are_in_the_file, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(takes_no_answer_that_was_not_asked_for, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("kernel_modules", tests, NULL, NULL);
}
