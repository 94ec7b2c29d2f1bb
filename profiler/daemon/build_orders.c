/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/build_orders.h"

#include <assert.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/binary_table.h"
#include "profiler/channel.h"
#include "profiler/daemon/debug_file_supply.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/table_loader.h"

/* How often one thing may be ordered of a binary, over deaths of the resolver. */
enum { MAX_ORDERS = 3 };

static_assert(BINARY_MAX_PLACES == BUILD_MAX_PLACES, "an order has all places of its binary");

/* If the resolver is not there, it will be asked when it is. Its queue holds more than there may be
 * binaries. */
static void send_order(const struct build_orders *orders, const struct message_build *build, int fd,
		       int debug_fd)
{
	struct channel *channel = orders->resolver->channel;

	if (channel && channel_send_fds(channel, MESSAGE_BUILD, build, sizeof(*build),
					(int[]){ fd, debug_fd }) == 0)
		role_process_flush(orders->resolver);
}

/* For its names, of which so many samples would know, or for its table: 0. */
static void hurry(const struct build_orders *orders, const struct binary *binary, uint32_t n_hits)
{
	const struct message_hurry message = { .file = binary->number, .n_hits = n_hits };
	struct channel *channel = orders->resolver->channel;

	if (channel && channel_send(channel, MESSAGE_HURRY, &message, sizeof(message)) == 0)
		role_process_flush(orders->resolver);
}

static struct message_build order_of(const struct binary *binary, enum build_kind kind,
				     uint64_t n_bytes)
{
	return (struct message_build){
		.file = binary->number,
		.kind = kind,
		.user = binary->owner,
		.device = binary->device,
		.n_bytes = n_bytes,
	};
}

static void set_table_order(struct build_orders *orders, struct binary *binary,
			    enum order_state state)
{
	orders->n_tables_awaited += state == ORDER_SENT;
	orders->n_tables_awaited -= binary->table_order == ORDER_SENT;
	binary->table_order = state;
}

static void answer_table(struct build_orders *orders, struct binary *binary)
{
	set_table_order(orders, binary, ORDER_ANSWERED);
	table_loader_finish(orders->tables, binary->number);
}

void build_orders_order_table(struct build_orders *orders, struct binary *binary, bool is_urgent)
{
	struct message_build build = order_of(binary, BUILD_TABLE, binary->n_bytes);

	if (binary->table_order == ORDER_SENT) {
		if (is_urgent && !binary->is_table_urgent)
			hurry(orders, binary, 0);
		binary->is_table_urgent |= is_urgent;
		return;
	}
	if (binary->table_order == ORDER_ANSWERED && !binary->had_table) {
		table_loader_finish(orders->tables, binary->number);
		return;
	}
	if (table_loader_load_cached(orders->tables, binary->number, binary->fd)) {
		binary->had_table = true;
		set_table_order(orders, binary, ORDER_ANSWERED);
		return;
	}
	if (binary->n_table_orders == MAX_ORDERS) {
		answer_table(orders, binary);
		return;
	}
	binary->n_table_orders++;
	build.is_urgent = is_urgent;
	binary->is_table_urgent = is_urgent;
	binary->table_order_number = build.order = ++orders->last_number;
	set_table_order(orders, binary, ORDER_SENT);
	send_order(orders, &build, binary->fd, -1);
}

void build_orders_order_names(struct build_orders *orders, struct binary *binary)
{
	struct message_build build;
	_cleanup_(closep) int debug_fd = debug_file_supply_find_own(orders->debug_files, binary);

	build = order_of(binary, BUILD_NAMES,
			 binary->n_bytes + (debug_fd >= 0 ? binary->debug_bytes : 0));
	if (binary->names == NAMES_PENDING) {
		build.n_places = binary->n_places;
		memcpy(build.places, binary->places, sizeof(build.places));
	}
	if (binary->names_order == ORDER_NONE)
		orders->n_names_awaited++;
	binary->names_order = ORDER_SENT;
	binary->n_names_orders++;
	send_order(orders, &build, binary->fd, debug_fd);
	if (binary->n_hits)
		hurry(orders, binary, binary->n_hits);
}

void build_orders_count_hit(struct build_orders *orders, struct binary *binary)
{
	binary->n_hits++;
	if (binary->names_order == ORDER_SENT && __builtin_popcount(binary->n_hits) == 1)
		hurry(orders, binary, binary->n_hits);
}

void build_orders_take_table(struct build_orders *orders, struct binary *binary,
			     const struct message_table *message, int fd)
{
	for (size_t i = 0; binary->table_order == ORDER_SENT && i < UNWIND_LOSS_COUNT; i++)
		orders->table_losses[i] += message->losses[i];
	set_table_order(orders, binary, ORDER_ANSWERED);
	if (fd >= 0) {
		binary->had_table = true;
		binary->n_table_orders = 0;
	}
	table_loader_put(orders->tables, binary->number, fd);
}

/* If there was no memory for it, it may be ordered again when it is hit. One that has come may have
 * been ordered again meanwhile. */
void build_orders_finish_table(struct build_orders *orders, struct binary *binary,
			       const struct message_built *built)
{
	orders->table_builds[built->outcome]++;
	if (binary->table_order != ORDER_SENT || binary->table_order_number != built->order)
		return;
	if (built->outcome == BUILD_NO_MEMORY) {
		set_table_order(orders, binary, ORDER_NONE);
		table_loader_forget(orders->tables, binary->number);
		return;
	}
	answer_table(orders, binary);
}

void build_orders_finish_names(struct build_orders *orders, struct binary *binary,
			       enum build_outcome outcome)
{
	if (binary->names_order == ORDER_ANSWERED)
		return;
	if (binary->names_order == ORDER_SENT)
		orders->n_names_awaited--;
	orders->name_builds[outcome]++;
	binary->names_order = ORDER_ANSWERED;
}

bool build_orders_repeat(struct build_orders *orders, struct binary *binary)
{
	if (binary->table_order == ORDER_SENT) {
		set_table_order(orders, binary, ORDER_NONE);
		if (binary->fd >= 0 && table_loader_expect(orders->tables, binary->number) == 0)
			build_orders_order_table(orders, binary, binary->is_table_urgent);
	}
	if (binary->names_order != ORDER_SENT)
		return true;
	if (binary->n_names_orders >= MAX_ORDERS)
		return false;
	build_orders_order_names(orders, binary);
	return true;
}
