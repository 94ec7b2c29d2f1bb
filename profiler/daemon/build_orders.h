/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Build orders: what the sampler asks of the resolver, and what has become of it.
 *
 * For each binary that is two things, in their own time: its unwind table as soon as a process has
 * mapped it, and its names when a stack leads through it, for most binaries are never hit.
 */

#include <stdint.h>

#include "profiler/status.h"

struct binary;
struct message_built;
struct message_table;
struct debug_file_supply;
struct role_process;
struct table_loader;

struct build_orders {
	struct role_process *resolver; /* borrowed, as are the next two */
	struct table_loader *tables;
	struct debug_file_supply *debug_files;
	uint64_t table_builds[BUILD_OUTCOME_COUNT]; /* by how they ended */
	uint64_t name_builds[BUILD_OUTCOME_COUNT];
	uint64_t table_losses[UNWIND_LOSS_COUNT]; /* of tables that were sent, not of cached ones */
	uint32_t n_names_awaited, n_tables_awaited;
	uint32_t last_number;
};

/*
 * The table of @binary, whose file is open, is to come to the table loader: from the cache, or from
 * the resolver. @is_urgent: before those that are not. What was ordered already is not ordered
 * twice, and what is known to have no table, or to end whoever reads it, has none.
 */
void build_orders_order_table(struct build_orders *orders, struct binary *binary, bool is_urgent);

/* As above, for the description and the names of @binary. Its debug file goes along, if there is
 * one. */
void build_orders_order_names(struct build_orders *orders, struct binary *binary);

/* A sample leads through @binary: the resolver is told now and then how many do, for names are read
 * first where most wait for them. */
void build_orders_count_hit(struct build_orders *orders, struct binary *binary);

/* The resolver has sent a table of @binary in the memory file @fd, or says that there is none: −1.
 */
void build_orders_take_table(struct build_orders *orders, struct binary *binary,
			     const struct message_table *message, int fd);

/* The resolver has ended its work on that order of the table of @binary. */
void build_orders_finish_table(struct build_orders *orders, struct binary *binary,
			       const struct message_built *built);

/* The resolver has said all that it will say of the names of @binary. */
void build_orders_finish_names(struct build_orders *orders, struct binary *binary,
			       enum build_outcome outcome);

/*
 * The resolver is a new one, and the table loader has released what it awaited of the last one:
 * order again what that one owes us of @binary. Returns false if its names were ordered often
 * enough: binaries at which several resolvers have died are left alone.
 */
bool build_orders_repeat(struct build_orders *orders, struct binary *binary);
