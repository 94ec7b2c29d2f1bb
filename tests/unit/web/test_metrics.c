/* SPDX-License-Identifier: Apache-2.0 */
#include "web/metrics.h"
#include "web/route.h"
#include "web/scrape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "web/metric_family.h"
#include "web/route.h"

/* Every value is different, and large enough that a float of 32 bits would lose it. */
static struct scrape some_scrape(void)
{
	struct scrape scrape = { .version = "1.2.3" };
	struct sampler_status *sampler = &scrape.status.sampler;

	sampler->ticks = 9007199254740993;
	sampler->idle = 9007199254000000;
	scrape.status.store.stored = 700000;
	scrape.status.in_flight = 40982;
	for (uint64_t i = 0; i < DROP_REASON_COUNT; i++)
		sampler->dropped[i] = i;
	scrape.status.in_flight -= DROP_REASON_COUNT * (DROP_REASON_COUNT - 1) / 2;
	sampler->roles[ROLE_SERVER].restarts = 77;
	sampler->roles[ROLE_SERVER].cpu_ns = 1234567890;
	scrape.status.store.n_files[NAMES_LINES] = 5;
	scrape.status.in_flight += 11;
	return scrape;
}

static char *render(const struct scrape *scrape)
{
	struct buffer text = { 0 };

	metrics_render(scrape, &text);
	buffer_append_char(&text, '\0');
	assert_int_equal(buffer_error(&text), 0);
	return text.data;
}

/* The sum of all series of a family. */
static int64_t sum(const char *text, const char *family)
{
	size_t length = strlen(family);
	int64_t total = 0;
	int n_series = 0;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, family, length) || !strchr(" {", line[length]))
			continue;
		total += strtoll(strchr(line, ' '), NULL, 10);
		n_series++;
	}
	assert_true(n_series > 0);
	return total;
}

static void accounts_for_every_tick(void **state)
{
	struct scrape scrape = some_scrape();
	char *text = render(&scrape);

	(void)state;
	assert_int_equal(sum(text, "pilotlight_ticks_total"),
			 sum(text, "pilotlight_ticks_idle_total") +
				 sum(text, "pilotlight_samples_stored_total") +
				 sum(text, "pilotlight_samples_dropped_total") +
				 sum(text, "pilotlight_samples_in_flight"));
	free(text);
}

static void shows_every_reason_from_the_start(void **state)
{
	struct scrape scrape = { .version = "1.2.3" };
	char *text = render(&scrape), line[128];

	(void)state;
	for (int i = 0; i < DROP_REASON_COUNT; i++) {
		snprintf(line, sizeof(line),
			 "\npilotlight_samples_dropped_total{reason=\"%s\"} 0\n",
			 drop_reason_names[i]);
		assert_non_null(strstr(text, line));
	}
	for (int i = 0; i < BUILD_OUTCOME_COUNT; i++) {
		snprintf(line, sizeof(line), "\npilotlight_symbol_builds_total{outcome=\"%s\"} 0\n",
			 build_outcome_names[i]);
		assert_non_null(strstr(text, line));
	}
	free(text);
}

static void takes_values_from_their_places(void **state)
{
	static const char *const lines[] = {
		"\npilotlight_role_restarts_total{role=\"server\"} 77\n",
		"\npilotlight_role_restarts_total{role=\"resolver\"} 0\n",
		"\npilotlight_role_cpu_seconds_total{role=\"server\"} 1.234567890\n",
		"\npilotlight_store_files{names=\"lines\"} 5\n",
		"\npilotlight_ticks_total 9007199254740993\n",
		"pilotlight_build_info{version=\"1.2.3\",compiler=",
	};
	struct scrape scrape = some_scrape();
	char *text = render(&scrape);

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!strstr(text, lines[i]))
			fail_msg("%s is missing", lines[i]);
	}
	free(text);
}

static void counts_requests(void **state)
{
	struct scrape scrape = { .version = "1.2.3" };
	char *text;

	(void)state;
	route_name_traffic(&scrape.traffic);
	traffic_count(&scrape.traffic, 0, 200, 1000000);
	traffic_count(&scrape.traffic, 0, 200, 1000001);
	traffic_count(&scrape.traffic, 0, 304, 60000000000);
	text = render(&scrape);
	assert_non_null(strstr(text, "{handler=\"ui\",code=\"200\"} 2\n"));
	assert_non_null(strstr(text, "{handler=\"ui\",code=\"304\"} 1\n"));
	assert_non_null(strstr(text, "_bucket{handler=\"ui\",le=\"0.001\"} 1\n"));
	assert_non_null(strstr(text, "_bucket{handler=\"ui\",le=\"0.005\"} 2\n"));
	assert_non_null(strstr(text, "_bucket{handler=\"ui\",le=\"10\"} 2\n"));
	assert_non_null(strstr(text, "_bucket{handler=\"ui\",le=\"+Inf\"} 3\n"));
	assert_non_null(strstr(text, "_sum{handler=\"ui\"} 60.002000001\n"));
	assert_non_null(strstr(text, "_count{handler=\"ui\"} 3\n"));
	free(text);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* promtool does not notice a series that comes twice. */
static void has_no_series_twice(void **state)
{
	struct scrape scrape = some_scrape();
	char *text = render(&scrape), *rest = text, *line, *lines[4096];
	size_t n_lines = 0;

	(void)state;
	while ((line = strsep(&rest, "\n")) && n_lines < 4096) {
		line[line[0] == '#' ? strlen(line) : strcspn(line, " ")] = '\0';
		if (*line)
			lines[n_lines++] = line;
	}
	assert_true(n_lines < 4096);
	qsort(lines, n_lines, sizeof(lines[0]), compare_lines);
	for (size_t i = 1; i < n_lines; i++) {
		if (!strcmp(lines[i - 1], lines[i]))
			fail_msg("%s comes twice", lines[i]);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "accounts for every tick", accounts_for_every_tick },
		{ "shows every reason from the start", shows_every_reason_from_the_start },
		{ "takes values from their places", takes_values_from_their_places },
		{ "counts requests", counts_requests },
		{ "has no series twice", has_no_series_twice },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
