/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JIT world: what the code of one process is called, while it is read and when it is asked for.
 */

#include <stdint.h>

#include "unwind/jit_code.h"
#include "unwind/jit_report.h"
#include "unwind/symbol_frame.h"

struct symbol_file;

struct jit_world {
	struct jit_report report;
	struct jit_code *code;
	struct symbol_file *symbols; /* after jit_world_finish() */
};

/* For cmocka: *@state is an empty world. */
int jit_world_set_up(void **state);
int jit_world_tear_down(void **state);

/* All code was added: make the symbol file. */
void jit_world_finish(struct jit_world *world);

/* The function at @pc, or one whose name is "". */
struct symbol_frame jit_world_find(const struct jit_world *world, uint64_t pc);

/* That function is called @expected. */
void jit_world_is_named(const struct jit_world *world, uint64_t pc, const char *expected);
