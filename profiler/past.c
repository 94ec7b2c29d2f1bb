/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a reading: add the rows up, by the numbers of history; read the stacks that are left,
 * then the frames that these lead through; describe each thread, stack, frame and file, once, in a
 * dictionary of its own, and put its index in place of its number.
 */
#include "profiler/past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/arena.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/dictionary.h"
#include "profiler/history_cursor.h"
#include "profiler/history_dictionary.h"
#include "profiler/history_file.h"
#include "profiler/label_set.h"
#include "profiler/past_files.h"
#include "profiler/past_stacks.h"
#include "profiler/past_sums.h"
#include "profiler/query_budget.h"
#include "profiler/store_process.h"

/* In a history of whatever size: by these numbers frames are found in an array. */
#define MOST_FRAMES (1U << 26)

/* In place of an index of the dictionary. */
#define NO_STACK UINT32_MAX

/* Marks of a frame; any other is its index in the dictionary, plus MARK_COUNT. */
enum { MARK_UNSEEN, MARK_WANTED, MARK_COUNT };

struct past {
	struct store *store;
	struct dictionary *dictionary;
	struct past_sample *samples;
	size_t n_samples;
	bool is_summed;
	struct arena arena;
	struct past_frame *frames;
	size_t n_frames;
	size_t frame_capacity;
};

/* By the numbers of history, what has been read. */
struct reading {
	struct database *database;
	const struct past_wish *wish;
	struct past *past;
	struct past_stacks stacks; /* of the samples, by position */
	uint32_t *stack_indices;   /* in the dictionary, likewise */
	uint32_t *frames;          /* by number: its mark */
	size_t frame_capacity;
	uint32_t frame_end;          /* from this number on there are none, whatever a stack says */
	struct pair_map file_index;  /* number → that in the store */
	struct pair_map label_index; /* number of a label set → 0: it is described */
	struct pair_map string_index; /* number → strings[] */
	const char **strings;
	size_t n_strings;
	size_t string_capacity;
};

struct past *past_free(struct past *past)
{
	const struct dictionary *dictionary = past ? past->dictionary : NULL;

	if (!past)
		return NULL;
	for (uint32_t i = 0; dictionary && i < dictionary->files.count; i++)
		past_files_drop(past->store, *(uint32_t *)stable_array_get(&dictionary->files, i));
	dictionary_free(past->dictionary);
	free(past->samples);
	arena_fini(&past->arena);
	free(past->frames);
	free(past);
	return NULL;
}

const struct past_sample *past_samples(const struct past *past, size_t *ret_n_samples)
{
	*ret_n_samples = past->n_samples;
	return past->samples;
}

bool past_is_summed(const struct past *past)
{
	return past->is_summed;
}

const struct dictionary *past_dictionary(const struct past *past)
{
	return past->dictionary;
}

const struct past_frame *past_find_frame(const struct past *past, uint32_t file)
{
	return &past->frames[file - FRAME_FIRST_NAMED];
}

static void reading_fini(struct reading *reading)
{
	past_free(reading->past);
	past_stacks_fini(&reading->stacks);
	free(reading->stack_indices);
	free(reading->frames);
	pair_map_fini(&reading->file_index);
	pair_map_fini(&reading->label_index);
	pair_map_fini(&reading->string_index);
	free(reading->strings);
}

/* A text, once; it lives as long as the past does. */
static int read_string(struct reading *reading, uint32_t number, const char **ret_text)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	uint32_t index;
	int r;

	if (pair_map_find(&reading->string_index, (struct pair_key){ .a = number }, &index)) {
		*ret_text = reading->strings[index];
		return 0;
	}
	r = history_string_get(reading->database, number, &text);
	buffer_append_char(&text, '\0');
	if (r == 0)
		r = buffer_error(&text);
	if (r == 0)
		r = array_reserve((void **)&reading->strings, &reading->string_capacity,
				  reading->n_strings + 1, sizeof(*reading->strings));
	if (r < 0)
		return r;
	*ret_text = arena_copy_text(&reading->past->arena, text.data);
	if (!*ret_text)
		return -ENOMEM;
	reading->strings[reading->n_strings] = *ret_text;
	r = pair_map_find_or_add(&reading->string_index, (struct pair_key){ .a = number },
				 (uint32_t)reading->n_strings++, &index);
	return r < 0 ? r : 0;
}

