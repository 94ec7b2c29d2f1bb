/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/history_translator.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/dictionary.h"
#include "profiler/file_view.h"
#include "profiler/frame.h"
#include "profiler/history_dictionary.h"
#include "profiler/history_file.h"
#include "profiler/kernel_view.h"
#include "profiler/locator.h"
#include "profiler/snapshot.h"
#include "profiler/thread_labels.h"

/* History's numbers by the indices of a dictionary; 0: not sought yet. */
struct numbers {
	uint32_t *numbers;
	size_t n;
};

struct translation {
	uint32_t dictionary; /* its number, which is never given out again */
	struct numbers threads, stacks, frames;
};

struct known_file {
	uint32_t file; /* the sampler's number, which is never given out again either */
	uint32_t number;
	bool is_described;
	bool is_kept; /* its names are, on disk */
};

struct history_translator {
	struct database *database;
	const struct snapshot *snapshot;
	struct translation **current; /* of the snapshot's dictionaries */
	size_t current_capacity;
	struct translation **translations;
	size_t n_translations;
	size_t translation_capacity;
	struct known_file *files;
	size_t n_files;
	size_t file_capacity;
};

int history_translator_new(struct database *database, struct history_translator **ret_translator)
{
	struct history_translator *translator = calloc(1, sizeof(*translator));

	if (!translator)
		return -ENOMEM;
	translator->database = database;
	*ret_translator = translator;
	return 0;
}

static void translation_free(struct translation *translation)
{
	free(translation->threads.numbers);
	free(translation->stacks.numbers);
	free(translation->frames.numbers);
	free(translation);
}

void history_translator_forget(struct history_translator *translator)
{
	for (size_t i = 0; i < translator->n_translations; i++)
		translation_free(translator->translations[i]);
	translator->n_translations = 0;
	translator->n_files = 0;
	translator->snapshot = NULL;
}

struct history_translator *history_translator_free(struct history_translator *translator)
{
	if (!translator)
		return NULL;
	history_translator_forget(translator);
	free(translator->current);
	free(translator->translations);
	free(translator->files);
	free(translator);
	return NULL;
}

