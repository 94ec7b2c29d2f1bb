/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays what a sampler told, as text, into a store, and writes what a query of it gives:
 *
 *     replay_recording FORMAT START_NS END_NS <recorded.txt
 *
 * Each line is a verb and its words; recorded.txt shows them all. Words are split at spaces, so
 * only the last one of a line may have some.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/encoder.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/label.h"
#include "profiler/profile.h"
#include "profiler/query.h"
#include "profiler/store.h"
#include "tests/unit/profiler/store_fixture.h"
#include "tests/unit/profiler/symbol_fixture.h"
#include "unwind/symbol_build_report.h"
#include "unwind/symbol_file_writer.h"

#define MAX_LINE_BYTES 1000
#define MAX_WORDS      8
#define MAX_FILES      8
#define STORE_BYTES    (1 << 20)

DEFINE_CLEANUP(struct profile *, profile_free)
DEFINE_CLEANUP(struct store *, store_free)

/* The names of a file, as they come. */
struct names {
	uint32_t file; /* 0: the slot is free */
	struct elf_description description;
	struct symbol_file_writer *writer;
	struct symbol_function function; /* the last, which may get an inlined one */
	struct symbol_row row;
	struct symbol_inline inlined;
	struct symbol_range inlined_range;
};

struct replay {
	struct store *store;
	struct names names[MAX_FILES];
};

typedef int replay_verb(struct replay *replay, char *const *words, size_t n_words);

static uint64_t number(const char *word)
{
	return strtoull(word, NULL, 0);
}

static uint32_t number32(const char *word)
{
	return (uint32_t)number(word);
}

static int begin_dictionary(struct replay *replay, char *const *words, size_t n_words)
{
	(void)n_words;
	return store_begin_dictionary(replay->store, number32(words[0]));
}

static int add_file(struct replay *replay, char *const *words, size_t n_words)
{
	(void)n_words;
	return store_add_file(replay->store, number32(words[0]), words[1]);
}

static struct names *names_of(struct replay *replay, uint32_t file)
{
	for (size_t i = 0; i < MAX_FILES; i++) {
		struct names *names = &replay->names[i];

		if (names->file && names->file != file)
			continue;
		if (!names->file && symbol_file_writer_new(&names->writer) < 0)
			return NULL;
		names->file = file;
		return names;
	}
	return NULL;
}

static int add_segment(struct replay *replay, char *const *words, size_t n_words)
{
	struct names *names = names_of(replay, number32(words[0]));

	(void)n_words;
	if (!names)
		return -ENOMEM;
	names->description.n_segments = 1;
	names->description.segments[0] =
		(struct elf_segment){ number(words[1]), number(words[2]), number(words[3]) };
	names->description.build_id = (struct build_id){ .bytes = { 0xfe, 0xed }, .n_bytes = 2 };
	return 0;
}

/* A function goes to the writer once it is known whether it has an inlined one. */
static int finish_function(struct names *names)
{
	int r = 0;

	if (names->function.range.end_vaddr)
		r = symbol_file_writer_add_function(names->writer, &names->function);
	names->function = (struct symbol_function){ 0 };
	return r;
}

/* The number of a name and of a path, for the writer. */
static int add_words(struct names *names, const char *name, const char *path, uint32_t *ret_name,
		     uint32_t *ret_path)
{
	int r = symbol_file_writer_add_string(names->writer, name, strlen(name), ret_name);

	return r < 0 ? r : symbol_file_writer_add_file(names->writer, path, ret_path);
}

static int add_function(struct replay *replay, char *const *words, size_t n_words)
{
	struct names *names = names_of(replay, number32(words[0]));
	int r = names ? finish_function(names) : -ENOMEM;

	(void)n_words;
	if (r < 0)
		return r;
	names->row =
		(struct symbol_row){ .elf_vaddr = number(words[1]), .line = number32(words[5]) };
	names->function = (struct symbol_function){
		.range = { number(words[1]), number(words[2]) },
		.rows = &names->row,
		.n_rows = 1,
	};
	return add_words(names, words[3], words[4], &names->function.name, &names->row.file);
}

/* Into the last function, at a line of that. */
static int add_inlined(struct replay *replay, char *const *words, size_t n_words)
{
	struct names *names = &replay->names[0];

	(void)n_words;
	names->inlined_range = (struct symbol_range){ number(words[0]), number(words[1]) };
	names->inlined = (struct symbol_inline){
		.depth = 1,
		.call_line = number32(words[4]),
		.n_ranges = 1,
		.ranges = &names->inlined_range,
	};
	names->function.inlines = &names->inlined;
	names->function.n_inlines = 1;
	return add_words(names, words[2], words[3], &names->inlined.name,
			 &names->inlined.call_file);
}

static int add_process(struct replay *replay, char *const *words, size_t n_words)
{
	const struct label labels[] = { { "cgroup", words[4] },
					{ "comm", words[2] },
					{ "exe", words[3] } };
	const struct store_process process = { number32(words[0]), number32(words[1]), labels,
					       ARRAY_SIZE(labels) };

	(void)n_words;
	return store_add_process(replay->store, &process);
}

