/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What history costs: four hours of a made-up host (made_up_host.h) with 300 processes and 50000
 * stacks, 6 × 99 samples a second, which makes some 2000 rows of thread and stack in ten seconds.
 * They are written window by window, as the daemon does, and rolled up; the rest of seven days are
 * copies of them. Beside it, in the same run, the windows of the first hour as gzipped pprof files,
 * and as rows of SQL.
 *
 * bench_store FOLDER: where the database may lie.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/pprof.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/database.h"
#include "profiler/heatmap.h"
#include "profiler/history.h"
#include "profiler/history_windows.h"
#include "profiler/profile.h"
#include "profiler/profile_top.h"
#include "profiler/query.h"
#include "profiler/query_budget.h"
#include "profiler/query_labels.h"
#include "profiler/series_set.h"
#include "profiler/store.h"
#include "tests/bench/made_up_host.h"

enum {
	N_PROCESSES = 300,
	N_STACKS = 50000,
	N_CPUS = 6,
	FREQUENCY_HZ = 99,
	WINDOW_S = HISTORY_FIRST_SPAN_S,
	HOUR_S = 3600,
	DAY_S = 24 * HOUR_S,
	WRITTEN_S = 4 * HOUR_S,
	N_DAYS = 7,
	N_RUNS = 5,
	N_STEPS = 200, /* of a timeline */
};

#define START_S   1700006400LL /* midnight */
#define PERIOD_NS (NS_PER_SECOND / FREQUENCY_HZ)

DEFINE_CLEANUP(struct profile *, profile_free)

struct bench {
	struct store *store;
	struct history *history;
	struct made_up_host *host;
	struct database *database; /* another connection */
	double write_ms;           /* of CPU */
	/* Of the windows of the first hour, before they are rolled up: */
	uint64_t n_rows;
	uint64_t blob_bytes;
	uint64_t pprof_bytes;
	double pprof_ms;
	double sql_ms;
};

static int count_rows(void *context, int64_t start_unix_s, const struct window_rows *rows)
{
	struct bench *bench = context;

	(void)start_unix_s;
	bench->n_rows += rows->n_rows;
	return 0;
}

static int insert_rows(void *context, int64_t start_unix_s, const struct window_rows *rows)
{
	sqlite3_stmt *statement = context;

	(void)start_unix_s;
	for (size_t i = 0; i < rows->n_rows; i++) {
		const struct window_row *row = &rows->rows[i];

		sqlite3_bind_int64(statement, 2, row->thread);
		sqlite3_bind_int64(statement, 3, row->stack);
		sqlite3_bind_int64(statement, 4, (int64_t)row->count);
		if (sqlite3_step(statement) != SQLITE_DONE)
			return -EIO;
		sqlite3_reset(statement);
	}
	return 0;
}

static int64_t number_of(struct bench *bench, const char *sql)
{
	int64_t number = 0;

	must(database_get_number(bench->database, sql, &number), sql);
	return number;
}

/* The profile of a range, as bytes that a client would get. */
static size_t encode_range(struct bench *bench, int64_t start_s, int64_t end_s)
{
	const struct query query = { .start_unix_ns = start_s * NS_PER_SECOND,
				     .end_unix_ns = end_s * NS_PER_SECOND };
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };

	must(query_run(bench->store, &query, &profile), "query");
	must(pprof_encode(profile, &bytes), "pprof");
	return bytes.size;
}

/* What a window takes in each form. */
static void measure_window(struct bench *bench, sqlite3_stmt *insert, int64_t start_s)
{
	const struct history_range range = { 0, start_s, start_s + WINDOW_S };
	const struct history_visitor counter = { .on_rows = count_rows, .context = bench };
	const struct history_visitor inserter = { .on_rows = insert_rows, .context = insert };
	uint64_t n_damaged = 0;
	int64_t start_ns;

	must(history_windows_visit(bench->database, &range, &counter, &n_damaged), "rows");
	bench->blob_bytes +=
		(uint64_t)number_of(bench, "SELECT length(totals) + length(seconds) FROM window"
					   " WHERE start = (SELECT max(start) FROM window)");
	start_ns = cpu_now();
	bench->pprof_bytes += encode_range(bench, start_s, start_s + WINDOW_S);
	bench->pprof_ms += cpu_ms_since(start_ns);
	sqlite3_bind_int64(insert, 1, start_s);
	start_ns = cpu_now();
	must(history_windows_visit(bench->database, &range, &inserter, &n_damaged), "SQL rows");
	bench->sql_ms += cpu_ms_since(start_ns);
}

static void write_window(struct bench *bench, int64_t start_s)
{
	int64_t start_ns;

	for (int64_t second = start_s; second < start_s + WINDOW_S; second++) {
		const struct made_up_second fed = { second * NS_PER_SECOND, PERIOD_NS, N_CPUS,
						    FREQUENCY_HZ };

		made_up_host_feed(bench->host, &fed);
	}
	start_ns = cpu_now();
	must(history_tick(bench->history, bench->store, (start_s + WINDOW_S) * NS_PER_SECOND,
			  (start_s + WINDOW_S) * NS_PER_SECOND),
	     "tick");
	bench->write_ms += cpu_ms_since(start_ns);
	store_expire(bench->store, (start_s + 600) * NS_PER_SECOND);
}