/* Several files of history may be one that lives on. */
static int hold_file(struct reading *reading, const struct past_file *file, uint32_t *ret_file)
{
	struct store *store = reading->past->store;
	int r = past_files_hold(store, file, ret_file);

	if (r < 0)
		return r;
	if (dictionary_has_file(reading->past->dictionary, *ret_file)) {
		past_files_drop(store, *ret_file);
		return 0;
	}
	r = dictionary_add_file(reading->past->dictionary, *ret_file);
	if (r < 0)
		past_files_drop(store, *ret_file);
	return r;
}

static int read_file(struct reading *reading, uint32_t number, uint32_t *ret_file)
{
	struct pair_key key = { .a = number };
	struct past_file file = { .number = number };
	struct history_file said;
	int r;

	if (pair_map_find(&reading->file_index, key, ret_file))
		return 0;
	r = history_file_get(reading->database, number, &said, &file.description);
	if (r == 0)
		r = read_string(reading, said.path, &file.path);
	if (r < 0)
		return r;
	file.key = said.key;
	r = hold_file(reading, &file, ret_file);
	if (r == 0)
		r = pair_map_find_or_add(&reading->file_index, key, *ret_file, ret_file);
	return r < 0 ? r : 0;
}

/* Keep the name of a frame. Its number in history is lost: it is in one stack or more, as any. */
static int keep_name(struct reading *reading, const struct history_frame *said, struct frame *frame)
{
	struct past *past = reading->past;
	struct past_frame kept = { 0 };
	struct history_file file;
	struct elf_description description;
	int r = history_file_get(reading->database, said->file, &file, &description);

	if (r == 0)
		r = read_string(reading, file.path, &kept.path);
	if (r == 0)
		r = read_string(reading, said->name, &kept.name);
	if (r == 0)
		r = array_reserve((void **)&past->frames, &past->frame_capacity, past->n_frames + 1,
				  sizeof(*past->frames));
	if (r < 0)
		return r;
	frame->file = FRAME_FIRST_NAMED + (uint32_t)past->n_frames;
	past->frames[past->n_frames++] = kept;
	return 0;
}

static int make_frame(struct reading *reading, const struct history_frame *said,
		      struct frame *ret_frame)
{
	*ret_frame = (struct frame){ .kind = (uint32_t)said->kind, .place = said->place };
	if (said->kind == FRAME_NATIVE && !said->name)
		return read_file(reading, said->file, &ret_frame->file);
	if (said->name || said->kind == FRAME_KERNEL || (said->kind == FRAME_JIT && said->file))
		return keep_name(reading, said, ret_frame);
	return 0;
}

/* Room for a mark of the frame of that number. */
static int reserve_frame(struct reading *reading, uint32_t number)
{
	size_t n_before = reading->frame_capacity;
	int r;

	if (number < n_before)
		return 0;
	r = query_budget_ask(reading->wish->budget, number * sizeof(*reading->frames));
	if (r == 0)
		r = array_reserve((void **)&reading->frames, &reading->frame_capacity, number + 1UL,
				  sizeof(*reading->frames));
	if (r == 0)
		memset(&reading->frames[n_before], 0,
		       (reading->frame_capacity - n_before) * sizeof(*reading->frames));
	return r;
}

static int find_frame_end(struct reading *reading)
{
	uint32_t last;
	int r = history_frame_find_last(reading->database, &last);

	if (r == 0)
		reading->frame_end = last < MOST_FRAMES ? last + 1 : MOST_FRAMES;
	return r;
}

/* Mark the frames that the stacks lead through. */
static int mark_frames(struct reading *reading)
{
	const struct past_stacks *stacks = &reading->stacks;
	int r = find_frame_end(reading);

	for (size_t i = 0; r == 0 && i < stacks->n_frames; i++) {
		uint32_t number = stacks->frames[i];

		if (number >= reading->frame_end)
			continue;
		r = reserve_frame(reading, number);
		if (r == 0)
			reading->frames[number] = MARK_WANTED;
	}
	return r;
}

