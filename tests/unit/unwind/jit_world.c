/* SPDX-License-Identifier: Apache-2.0 */
#include "jit_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "profiler/base/buffer.h"
#include "unwind/symbol_file.h"

int jit_world_set_up(void **state)
{
	static struct jit_world world;

	world = (struct jit_world){ 0 };
	assert_int_equal(jit_code_new(&world.report, &world.code), 0);
	*state = &world;
	return 0;
}

int jit_world_tear_down(void **state)
{
	struct jit_world *world = *state;

	symbol_file_free(world->symbols);
	jit_code_free(world->code);
	return 0;
}

void jit_world_finish(struct jit_world *world)
{
	struct buffer bytes = { 0 };
	int fd;

	assert_int_equal(jit_code_finish(world->code, &bytes), 0);
	fd = fixture_memfd(bytes.data, bytes.size);
	assert_int_equal(symbol_file_map(fd, &world->symbols), 0);
	buffer_fini(&bytes);
	close(fd);
}

struct symbol_frame jit_world_find(const struct jit_world *world, uint64_t pc)
{
	struct symbol_frame frame = { .function = "" };

	symbol_file_find(world->symbols, pc, &frame, 1);
	return frame;
}

void jit_world_is_named(const struct jit_world *world, uint64_t pc, const char *expected)
{
	assert_string_equal(jit_world_find(world, pc).function, expected);
}
