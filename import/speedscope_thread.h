/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Speedscope thread: what the name of a speedscope profile tells of whose it is.
 */

#include <stdbool.h>
#include <stdint.h>

struct profile_builder;

/*
 * Add the labels of a profile called @name. One that we wrote is called as export/speedscope.h
 * says: "api 4711, thread worker 4712"; any other name is taken as that of a process. Returns 0 or
 * -ENOMEM.
 */
int speedscope_thread_add(struct profile_builder *builder, const char *name, bool is_ours,
			  uint32_t *ret_label_set);
