/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus' own linter has nothing to say about what we serve. Skipped without promtool. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "web/metrics.h"
#include "web/route.h"
#include "web/scrape.h"

#define SKIPPED   77
#define NOT_FOUND 127
#define CHECK_SILENT                                                                               \
	"out=$(promtool check metrics 2>&1); code=$?; printf '%s' \"$out\"; "                      \
	"[ $code -ne 0 ] || [ -z \"$out\" ] || code=1; exit $code"

int main(void)
{
	struct scrape scrape = { .version = "1.2.3", .status.sampler.ticks = 1234567890123 };
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	FILE *promtool;
	int code;

	signal(SIGPIPE, SIG_IGN); /* where there is none, nobody reads */
	promtool = popen(CHECK_SILENT, "w");
	if (!promtool)
		return EXIT_FAILURE;
	route_name_traffic(&scrape.traffic);
	traffic_count(&scrape.traffic, 3, 503, 1);
	metrics_render(&scrape, &text);
	fwrite(text.data, 1, text.size, promtool);
	code = pclose(promtool);
	if (!WIFEXITED(code))
		return EXIT_FAILURE;
	if (WEXITSTATUS(code) != NOT_FOUND)
		return WEXITSTATUS(code);
	puts("promtool is not installed");
	return SKIPPED;
}
