/* SPDX-License-Identifier: Apache-2.0 */
/*
 * History file: whatever lies in the folder, all of it is read as queries do, in each detail, or is
 * damaged; then it is rolled up, collected, and read again. A file is a SQLite database.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/database.h"
#include "profiler/history_retention.h"
#include "profiler/history_schema.h"
#include "profiler/history_windows.h"
#include "profiler/past.h"
#include "profiler/query_budget.h"
#include "profiler/store.h"

#define NOW_S     1700100000LL
#define MAX_STEPS 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64], path[80];

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void remove_files(void)
{
	static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
	char file[96];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(file, sizeof(file), "%s%s", path, endings[i]);
		unlink(file);
	}
}

static void remove_folder(void)
{
	remove_files();
	rmdir(folder);
}

static void make_folder(void)
{
	if (folder[0])
		return;
	snprintf(folder, sizeof(folder), "%s/pilotlight-fuzz.XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/history.sqlite", folder);
	atexit(remove_folder);
}

static void write_file(const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static struct store *make_store(void)
{
	static const struct store_options options = {
		.memory_bytes = 16 << 20,
		.retention_ns = 600 * NS_PER_SECOND,
		.period_ns = 10101010,
	};
	struct store *store;

	must(store_new(&options, &store) == 0);
	return store;
}

/* Everything that there is, as all kinds of queries do. */
static void read_all(struct store *store)
{
	const struct database_options options = { .path = path, .is_read_only = true };
	_cleanup_(database_closep) struct database *database = NULL;

	if (database_open(&options, &database) < 0)
		return;
	for (enum past_detail detail = PAST_TOTALS; detail <= PAST_MOMENTS; detail++) {
		struct query_budget budget;
		const struct past_wish wish = {
			.end_unix_s = INT32_MAX,
			.detail = detail,
			.grid.step_ns = 7 * NS_PER_SECOND,
			.budget = &budget,
		};
		struct past *past = NULL;
		uint64_t n_damaged = 0;

		query_budget_init(&budget, NS_PER_SECOND, 64 << 20);
		if (past_read(database, &wish, store, &past, &n_damaged) < 0)
			must(!past);
		past_free(past);
	}
}

static void keep_it(void)
{
	const struct database_options options = { .path = path };
	_cleanup_(database_closep) struct database *database = NULL;
	struct history_retention retention = { .age_s = NOW_S, .bytes = 4096 };
	struct history_gone gone = { 0 };
	uint64_t n_damaged = 0;
	int r;

	if (database_open(&options, &database) < 0 || history_schema_apply(database) < 0)
		return;
	for (int i = 0; i < MAX_STEPS; i++) {
		if (history_windows_roll_up(database, NOW_S, &n_damaged) != 1)
			break;
	}
	r = history_retention_begin(&retention, database, NOW_S);
	for (int i = 0; i < MAX_STEPS && r >= 0 && (i == 0 || r == 1); i++)
		r = history_retention_step(&retention, database, &gone);
	history_retention_fini(&retention);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store *store;

	if (size > 1 << 20)
		return 0;
	make_folder();
	write_file(data, size);
	store = make_store();
	read_all(store);
	keep_it();
	read_all(store);
	store_free(store);
	remove_files();
	return 0;
}
