/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/late_names.h"

#include <string.h>
#include <sys/stat.h>

#include "profiler/base/clock.h"
#include "profiler/binary_table.h"
#include "profiler/daemon/binary_names.h"
#include "profiler/daemon/debug_file_supply.h"

#define LOOK_INTERVAL_NS (600 * NS_PER_SECOND)

void late_names_begin(struct late_names *late)
{
	int64_t unix_ns = debug_file_finder_changed(&late->debug_files->finder);

	if (unix_ns == late->folders_unix_ns)
		return;
	late->folders_unix_ns = unix_ns;
	late->changed_ns = clock_monotonic_ns();
}

static bool is_due(const struct late_names *late, const struct binary *binary)
{
	if (binary->names_order != ORDER_ANSWERED || binary->dictionary != late->names->dictionary)
		return false;
	if (!binary->has_late_files && (binary->names == NAMES_LINES || binary->has_debug_file))
		return false;
	return binary->sought_ns <= late->changed_ns ||
	       clock_monotonic_ns() - binary->sought_ns >= LOOK_INTERVAL_NS;
}

bool late_names_look(struct late_names *late, struct binary *binary)
{
	bool has_turned_up;

	if (!is_due(late, binary))
		return false;
	has_turned_up = !binary->has_late_files && debug_file_supply_has(late->debug_files, binary);
	if (!has_turned_up && !binary->has_late_files)
		return false;
	late->n_debug_files += has_turned_up;
	binary->has_late_files = false;
	binary->names_order = ORDER_NONE;
	binary->n_names_orders = 0;
	return true;
}

/* A file of another user may claim any build id. */
static bool is_same(const struct binary *binary, const struct binary *other)
{
	return binary != other && binary->build_id.n_bytes &&
	       memcmp(&binary->build_id, &other->build_id, sizeof(binary->build_id)) == 0 &&
	       (other->owner == 0 || other->owner == binary->owner);
}

static bool has_names(const struct binary *binary)
{
	return binary->symbols_fd >= 0 && binary->names != NAMES_PENDING && binary->is_described;
}

/* Nobody can read it any more, as far as we know. */
static bool is_gone(const struct binary *binary)
{
	return binary->is_named && !has_names(binary) && binary->names_order != ORDER_SENT &&
	       (binary->names_order == ORDER_NONE || binary->names_outcome == BUILD_GONE);
}

struct exchange {
	struct late_names *late;
	struct binary *taker;       /* or NULL: whoever needs them */
	const struct binary *giver; /* or NULL: whoever has them */
};

static void exchange(void *context, struct binary *binary)
{
	struct exchange *exchange = context;
	struct binary *taker = exchange->taker ? exchange->taker : binary;
	const struct binary *giver = exchange->giver ? exchange->giver : binary;

	if (!is_gone(taker) || !has_names(giver) || !is_same(taker, giver))
		return;
	if (binary_names_share(exchange->late->names, taker, giver) == 0)
		exchange->late->n_shared++;
}

bool late_names_take_from_others(struct late_names *late, struct binary *binary)
{
	struct exchange context = { .late = late, .taker = binary };

	binary_table_each(late->binaries, exchange, &context);
	return has_names(binary);
}

void late_names_give_to_others(struct late_names *late, const struct binary *binary)
{
	struct exchange context = { .late = late, .giver = binary };

	binary_table_each(late->binaries, exchange, &context);
}