static int add_thread(struct replay *replay, char *const *words, size_t n_words)
{
	(void)n_words;
	return store_add_thread(replay->store, number32(words[0]), number32(words[1]),
				number32(words[2]), words[3]);
}

/* KIND:FILE:PLACE */
static struct frame frame_of(const char *word)
{
	static const char *const kinds[FRAME_KIND_COUNT] = {
		[FRAME_NATIVE] = "native", [FRAME_KERNEL] = "kernel", [FRAME_UNMAPPED] = "unmapped",
		[FRAME_JIT] = "jit",       [FRAME_CUT] = "cut",
	};
	const char *file = strchr(word, ':') + 1;
	struct frame frame = { .file = number32(file), .place = number(strchr(file, ':') + 1) };

	while (strncmp(word, kinds[frame.kind], strlen(kinds[frame.kind])) != 0)
		frame.kind++;
	return frame;
}

static int add_stack(struct replay *replay, char *const *words, size_t n_words)
{
	struct frame frames[MAX_WORDS];

	for (size_t i = 1; i < n_words; i++)
		frames[i - 1] = frame_of(words[i]);
	return store_add_stack(replay->store, number32(words[0]), frames, n_words - 1);
}

static int add_samples(struct replay *replay, char *const *words, size_t n_words)
{
	struct sample sample = {
		.thread = number32(words[1]),
		.stack = number32(words[2]),
		.value = FIXTURE_TICK_NS,
		.weight = 1,
		.time_unix_ns = (int64_t)number(words[3]),
	};

	(void)n_words;
	for (uint32_t i = 0; i < number32(words[0]); i++) {
		if (store_add_samples(replay->store, &sample, 1) != 1)
			return -EINVAL;
		sample.time_unix_ns += FIXTURE_TICK_NS;
	}
	return 0;
}

static const struct {
	const char *verb;
	size_t n_words; /* at least */
	size_t n_split; /* at most: the last one has all that follows */
	replay_verb *run;
} verbs[] = {
	{ "dictionary", 1, 1, begin_dictionary }, { "file", 2, 2, add_file },
	{ "segment", 4, 4, add_segment },         { "function", 6, 6, add_function },
	{ "inlined", 5, 5, add_inlined },         { "process", 5, 5, add_process },
	{ "thread", 4, 4, add_thread },           { "stack", 2, MAX_WORDS, add_stack },
	{ "samples", 4, 4, add_samples },
};

static size_t split(char *text, char **words, size_t max_words)
{
	size_t n_words = 0;

	while (text && *text && n_words < max_words) {
		words[n_words++] = text;
		text = n_words < max_words ? strchr(text, ' ') : NULL;
		if (text)
			*text++ = '\0';
	}
	return n_words;
}

static int replay_line(struct replay *replay, char *line)
{
	char *words[MAX_WORDS];
	char *rest = strchr(line, ' ');

	if (*line == '#')
		return 0;
	if (rest)
		*rest++ = '\0';
	for (size_t i = 0; rest && i < ARRAY_SIZE(verbs); i++) {
		size_t n_words;

		if (strcmp(line, verbs[i].verb) != 0)
			continue;
		n_words = split(rest, words, verbs[i].n_split);
		return n_words < verbs[i].n_words ? -EINVAL : verbs[i].run(replay, words, n_words);
	}
	return -EINVAL;
}

static int replay_names(struct replay *replay)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < MAX_FILES && replay->names[i].file; i++) {
		_cleanup_(buffer_fini) struct buffer bytes = { 0 };
		struct symbol_build_report report = { 0 };
		struct names *names = &replay->names[i];

		r = finish_function(names);
		if (r == 0)
			r = symbol_file_writer_finish(names->writer, &names->description, &bytes,
						      &report);
		if (r == 0)
			r = store_describe_file(replay->store, names->file, &names->description);
		if (r == 0)
			r = store_name_file(replay->store, names->file, NAMES_LINES,
					    symbol_fixture_map(&bytes));
		symbol_file_writer_free(names->writer);
	}
	return r;
}

static int replay_all(struct replay *replay)
{
	char line[MAX_LINE_BYTES];
	int r = 0;

	while (r == 0 && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		r = replay_line(replay, line);
		if (r < 0)
			fprintf(stderr, "cannot replay '%s': %s\n", line, strerror(-r));
	}
	return r < 0 ? r : replay_names(replay);
}

int main(int argc, char **argv)
{
	const struct encoder *encoder = argc == 4 ? encoder_find(argv[1]) : NULL;
	_cleanup_(store_freep) struct store *store = store_fixture_new_empty(STORE_BYTES);
	_cleanup_(profile_freep) struct profile *profile = NULL;
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct replay replay = { .store = store };
	struct query query = { 0 };

	if (!encoder) {
		fprintf(stderr, "usage: %s FORMAT START_NS END_NS\n", argv[0]);
		return EXIT_FAILURE;
	}
	query.start_unix_ns = (int64_t)number(argv[2]);
	query.end_unix_ns = (int64_t)number(argv[3]);
	if (replay_all(&replay) < 0 || query_run(store, &query, &profile) < 0 ||
	    encoder->encode(profile, &bytes) < 0 ||
	    file_write_fd(STDOUT_FILENO, bytes.data, bytes.size) < 0)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
