/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What history costs: a day of a made-up host (made_up_host.h) with 300
 * processes, a third of which is started anew each hour, and 50000 stacks, 6 ×
 * 99 samples a second, which makes some 2600 rows of thread and stack in ten
 * seconds. They are written window by window, as the daemon does, and rolled
 * up; the rest of seven days are copies of that day.
 *
 * Beside it, in the same run, the windows of the first hour as gzipped pprof
 * files, which Go's pprof merges if it is there, and as rows of SQL of nothing
 * but numbers, which are added up, without names. All of it takes some minutes,
 * and 200 MB for the files.
 *
 * bench_store FOLDER: where database and files may lie.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "export/pprof.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
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
	WRITTEN_S = DAY_S,
	N_DAYS = 7,
	N_RUNS = 5,
	N_STEPS = 200, /* of a timeline */
};

#define START_S   1700006400LL /* midnight */
#define PERIOD_NS (NS_PER_SECOND / FREQUENCY_HZ)

DEFINE_CLEANUP(struct profile *, profile_free)

/* What the rows of the first hour take in one form, before they are rolled up.
 */
struct form {
	double bytes;
	double write_ms; /* of CPU */
};

struct bench {
	const char *folder;
	struct store *store;
	struct history *history;
	struct made_up_host *host;
	struct database *database; /* another connection */
	double write_ms;           /* of CPU */
	uint64_t n_rows;           /* of all windows of 10 s */
	uint64_t n_hour_rows;      /* of those of the first hour */
	struct form ours, pprof, sql;
	sqlite3_stmt *insert;
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
	struct bench *bench = context;
	int64_t start_ns = cpu_now();

	must(database_begin(bench->database), "SQL rows");
	sqlite3_bind_int64(bench->insert, 1, start_unix_s);
	for (size_t i = 0; i < rows->n_rows; i++) {
		const struct window_row *row = &rows->rows[i];

		sqlite3_bind_int64(bench->insert, 2, row->thread);
		sqlite3_bind_int64(bench->insert, 3, row->stack);
		sqlite3_bind_int64(bench->insert, 4, (int64_t)row->count);
		if (sqlite3_step(bench->insert) != SQLITE_DONE)
			return -EIO;
		sqlite3_reset(bench->insert);
	}
	must(database_commit(bench->database), "SQL rows");
	bench->sql.write_ms += cpu_ms_since(start_ns);
	return 0;
}

/* Show @on_rows() the window at @start_s. */
static void visit_window(struct bench *bench, int64_t start_s,
			 int (*on_rows)(void *, int64_t, const struct window_rows *))
{
	const struct history_range range = { 0, start_s, start_s + WINDOW_S };
	const struct history_visitor visitor = { .on_rows = on_rows, .context = bench };
	uint64_t n_damaged = 0;

	must(history_windows_visit(bench->database, &range, &visitor, &n_damaged), "rows");
}

static int64_t number_of(struct bench *bench, const char *sql)
{
	int64_t number = 0;

	must(database_get_number(bench->database, sql, &number), sql);
	return number;
}

/* The profile of a window in a file. */
static void write_pprof(struct bench *bench, int64_t start_s)
{
	const struct query query = { .start_unix_ns = start_s * NS_PER_SECOND,
				     .end_unix_ns = (start_s + WINDOW_S) * NS_PER_SECOND };
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	_cleanup_(closep) int fd = -1;
	int64_t start_ns = cpu_now();
	char path[512];

	must(query_run(bench->store, &query, &profile), "query");
	must(pprof_encode(profile, &bytes), "pprof");
	snprintf(path, sizeof(path), "%s/%lld.pb.gz", bench->folder, (long long)start_s);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(fd < 0 ? -errno : file_write_fd(fd, bytes.data, bytes.size), path);
	bench->pprof.write_ms += cpu_ms_since(start_ns);
	bench->pprof.bytes += (double)bytes.size;
}

/* What a window of the first hour, which has just been written, takes in each
 * form. */