static int read_frame(struct reading *reading, struct history_cursor *cursor, uint32_t number)
{
	struct history_frame said;
	struct frame frame;
	uint32_t index;
	int r = history_cursor_get_frame(cursor, number, &said);

	if (r == 0)
		r = make_frame(reading, &said, &frame);
	if (r == 0)
		r = dictionary_add_frame(reading->past->dictionary, &frame, &index);
	if (r == 0)
		reading->frames[number] = index + MARK_COUNT;
	return r == -EBADMSG || r == -EINVAL ? 0 : r; /* it stays wanted */
}

/* Ask whether to go on, with all that was read of stacks. */
static int ask_budget(const struct reading *reading)
{
	return query_budget_ask(reading->wish->budget,
				past_stacks_bytes(&reading->stacks) +
					reading->frame_capacity * sizeof(*reading->frames) +
					dictionary_bytes(reading->past->dictionary));
}

/* Read the frames that are marked, in the order in which they lie. */
static int read_frames(struct reading *reading)
{
	_cleanup_(history_cursor_fini) struct history_cursor cursor = { reading->database };
	int r = mark_frames(reading);

	for (uint32_t number = 0; r == 0 && number < reading->frame_capacity; number++) {
		if (reading->frames[number] != MARK_WANTED)
			continue;
		r = ask_budget(reading);
		if (r == 0)
			r = read_frame(reading, &cursor, number);
	}
	return r;
}

/* Put indices of the dictionary in place of the numbers of frames. Returns whether all of them
 * lead somewhere. */
static bool resolve_frames(const struct reading *reading, uint32_t *frames, size_t n_frames)
{
	for (size_t i = 0; i < n_frames; i++) {
		uint32_t mark =
			frames[i] < reading->frame_end ? reading->frames[frames[i]] : MARK_WANTED;

		if (mark < MARK_COUNT)
			return false;
		frames[i] = mark - MARK_COUNT;
	}
	return true;
}

static int describe_stack(struct reading *reading, const struct past_stack *stack,
			  uint32_t *ret_index)
{
	struct dictionary *dictionary = reading->past->dictionary;
	uint32_t *frames = reading->stacks.frames;

	*ret_index = NO_STACK;
	if (stack->n_frames == PAST_STACK_DAMAGED ||
	    !resolve_frames(reading, frames + stack->first, stack->n_frames))
		return 0;
	*ret_index = dictionary->stacks.count;
	return dictionary_append_stack(dictionary, frames + stack->first, stack->n_frames);
}

/* Read the stacks of all samples, and describe them. */
static int read_stacks(struct reading *reading)
{
	struct past_stacks *stacks = &reading->stacks;
	struct past *past = reading->past;
	int r = past_stacks_begin(stacks, reading->database);

	for (size_t i = 0; r == 0 && i < past->n_samples; i++)
		r = past_stacks_want(stacks, past->samples[i].stack, &past->samples[i].stack);
	if (r == 0)
		r = past_stacks_read(stacks, reading->database, reading->wish->budget);
	if (r == 0)
		r = read_frames(reading);
	if (r < 0)
		return r;
	reading->stack_indices = calloc(stacks->n_stacks + 1, sizeof(*reading->stack_indices));
	if (!reading->stack_indices)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < stacks->n_stacks; i++) {
		r = ask_budget(reading);
		if (r == 0)
			r = describe_stack(reading, &stacks->stacks[i], &reading->stack_indices[i]);
	}
	return r;
}

/* Read a label, and put it where it belongs in @process, which has room for it in @labels. */
static int read_label(struct reading *reading, const struct history_label *numbers,
		      struct label *labels, struct store_process *process)
{
	struct label *label = &labels[process->n_labels];
	int r = read_string(reading, numbers->name, &label->name);

	if (r == 0)
		r = read_string(reading, numbers->value, &label->value);
	if (r < 0)
		return r;
	if (!strcmp(label->name, LABEL_PID))
		process->pid = (uint32_t)strtoul(label->value, NULL, 10);
	else
		process->n_labels++;
	return 0;
}