/* Make room for the indices below @count. */
static int numbers_extend(struct numbers *numbers, size_t count)
{
	uint32_t *larger;

	if (count <= numbers->n)
		return 0;
	larger = realloc(numbers->numbers, count * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	memset(larger + numbers->n, 0, (count - numbers->n) * sizeof(*larger));
	*numbers = (struct numbers){ .numbers = larger, .n = count };
	return 0;
}

static bool is_in_snapshot(const struct snapshot *snapshot, uint32_t dictionary)
{
	for (size_t i = 0; i < snapshot->n_dictionaries; i++) {
		if (snapshot->dictionaries[i].dictionary->number == dictionary)
			return true;
	}
	return false;
}

/* What has no samples to be written now will hardly have any later. */
static void drop_old(struct history_translator *translator, const struct snapshot *snapshot)
{
	size_t n_left = 0;

	for (size_t i = 0; i < translator->n_translations; i++) {
		struct translation *translation = translator->translations[i];

		if (is_in_snapshot(snapshot, translation->dictionary))
			translator->translations[n_left++] = translation;
		else
			translation_free(translation);
	}
	translator->n_translations = n_left;
}

static int find_or_add(struct history_translator *translator, uint32_t dictionary,
		       struct translation **ret_translation)
{
	struct translation *translation;
	int r;

	for (size_t i = 0; i < translator->n_translations; i++) {
		if (translator->translations[i]->dictionary == dictionary) {
			*ret_translation = translator->translations[i];
			return 0;
		}
	}
	r = array_reserve((void **)&translator->translations, &translator->translation_capacity,
			  translator->n_translations + 1, sizeof(struct translation *));
	if (r < 0)
		return r;
	translation = calloc(1, sizeof(*translation));
	if (!translation)
		return -ENOMEM;
	translation->dictionary = dictionary;
	translator->translations[translator->n_translations++] = translation;
	*ret_translation = translation;
	return 0;
}

/* Threads are sought anew each time: they change their names. */
static int translation_begin(struct translation *translation,
			     const struct snapshot_dictionary *held)
{
	int r = numbers_extend(&translation->threads, held->n_threads);

	if (r == 0)
		r = numbers_extend(&translation->stacks, held->n_stacks);
	if (r == 0)
		r = numbers_extend(&translation->frames, held->n_frames);
	if (r == 0 && translation->threads.n)
		memset(translation->threads.numbers, 0,
		       translation->threads.n * sizeof(*translation->threads.numbers));
	return r;
}

/* All labels but those of the thread itself. */
static int put_label_set(struct history_translator *translator, const struct thread_labels *labels,
			 uint32_t *ret_label_set)
{
	struct history_label numbers[THREAD_LABELS_MAX];
	size_t n_labels = 0;
	int r;

	for (size_t i = 0; i < labels->n_labels; i++) {
		const struct label *label = &labels->labels[i];

		if (!strcmp(label->name, LABEL_THREAD) || !strcmp(label->name, LABEL_TID))
			continue;
		r = history_string_put(translator->database, label->name, &numbers[n_labels].name);
		if (r == 0)
			r = history_string_put(translator->database, label->value,
					       &numbers[n_labels].value);
		if (r < 0)
			return r;
		n_labels++;
	}
	return history_label_set_put(translator->database, numbers, n_labels, ret_label_set);
}

static int put_thread(struct history_translator *translator, const struct dictionary *dictionary,
		      uint32_t index, uint32_t *ret_number)
{
	const struct thread_text *text = dictionary_thread(dictionary, index);
	struct history_thread thread = { .tid = text->tid };
	struct thread_labels labels;
	int r;

	thread_labels_init(&labels, dictionary, index);
	r = put_label_set(translator, &labels, &thread.label_set);
	if (r == 0)
		r = history_string_put(translator->database, text->name, &thread.name);
	return r < 0 ? r : history_thread_put(translator->database, &thread, ret_number);
}

int history_translator_thread(struct history_translator *translator, size_t dictionary_i,
			      uint32_t thread, uint32_t *ret_number)
{
	const struct dictionary *dictionary =
		translator->snapshot->dictionaries[dictionary_i].dictionary;
	uint32_t *number = &translator->current[dictionary_i]->threads.numbers[thread];
	int r = *number ? 0 : put_thread(translator, dictionary, thread, number);

	if (r == 0)
		*ret_number = *number;
	return r;
}

static int known_file(struct history_translator *translator, uint32_t file,
		      struct known_file **ret_known)
{
	int r;

	for (size_t i = translator->n_files; i-- > 0;) {
		if (translator->files[i].file == file) {
			*ret_known = &translator->files[i];
			return 0;
		}
	}
	r = array_reserve((void **)&translator->files, &translator->file_capacity,
			  translator->n_files + 1, sizeof(*translator->files));
	if (r < 0)
		return r;
	*ret_known = &translator->files[translator->n_files++];
	**ret_known = (struct known_file){ .file = file };
	return 0;
}

static int describe_file(struct history_translator *translator, const struct file_view *view,
			 struct known_file *known)
{
	int r;

	if (known->is_described || !view->description.n_segments)
		return 0;
	r = history_file_describe(translator->database, known->number, &view->description);
	known->is_described = r == 0;
	return r;
}

/* What has become known of files since they were put there. */
static int describe_files(struct history_translator *translator)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < translator->n_files; i++) {
		struct known_file *known = &translator->files[i];
		_cleanup_(file_view_unrefp) struct file_view *view = NULL;

		if (known->is_described)
			continue;
		view = snapshot_find_file(translator->snapshot, known->file);
		if (view)
			r = describe_file(translator, view, known);
	}
	return r;
}

int history_translator_begin(struct history_translator *translator, const struct snapshot *snapshot)
{
	int r;

	drop_old(translator, snapshot);
	r = array_reserve((void **)&translator->current, &translator->current_capacity,
			  snapshot->n_dictionaries + 1, sizeof(struct translation *));
	for (size_t i = 0; r == 0 && i < snapshot->n_dictionaries; i++) {
		const struct snapshot_dictionary *held = &snapshot->dictionaries[i];

		r = find_or_add(translator, held->dictionary->number, &translator->current[i]);
		if (r == 0)
			r = translation_begin(translator->current[i], held);
	}
	if (r < 0)
		return r;
	translator->snapshot = snapshot;
	return describe_files(translator);
}

/* Sets *@ret_number, and *@ret_state to how far its names have come: NAMES_NONE if they are kept on
 * disk, and history need not. */
static int put_file(struct history_translator *translator, uint32_t file, uint32_t *ret_number,
		    enum names_state *ret_state)
{
	_cleanup_(file_view_unrefp) struct file_view *view =
		snapshot_find_file(translator->snapshot, file);
	struct history_file said = { 0 };
	struct known_file *known;
	int r;