static void measure_window(struct bench *bench, int64_t start_s)
{
	bench->ours.bytes +=
		(double)number_of(bench, "SELECT length(totals) + length(seconds) FROM window"
					 " WHERE start = (SELECT max(start) FROM window)");
	write_pprof(bench, start_s);
	visit_window(bench, start_s, insert_rows);
	bench->ours.write_ms = bench->write_ms;
	bench->n_hour_rows = bench->n_rows;
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

/* Until all windows are of an hour, and no exact time is left. */
static void roll_up(struct bench *bench)
{
	for (int i = 0; i < 200; i++)
		must(history_tick(bench->history, bench->store, INT64_MAX,
				  (START_S + WRITTEN_S + DAY_S) * NS_PER_SECOND),
		     "tick");
	if (number_of(bench, "SELECT count(*) FROM window WHERE span < 3600"))
		must(-EBUSY, "rolling up");
}

static void write_day(struct bench *bench)
{
	must(database_run(bench->database, "CREATE TEMP TABLE row (window INTEGER, "
					   "thread INTEGER, stack INTEGER,"
					   " count INTEGER)"),
	     "SQL rows");
	must(database_prepare(bench->database, "INSERT INTO row VALUES (?, ?, ?, ?)",
			      &bench->insert),
	     "SQL rows");
	for (int64_t start_s = START_S; start_s < START_S + WRITTEN_S; start_s += WINDOW_S) {
		if (start_s > START_S && (start_s - START_S) % HOUR_S == 0)
			made_up_host_restart(bench->host, N_PROCESSES / 3);
		write_window(bench, start_s);
		visit_window(bench, start_s, count_rows);
		if (start_s < START_S + HOUR_S)
			measure_window(bench, start_s);
	}
	bench->sql.bytes =
		(double)number_of(bench, "SELECT page_count * page_size FROM"
					 " pragma_page_count('temp'), pragma_page_size('temp')");
	print_moments(bench);
	roll_up(bench);
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

/* As Pyroscope's SelectMergeProfile has it. */
static int ask_merged(struct bench *bench, const struct query *query)
{
	struct query merged = *query;

	merged.is_unlabeled = true;
	return ask_pprof(bench, &merged);
}

static int ask_top(struct bench *bench, const struct query *query)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(profile_top_fini) struct profile_top top = { 0 };
	struct query merged = *query;
	int r;

	merged.is_unlabeled = true;
	r = query_run(bench->store, &merged, &profile);

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

/* The median of some runs, in ms of CPU time; NAN: a limit has ended them,
 * without an answer. */
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
		if (r == -EDQUOT)
			return NAN;
		must(r, "query");
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
		{ "24 h, with all labels", "  of 7 days", ask_pprof },
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

static double children_ms(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

/* Have Go's pprof merge @files of the folder. */
static double merge_pprof(struct bench *bench, const char *files)
{
	double before_ms = children_ms();
	char command[1024];

	snprintf(command, sizeof(command),
		 "cd '%s' && go tool pprof -symbolize=none -proto -output=merged %s "
		 ">/dev/null 2>&1",
		 bench->folder, files);
	return system(command) == 0 ? children_ms() - before_ms : NAN;
}

static double time_pprof(struct bench *bench)
{
	double first_ms = merge_pprof(bench, "$(ls *.pb.gz | head -n 1)"); /* go may build it */

	return isnan(first_ms) ? NAN : merge_pprof(bench, "*.pb.gz");
}

/* The rest of all days are as the first. */
static void copy_day(struct bench *bench)
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

/* 1000 rows a second. */
static double speed(const struct bench *bench, const struct form *form)
{
	return (double)bench->n_hour_rows / form->write_ms;
}

static void print_sizes(struct bench *bench)
{
	double n_rows = (double)bench->n_hour_rows;
	double rolled_up = (double)number_of(
		bench, "SELECT sum(length(totals) + length(seconds)) FROM window");
	double all = (double)number_of(bench, "SELECT page_count * page_size FROM"
					      " pragma_page_count, pragma_page_size");

	figures_print("rows of a window of 10 s", n_rows * WINDOW_S / HOUR_S, "rows", "");
	figure_print(&(struct figure){
		.name = "  written, in the first hour",
		.value = speed(bench, &bench->ours),
		.unit = "1000 rows a s of CPU",
		.goal = "",
		.peers = { { "gzipped pprof", speed(bench, &bench->pprof) },
			   { "rows of SQL", speed(bench, &bench->sql) } },
	});
	figure_print(&(struct figure){
		.name = "a row, at first",
		.value = bench->ours.bytes / n_rows,
		.unit = "B",
		.goal = "",
		.peers = { { "gzipped pprof", bench->pprof.bytes / n_rows },
			   { "rows of SQL", bench->sql.bytes / n_rows } },
	});
	figures_print("  once rolled up", rolled_up / (double)bench->n_rows, "B", "<= 2");
	figures_print("a day, dictionaries included", all / 1e6, "MB", "");
	figures_print("writing and rolling up",
		      bench->write_ms * 1e6 / ((double)WRITTEN_S * N_CPUS * FREQUENCY_HZ),
		      "ns of CPU a sample", "");
	figures_print("  of one CPU, at this rate", bench->write_ms / (WRITTEN_S * 10.0), "%", "");
}

static void print_queries(struct bench *bench)
{
	figure_print(&(struct figure){
		.name = "1 h, merged and encoded",
		.value = time_range(bench, HOUR_S, ask_pprof),
		.unit = "ms of CPU",
		.goal = "",
		.peers = { { "gzipped pprof", time_pprof(bench) },
			   { "rows of SQL", time_sql(bench) } },
	});
	copy_day(bench);
	figures_print("24 h, merged and encoded", time_range(bench, DAY_S, ask_merged), "ms of CPU",
		      "<= 300");
	print_others(bench);
}

int main(int argc, char *argv[])
{
	const struct history_options options = { .folder = argv[1],
						 .retention_age_s = 100LL * DAY_S,
						 .retention_bytes = 64LL << 30 };
	const struct store_options store_options = { .memory_bytes = 512 << 20,
						     .retention_ns = 600 * NS_PER_SECOND,
						     .period_ns = PERIOD_NS };
	struct bench bench = { .folder = argv[1] };
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
	write_day(&bench);
	print_sizes(&bench);
	print_queries(&bench);
	figures_print(NULL, 0, "", "");
	database_close(bench.database);
	history_close(bench.history);
	made_up_host_free(bench.host);
	store_free(bench.store);
	return 0;
}
