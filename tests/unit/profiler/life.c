/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/profiler/life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/binary_key.h"
#include "profiler/history.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "profiler/store.h"

#define HOUR_S 3600

DEFINE_CLEANUP(struct profile *, profile_free)

/* /usr/bin/api, which lives on. */
static const struct binary_key api_key = { .build_id = { { 0xab, 0x01 }, 2 }, .size_bytes = 42 };
static const struct elf_description api = {
	.build_id = { { 0xab, 0x01 }, 2 },
	.n_segments = 1,
	.segments = { { 0x1000, 0x401000, 0x1000 } },
};

struct store *life_store_new(void)
{
	struct store *store = store_fixture_new();

	assert_int_equal(store_set_file_key(store, FIXTURE_FILE, &api_key), 0);
	assert_int_equal(store_describe_file(store, FIXTURE_FILE, &api), 0);
	return store;
}

void life_begin(struct life *life)
{
	const struct history_options options = {
		.folder = life->folder,
		.retention_age_s = life->retention_age_s ? life->retention_age_s : 1000LL * HOUR_S,
		.retention_bytes = life->retention_bytes ? life->retention_bytes : 64LL << 20,
		.on_put_aside = life->on_put_aside,
	};

	life->store = life_store_new();
	assert_int_equal(history_open(&options, &life->history), 0);
	history_attach(life->history, life->store);
}

void life_end(struct life *life)
{
	life->store = store_free(life->store);
	life->history = history_close(life->history);
}

int life_set_up(void **state)
{
	struct life *life = calloc(1, sizeof(*life));
	/* In memory, where there is that: a disk may take its time over each sync. */
	const char *above = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	snprintf(life->folder, sizeof(life->folder), "%s/pilotlight-history.XXXXXX", above);
	assert_non_null(mkdtemp(life->folder));
	life_begin(life);
	*state = life;
	return 0;
}

int life_tear_down(void **state)
{
	struct life *life = *state;
	char command[128];

	life_end(life);
	snprintf(command, sizeof(command), "rm -rf %s", life->folder);
	assert_int_equal(system(command), 0);
	free(life);
	return 0;
}

void life_add_samples(struct life *life, int64_t start_s, int n_samples)
{
	for (int i = 0; i < n_samples; i++)
		store_fixture_add_sample(life->store,
					 start_s * NS_PER_SECOND + i * 3 * FIXTURE_TICK_NS);
}

void life_tick(struct life *life, int64_t end_s, int64_t now_s)
{
	assert_int_equal(history_tick(life->history, life->store,
				      end_s == INT64_MAX ? end_s : end_s * NS_PER_SECOND,
				      now_s * NS_PER_SECOND),
			 0);
}

static int line_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *text(const struct profile *profile, uint32_t string)
{
	return string_table_get(profile->strings, string);
}

static void print_sample(const struct profile *profile, const struct profile_sample *sample,
			 struct buffer *out)
{
	const struct profile_label_set *set = &profile->label_sets[sample->label_set];
	const struct profile_stack *stack = &profile->stacks[sample->stack];

	for (uint32_t i = 0; i < set->n_labels; i++) {
		const struct profile_label *label = &profile->labels[set->first_label + i];

		buffer_printf(out, "%s=%s,", text(profile, label->name),
			      text(profile, label->value));
	}
	for (uint32_t i = 0; i < stack->n_frames; i++) {
		const struct profile_location *location =
			&profile->locations[profile->frames[stack->first_frame + i]];
		const struct profile_mapping *mapping = &profile->mappings[location->mapping];
		const struct profile_line *line = &profile->lines[location->first_line];

		buffer_printf(out, ";%s in %s %s",
			      text(profile, profile->functions[line->function].name),
			      text(profile, mapping->filename), text(profile, mapping->build_id));
	}
	buffer_printf(out, " %llu %llu", (unsigned long long)sample->count,
		      (unsigned long long)sample->value);
}

char *life_read(struct store *store, int64_t start_s, int64_t end_s)
{
	const struct query query = { .start_unix_ns = start_s * NS_PER_SECOND,
				     .end_unix_ns = end_s * NS_PER_SECOND };
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(buffer_fini) struct buffer out = { 0 };
	char **lines;

	assert_int_equal(query_run(store, &query, &profile), 0);
	lines = calloc(profile->n_samples + 1, sizeof(*lines));
	assert_non_null(lines);
	for (size_t i = 0; i < profile->n_samples; i++) {
		struct buffer line = { 0 };

		print_sample(profile, &profile->samples[i], &line);
		buffer_append_char(&line, '\0');
		lines[i] = line.data;
	}
	qsort(lines, profile->n_samples, sizeof(*lines), line_compare);
	buffer_append_string(&out, "");
	for (size_t i = 0; i < profile->n_samples; i++) {
		buffer_printf(&out, "%s\n", lines[i]);
		free(lines[i]);
	}
	free(lines);
	buffer_append_char(&out, '\0');
	assert_int_equal(buffer_error(&out), 0);
	return strdup(out.data);
}

void assert_life_reads(struct store *store, int64_t start_s, int64_t end_s, const char *expected)
{
	char *found = life_read(store, start_s, end_s);

	assert_string_equal(found, expected);
	free(found);
}

struct history_status life_status(struct life *life)
{
	struct history_status status;

	history_get_status(life->history, &status);
	return status;
}