	r = known_file(translator, file, &known);
	if (r < 0 || !view) {
		*ret_number = 0;
		*ret_state = NAMES_FAILED;
		return r;
	}
	if (!known->number) {
		said.key = view->key;
		known->is_kept = view->key.build_id.n_bytes;
		r = history_string_put(translator->database, view->path, &said.path);
		if (r == 0)
			r = history_file_put(translator->database, &said, &known->number);
	}
	*ret_number = known->number;
	*ret_state = known->is_kept ? NAMES_NONE : view->state;
	return r < 0 ? r : describe_file(translator, view, known);
}

/* The kernel, or a module of it, is a file by the name that its range has. */
static int put_kernel_file(struct history_translator *translator, const struct kernel_view *kernel,
			   uint64_t kernel_addr, uint32_t *ret_number)
{
	const struct kernel_range *range = kernel ? kernel_view_find(kernel, kernel_addr) : NULL;
	struct history_file said = { 0 };
	int r = history_string_put(translator->database, range ? range->name : KERNEL_RANGE_NAME,
				   &said.path);

	return r < 0 ? r : history_file_put(translator->database, &said, ret_number);
}

/* The name of a frame that nobody can name any more when its process, or the kernel, has gone: of
 * code that was made at run time, of files without a name in any folder. */
static int put_name(struct history_translator *translator, const struct kernel_view *kernel,
		    const struct frame *frame, uint32_t *ret_string)
{
	_cleanup_(buffer_fini) struct buffer name = { 0 };
	int r = locator_append_name(translator->snapshot, kernel, frame, &name);

	buffer_append_char(&name, '\0');
	if (r == 0)
		r = buffer_error(&name);
	return r < 0 ? r : history_string_put(translator->database, name.data, ret_string);
}

/* Returns 1, 0 if the frame may have a better name soon, or an error. */
static int put_frame(struct history_translator *translator, const struct kernel_view *kernel,
		     const struct frame *frame, uint32_t *ret_number)
{
	struct history_frame said = { .kind = (enum frame_kind)frame->kind, .place = frame->place };
	enum names_state state = NAMES_NONE; /* no name is needed */
	bool is_final;
	int r = 0;

	if (frame->kind == FRAME_KERNEL) {
		state = kernel ? NAMES_FUNCTIONS : NAMES_PENDING;
		r = put_kernel_file(translator, kernel, frame->place, &said.file);
	} else if (frame->file) {
		r = put_file(translator, frame->file, &said.file, &state);
	}
	if (r == 0 && state != NAMES_NONE)
		r = put_name(translator, kernel, frame, &said.name);
	if (r == 0)
		r = history_frame_put(translator->database, &said, ret_number);
	/* A runtime tells the names of its code a little later. */
	is_final = said.name || (state != NAMES_PENDING && frame->kind != FRAME_JIT);
	return r < 0 ? r : is_final;
}

/* The numbers of a stack's frames. Returns 1, 0 if some may have better names soon, or an error. */
static int put_frames(struct history_translator *translator, size_t dictionary_i,
		      const struct stack_frames *text, uint32_t *ret_numbers)
{
	const struct snapshot_dictionary *held = &translator->snapshot->dictionaries[dictionary_i];
	uint32_t *known = translator->current[dictionary_i]->frames.numbers;
	bool is_final = true;

	for (uint32_t i = 0; i < text->n_frames; i++) {
		uint32_t frame = text->frames[i];
		int r;

		ret_numbers[i] = known[frame];
		if (known[frame])
			continue;
		r = put_frame(translator, held->kernel, dictionary_frame(held->dictionary, frame),
			      &ret_numbers[i]);
		if (r < 0)
			return r;
		if (r == 1)
			known[frame] = ret_numbers[i];
		is_final &= r == 1;
	}
	return is_final;
}

int history_translator_stack(struct history_translator *translator, size_t dictionary_i,
			     uint32_t stack, uint32_t *ret_number)
{
	uint32_t *known = &translator->current[dictionary_i]->stacks.numbers[stack];
	const struct stack_frames *text = dictionary_stack(
		translator->snapshot->dictionaries[dictionary_i].dictionary, stack);
	_cleanup_(freep) uint32_t *numbers = NULL;
	int is_final, r;

	if (*known) {
		*ret_number = *known;
		return 0;
	}
	numbers = calloc(text->n_frames + 1UL, sizeof(*numbers));
	if (!numbers)
		return -ENOMEM;
	is_final = put_frames(translator, dictionary_i, text, numbers);
	r = is_final < 0
		    ? is_final
		    : history_stack_put(translator->database, numbers, text->n_frames, ret_number);
	if (r == 0 && is_final)
		*known = *ret_number;
	return r;
}