/* A heat map of what history alone has, of the last hour. */
static double time_moments(struct bench *bench)
{
	const struct query query = {
		.start_unix_ns = (START_S + WRITTEN_S - HOUR_S) * NS_PER_SECOND,
		.end_unix_ns = (START_S + WRITTEN_S - 600) * NS_PER_SECOND,
	};
	const struct heatmap_options options = { .n_rows = 50, .max_columns = 600 };
	int64_t start_ns = cpu_now();
	struct heatmap heatmap;

	must(heatmap_init(bench->store, &query, &options, &heatmap), "heat map");
	heatmap_fini(&heatmap);
	return cpu_ms_since(start_ns);
}

static void print_moments(struct bench *bench)
{
	const double n_samples = (double)HOUR_S * N_CPUS * FREQUENCY_HZ;
	double n_bytes = (double)number_of(bench, "SELECT sum(length(moments)) FROM moments");

	figures_print("an exact time of the last hour", n_bytes / n_samples, "B a sample", "");
	figures_print("  heat map of 50 min of it", time_moments(bench), "ms of CPU", "");
}

static void write_hours(struct bench *bench)
{
	sqlite3_stmt *insert;

	must(database_run(bench->database,
			  "CREATE TEMP TABLE row (window INTEGER, thread INTEGER, stack INTEGER,"
			  " count INTEGER)"),
	     "SQL rows");
	must(database_prepare(bench->database, "INSERT INTO row VALUES (?, ?, ?, ?)", &insert),
	     "SQL rows");
	for (int64_t start_s = START_S; start_s < START_S + WRITTEN_S; start_s += WINDOW_S) {
		write_window(bench, start_s);
		if (start_s < START_S + HOUR_S)
			measure_window(bench, insert, start_s);
	}
	print_moments(bench);
	for (int i = 0; i < 100; i++)
		must(history_tick(bench->history, bench->store, INT64_MAX,
				  (START_S + 2LL * DAY_S) * NS_PER_SECOND),
		     "tick");
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What is asked of a range, within the limits of any query. */
typedef int question(struct bench *bench, const struct query *query);

static int ask_pprof(struct bench *bench, const struct query *query)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	int r = query_run(bench->store, query, &profile);

	return r < 0 ? r : pprof_encode(profile, &bytes);
}

static int ask_top(struct bench *bench, const struct query *query)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(profile_top_fini) struct profile_top top = { 0 };
	int r = query_run(bench->store, query, &profile);

	return r < 0 ? r : profile_top_init(profile, TOP_BY_SELF, &top);
}

static int ask_timeline(struct bench *bench, const struct query *query)
{
	static const char *const names[] = { "comm" };
	const struct series_options options = {
		.names = names,
		.n_names = 1,
		.step_ns = (query->end_unix_ns - query->start_unix_ns) / N_STEPS,
		.max_series = 50,
	};
	_cleanup_(series_set_fini) struct series_set set = { 0 };

	return series_set_init(bench->store, query, &options, &set);
}

static int ask_heatmap(struct bench *bench, const struct query *query)
{
	const struct heatmap_options options = { .max_columns = 1200, .n_rows = 50 };
	_cleanup_(heatmap_fini) struct heatmap heatmap = { 0 };

	return heatmap_init(bench->store, query, &options, &heatmap);
}

static int ask_label_names(struct bench *bench, const struct query *query)
{
	_cleanup_(buffer_fini) struct buffer json = { 0 };

	return query_label_names(bench->store, query, &json);
}

static int ask_label_values(struct bench *bench, const struct query *query)
{
	_cleanup_(buffer_fini) struct buffer json = { 0 };

	return query_label_values(bench->store, query, "comm", &json);
}

/* The median of some runs, in ms of CPU time. */
static double time_range(struct bench *bench, int64_t seconds, question *ask)
{
	struct query_budget budget;
	const struct query query = { .start_unix_ns = START_S * NS_PER_SECOND,
				     .end_unix_ns = (START_S + seconds) * NS_PER_SECOND,
				     .budget = &budget };
	double ms[N_RUNS];
	int r;

	for (int i = 0; i < N_RUNS; i++) {
		int64_t start_ns = cpu_now();

		query_budget_init(&budget, QUERY_CPU_NS, QUERY_BYTES);
		r = ask(bench, &query);
		must(r == -EDQUOT ? 0 : r, "query"); /* its budget has ended it: it took that */
		ms[i] = cpu_ms_since(start_ns);
	}
	qsort(ms, N_RUNS, sizeof(ms[0]), compare_doubles);
	return ms[N_RUNS / 2];
}