static int read_labels(struct reading *reading, uint32_t label_set)
{
	_cleanup_(freep) struct history_label *numbers = NULL;
	struct label labels[LABEL_SET_MAX + 1];
	struct store_process process = { .process = label_set, .labels = labels };
	size_t n_numbers;
	uint32_t index;
	int r = pair_map_find_or_add(&reading->label_index, (struct pair_key){ .a = label_set }, 0,
				     &index);

	if (r <= 0)
		return r;
	r = history_label_set_get(reading->database, label_set, &numbers, &n_numbers);
	for (size_t i = 0; r == 0 && i < n_numbers; i++)
		r = process.n_labels > LABEL_SET_MAX
			    ? -EBADMSG
			    : read_label(reading, &numbers[i], labels, &process);
	return r < 0 ? r : dictionary_add_process(reading->past->dictionary, &process, 0);
}

static int read_thread(struct reading *reading, uint32_t number, uint32_t *ret_index)
{
	struct history_thread thread;
	const char *name;
	int r;

	if (dictionary_find_thread(reading->past->dictionary, number, ret_index))
		return 0;
	r = history_thread_get(reading->database, number, &thread);
	if (r == 0)
		r = read_labels(reading, thread.label_set);
	if (r == 0)
		r = read_string(reading, thread.name, &name);
	if (r == 0)
		r = dictionary_add_thread(reading->past->dictionary, number, thread.label_set,
					  thread.tid, name);
	if (r == 0 && !dictionary_find_thread(reading->past->dictionary, number, ret_index))
		r = -ENOMEM;
	return r;
}

/* Put indices of the dictionary in place of what a sample has. Returns 0, or -EBADMSG or -EINVAL if
 * that leads nowhere. */
static int describe(struct reading *reading, bool has_stacks, struct past_sample *sample)
{
	int r = 0;

	if (reading->wish->detail == PAST_STACKS)
		sample->thread = 0;
	else
		r = read_thread(reading, sample->thread, &sample->thread);
	if (r < 0 || !has_stacks)
		return r;
	sample->stack = reading->stack_indices[sample->stack];
	return sample->stack == NO_STACK ? -EBADMSG : 0;
}

static int describe_samples(struct reading *reading, uint64_t *n_damaged)
{
	struct past *past = reading->past;
	size_t n_left = 0;
	bool has_stacks =
		reading->wish->detail != PAST_STEPS && reading->wish->detail != PAST_TIMES;
	int r = has_stacks ? read_stacks(reading) : 0;

	for (size_t i = 0; r == 0 && i < past->n_samples; i++) {
		struct past_sample sample = past->samples[i];

		r = query_budget_ask(reading->wish->budget, dictionary_bytes(past->dictionary));
		if (r < 0)
			return r;
		r = describe(reading, has_stacks, &sample);
		if (r == 0)
			past->samples[n_left++] = sample;
		else if (r == -EBADMSG || r == -EINVAL)
			++*n_damaged;
		else
			return r;
		r = 0;
	}
	past->n_samples = n_left;
	return r;
}

static int sample_compare(const void *left, const void *right)
{
	const struct past_sample *a = left, *b = right;

	return (a->unix_s > b->unix_s) - (a->unix_s < b->unix_s);
}

int past_read(struct database *database, const struct past_wish *wish, struct store *store,
	      struct past **ret_past, uint64_t *n_damaged)
{
	_cleanup_(reading_fini) struct reading reading = { .database = database, .wish = wish };
	struct past *past = calloc(1, sizeof(*past));
	int r;

	if (!past)
		return -ENOMEM;
	reading.past = past;
	past->store = store;
	past->is_summed = wish->detail == PAST_TOTALS || wish->detail == PAST_STACKS;
	r = dictionary_new(UINT32_MAX, &past->dictionary);
	if (r == 0)
		r = past_sums_read(database, wish, &past->samples, &past->n_samples, n_damaged);
	if (r == 0)
		r = describe_samples(&reading, n_damaged);
	if (r < 0)
		return r;
	if (!past->is_summed && wish->detail != PAST_STEPS && past->n_samples)
		qsort(past->samples, past->n_samples, sizeof(*past->samples), sample_compare);
	*ret_past = steal(reading.past);
	return 0;
}