/* What else is asked of history, of a day and of all of it. */
static void print_others(struct bench *bench)
{
	static const struct {
		const char *of_a_day, *of_all;
		question *ask;
	} rows[] = {
		{ "24 h: top functions", "  of 7 days", ask_top },
		{ "24 h: timeline by comm", "  of 7 days", ask_timeline },
		{ "24 h: heat map", "  of 7 days", ask_heatmap },
		{ "24 h: names of labels", "  of 7 days", ask_label_names },
		{ "24 h: values of a label", "  of 7 days", ask_label_values },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		figures_print(rows[i].of_a_day, time_range(bench, DAY_S, rows[i].ask), "ms of CPU",
			      "");
		figures_print(rows[i].of_all,
			      time_range(bench, (int64_t)N_DAYS * DAY_S, rows[i].ask), "ms of CPU",
			      "");
	}
}

static double time_sql(struct bench *bench)
{
	int64_t start_ns = cpu_now();

	must(database_run(bench->database, "SELECT thread, stack, sum(count) FROM row"
					   " GROUP BY thread, stack"),
	     "SQL rows");
	return cpu_ms_since(start_ns);
}

static void copy_hours(struct bench *bench)
{
	char sql[256];

	for (int i = 1; i * WRITTEN_S < N_DAYS * DAY_S; i++) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO window (type, start, span, totals, seconds)"
			 " SELECT type, start + %d, span, totals, seconds FROM window"
			 " WHERE start < %lld",
			 i * WRITTEN_S, (long long)(START_S + WRITTEN_S));
		must(database_run(bench->database, sql), "copy");
	}
}

static void print_sizes(struct bench *bench)
{
	double n_rows = (double)bench->n_rows; /* of an hour */
	double rolled_up = (double)number_of(
		bench, "SELECT sum(length(totals) + length(seconds)) FROM window");
	double sql =
		(double)number_of(bench, "SELECT page_count * page_size FROM"
					 " pragma_page_count('temp'), pragma_page_size('temp')");
	double all = (double)number_of(bench, "SELECT page_count * page_size FROM"
					      " pragma_page_count, pragma_page_size");

	figures_print("rows of a window of 10 s", n_rows * WINDOW_S / HOUR_S, "rows", "");
	figures_print("a row, at first", (double)bench->blob_bytes / n_rows, "B", "");
	figures_print("  once rolled up", rolled_up / n_rows / ((double)WRITTEN_S / HOUR_S), "B",
		      "<= 2");
	figures_print("  in gzipped pprof files", (double)bench->pprof_bytes / n_rows, "B", "");
	figures_print("  in rows of SQL", sql / n_rows, "B", "");
	figures_print("four hours, dictionaries included", all / 1e6, "MB", "");
}

int main(int argc, char *argv[])
{
	const struct history_options options = { .folder = argv[1],
						 .retention_age_s = 100LL * DAY_S,
						 .retention_bytes = 64LL << 30 };
	const struct store_options store_options = { .memory_bytes = 512 << 20,
						     .retention_ns = 600 * NS_PER_SECOND,
						     .period_ns = PERIOD_NS };
	struct bench bench = { 0 };
	char path[512];

	if (argc != 2)
		return 1;
	must(store_new(&store_options, &bench.store), "store");
	must(history_open(&options, &bench.history), "history");
	history_attach(bench.history, bench.store);
	snprintf(path, sizeof(path), "%s/history.sqlite", argv[1]);
	must(database_open(&(struct database_options){ .path = path, .busy_timeout_ms = 10000 },
			   &bench.database),
	     "database");
	bench.host = made_up_host_new(bench.store, N_PROCESSES, N_STACKS);
	made_up_host_describe(bench.host, 1);
	write_hours(&bench);
	print_sizes(&bench);
	figures_print("writing and rolling up",
		      bench.write_ms * 1e6 / (WRITTEN_S * N_CPUS * FREQUENCY_HZ),
		      "ns of CPU a sample", "");
	figures_print("  of one CPU, at this rate", bench.write_ms / (WRITTEN_S * 10.0), "%", "");
	figures_print("1 h, merged and encoded", time_range(&bench, HOUR_S, ask_pprof), "ms of CPU",
		      "");
	figures_print("  as rows of SQL, merged alone", time_sql(&bench), "ms of CPU", "");
	figures_print("  as pprof files, written alone", bench.pprof_ms, "ms of CPU", "");
	copy_hours(&bench);
	figures_print("24 h, merged and encoded", time_range(&bench, DAY_S, ask_pprof), "ms of CPU",
		      "<= 300");
	figures_print("7 days, merged and encoded",
		      time_range(&bench, (int64_t)N_DAYS * DAY_S, ask_pprof), "ms of CPU", "");
	print_others(&bench);
	figures_print(NULL, 0, "", "");
	database_close(bench.database);
	history_close(bench.history);
	made_up_host_free(bench.host);
	store_free(bench.store);
	return 0;
}
