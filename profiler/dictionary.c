/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/dictionary.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/kernel_view.h"
#include "profiler/label.h"
#include "profiler/store_process.h"

/* An item of processes[] and threads[]: swapped as a whole, for those who read without the lock. */
struct text_slot {
	_Atomic(const void *) text;
};

/* An item of label_sets[]. */
struct label_set_text {
	const struct label *labels;
	size_t n_labels;
};

int dictionary_new(uint32_t number, struct dictionary **ret_dictionary)
{
	struct dictionary *dictionary = calloc(1, sizeof(*dictionary));

	if (!dictionary)
		return -ENOMEM;
	dictionary->number = number;
	dictionary->processes.item_bytes = sizeof(struct text_slot);
	dictionary->threads.item_bytes = sizeof(struct text_slot);
	dictionary->stacks.item_bytes = sizeof(const struct stack_frames *);
	dictionary->frames.item_bytes = sizeof(struct frame);
	dictionary->files.item_bytes = sizeof(uint32_t);
	dictionary->label_sets.item_bytes = sizeof(struct label_set_text);
	*ret_dictionary = dictionary;
	return 0;
}

struct dictionary *dictionary_free(struct dictionary *dictionary)
{
	if (!dictionary)
		return NULL;
	kernel_view_unref(dictionary->kernel);
	arena_fini(&dictionary->arena);
	pair_map_fini(&dictionary->process_index);
	pair_map_fini(&dictionary->thread_index);
	pair_map_fini(&dictionary->stack_index);
	pair_map_fini(&dictionary->frame_index);
	pair_map_fini(&dictionary->file_index);
	pair_map_fini(&dictionary->label_set_index);
	stable_array_fini(&dictionary->processes);
	stable_array_fini(&dictionary->threads);
	stable_array_fini(&dictionary->stacks);
	stable_array_fini(&dictionary->frames);
	stable_array_fini(&dictionary->files);
	stable_array_fini(&dictionary->label_sets);
	free(dictionary);
	return NULL;
}

static struct pair_key number_key(uint32_t number)
{
	return (struct pair_key){ .a = number };
}

/*
 * The item of @key, a new one if there is none: then *@ret_is_new is set. The item comes first, so
 * that out of memory leaves at worst an item that nothing leads to.
 */
static int item_find_or_add(struct pair_map *map, struct stable_array *items, struct pair_key key,
			    void **ret_item, bool *ret_is_new)
{
	uint32_t index;
	int r;

	*ret_is_new = !pair_map_find(map, key, &index);
	if (!*ret_is_new) {
		*ret_item = stable_array_get(items, index);
		return 0;
	}
	index = items->count;
	r = stable_array_add(items, ret_item);
	if (r < 0)
		return r;
	r = pair_map_find_or_add(map, key, index, &index);
	return r < 0 ? r : 0;
}

int dictionary_add_file(struct dictionary *dictionary, uint32_t file)
{
	bool is_new;
	void *item;
	int r;

	r = item_find_or_add(&dictionary->file_index, &dictionary->files, number_key(file), &item,
			     &is_new);
	if (r == 0 && is_new)
		*(uint32_t *)item = file;
	return r;
}

static const void *slot_text(const struct stable_array *items, uint32_t index)
{
	struct text_slot *slot = stable_array_get(items, index);

	return atomic_load_explicit(&slot->text, memory_order_acquire);
}

/* Readers come here by an index which they get under the lock only, so a slot never lacks a text.
 */
static int slot_set(struct pair_map *map, struct stable_array *items, uint32_t number,
		    const void *text)
{
	bool is_new;
	void *slot;
	int r;

	r = item_find_or_add(map, items, number_key(number), &slot, &is_new);
	if (r < 0)
		return r;
	atomic_store_explicit(&((struct text_slot *)slot)->text, text, memory_order_release);
	return 0;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3; /* FNV-1a */
	return (hash ^ 0xff) * 0x100000001b3;
}

static struct pair_key label_set_key(const struct label *labels, size_t n_labels)
{
	struct pair_key key = { 0xcbf29ce484222325, n_labels };

	for (size_t i = 0; i < n_labels; i++)
		key.a = hash_text(hash_text(key.a, labels[i].name), labels[i].value);
	return key;
}

static bool label_set_is(const struct label_set_text *set, const struct label *labels,
			 size_t n_labels)
{
	if (set->n_labels != n_labels)
		return false;
	for (size_t i = 0; i < n_labels; i++)
		if (strcmp(set->labels[i].name, labels[i].name) != 0 ||
		    strcmp(set->labels[i].value, labels[i].value) != 0)
			return false;
	return true;
}

static int label_set_copy(struct arena *arena, const struct label *labels, size_t n_labels,
			  struct label_set_text *ret_set)
{
	struct label *copies = arena_alloc(arena, (n_labels + 1) * sizeof(*copies));

	if (!copies)
		return -ENOMEM;
	for (size_t i = 0; i < n_labels; i++) {
		copies[i].name = arena_copy_text(arena, labels[i].name);
		copies[i].value = arena_copy_text(arena, labels[i].value);
		if (!copies[i].name || !copies[i].value)
			return -ENOMEM;
	}
	*ret_set = (struct label_set_text){ copies, n_labels };
	return 0;
}

/* The set of these labels, which is kept once. Of two that have one hash, only the first is. */
static int label_set_intern(struct dictionary *dictionary, const struct label *labels,
			    size_t n_labels, struct label_set_text *ret_set)
{
	bool is_new;
	void *item;
	int r;

	r = item_find_or_add(&dictionary->label_set_index, &dictionary->label_sets,
			     label_set_key(labels, n_labels), &item, &is_new);
	if (r < 0)
		return r;
	if (!is_new && label_set_is(item, labels, n_labels)) {
		*ret_set = *(const struct label_set_text *)item;
		return 0;
	}
	r = label_set_copy(&dictionary->arena, labels, n_labels, ret_set);
	if (r == 0 && is_new)
		*(struct label_set_text *)item = *ret_set;
	return r;
}

static bool process_is(const struct process_text *text, const struct store_process *process,
		       uint32_t service)
{
	const struct label_set_text set = { text->labels, text->n_labels };

	return text->pid == process->pid && text->service == service &&
	       text->is_left_out == process->is_left_out &&
	       label_set_is(&set, process->labels, process->n_labels);
}

int dictionary_add_process(struct dictionary *dictionary, const struct store_process *process,
			   uint32_t service)
{
	struct label_set_text set;
	struct process_text *text;
	uint32_t index;
	int r;

	if (pair_map_find(&dictionary->process_index, number_key(process->process), &index) &&
	    process_is(dictionary_process(dictionary, index), process, service))
		return 0;
	r = label_set_intern(dictionary, process->labels, process->n_labels, &set);
	if (r < 0)
		return r;
	text = arena_alloc(&dictionary->arena, sizeof(*text));
	if (!text)
		return -ENOMEM;
	*text = (struct process_text){
		.pid = process->pid,
		.n_labels = (uint32_t)set.n_labels,
		.labels = set.labels,
		.service = service,
		.is_left_out = process->is_left_out,
	};
	return slot_set(&dictionary->process_index, &dictionary->processes, process->process, text);
}

int dictionary_add_thread(struct dictionary *dictionary, uint32_t thread, uint32_t process,
			  uint32_t tid, const char *name)
{
	const struct thread_text *known;
	struct thread_text *text;
	uint32_t process_index, index;

	if (!pair_map_find(&dictionary->process_index, number_key(process), &process_index))
		return -EINVAL;
	if (dictionary_find_thread(dictionary, thread, &index)) {
		known = dictionary_thread(dictionary, index);
		if (known->process == process_index && known->tid == tid &&
		    !strcmp(known->name, name))
			return 0;
	}
	text = arena_alloc(&dictionary->arena, sizeof(*text));
	if (!text)
		return -ENOMEM;
	*text = (struct thread_text){
		.process = process_index,
		.tid = tid,
		.name = arena_copy_text(&dictionary->arena, name),
	};
	if (!text->name)
		return -ENOMEM;
	return slot_set(&dictionary->thread_index, &dictionary->threads, thread, text);
}

/* Frames are compared by their bits, so what has no meaning for their kind must be 0. */
static int frame_normalize(const struct dictionary *dictionary, const struct frame *frame,
			   struct frame *ret_frame)
{
	*ret_frame = *frame;
	if (frame->kind >= FRAME_KIND_COUNT)
		return -EINVAL;
	if (frame->file >= FRAME_FIRST_NAMED)
		return 0;
	if (frame->kind != FRAME_NATIVE && frame->kind != FRAME_JIT)
		ret_frame->file = 0;
	else if (!dictionary_has_file(dictionary, frame->file) &&
		 (frame->kind == FRAME_NATIVE || frame->file))
		return -EINVAL;
	if (frame->kind == FRAME_NATIVE && frame->place >= FILE_SPAN_BYTES)
		*ret_frame = (struct frame){ .kind = FRAME_UNMAPPED, .place = frame->place };
	return 0;
}

int dictionary_add_frame(struct dictionary *dictionary, const struct frame *frame,
			 uint32_t *ret_index)
{
	struct frame normal;
	struct pair_key key;
	void *item;
	int r;

	r = frame_normalize(dictionary, frame, &normal);
	if (r < 0)
		return r;
	key = (struct pair_key){ (uint64_t)normal.kind << 32 | normal.file, normal.place };
	if (pair_map_find(&dictionary->frame_index, key, ret_index))
		return 0;
	r = stable_array_add(&dictionary->frames, &item);
	if (r < 0)
		return r;
	*(struct frame *)item = normal;
	r = pair_map_find_or_add(&dictionary->frame_index, key, dictionary->frames.count - 1,
				 ret_index);
	return r < 0 ? r : 0;
}

/* Room for a stack, or NULL. */
static struct stack_frames *stack_new(struct dictionary *dictionary, size_t n_frames)
{
	struct stack_frames *stack =
		arena_alloc(&dictionary->arena, sizeof(*stack) + n_frames * sizeof(uint32_t));

	if (stack)
		stack->n_frames = (uint32_t)n_frames;
	return stack;
}

/* Its index is the next one. */
static int put_stack(struct dictionary *dictionary, const struct stack_frames *frames)
{
	void *item;
	int r = stable_array_add(&dictionary->stacks, &item);

	if (r == 0)
		*(const struct stack_frames **)item = frames;
	return r;
}

int dictionary_add_stack(struct dictionary *dictionary, uint32_t stack, const struct frame *frames,
			 size_t n_frames)
{
	struct stack_frames *added;
	uint32_t index;
	int r = 0;

	if (dictionary_find_stack(dictionary, stack, &index))
		return 0;
	added = stack_new(dictionary, n_frames);
	if (!added)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n_frames; i++)
		r = dictionary_add_frame(dictionary, &frames[i], &added->frames[i]);
	index = dictionary->stacks.count;
	if (r == 0)
		r = put_stack(dictionary, added);
	if (r == 0)
		r = pair_map_find_or_add(&dictionary->stack_index, number_key(stack), index,
					 &index);
	return r < 0 ? r : 0;
}

int dictionary_append_stack(struct dictionary *dictionary, const uint32_t *frames, size_t n_frames)
{
	struct stack_frames *added = stack_new(dictionary, n_frames);

	if (!added)
		return -ENOMEM;
	if (n_frames)
		memcpy(added->frames, frames, n_frames * sizeof(*frames));
	return put_stack(dictionary, added);
}

bool dictionary_has_file(const struct dictionary *dictionary, uint32_t file)
{
	uint32_t index;

	return pair_map_find(&dictionary->file_index, number_key(file), &index);
}

bool dictionary_find_thread(const struct dictionary *dictionary, uint32_t number,
			    uint32_t *ret_index)
{
	return pair_map_find(&dictionary->thread_index, number_key(number), ret_index);
}

bool dictionary_find_stack(const struct dictionary *dictionary, uint32_t number,
			   uint32_t *ret_index)
{
	return pair_map_find(&dictionary->stack_index, number_key(number), ret_index);
}

const struct thread_text *dictionary_thread(const struct dictionary *dictionary, uint32_t index)
{
	return slot_text(&dictionary->threads, index);
}

const struct process_text *dictionary_process(const struct dictionary *dictionary, uint32_t index)
{
	return slot_text(&dictionary->processes, index);
}

const struct stack_frames *dictionary_stack(const struct dictionary *dictionary, uint32_t index)
{
	return *(const struct stack_frames **)stable_array_get(&dictionary->stacks, index);
}

const struct frame *dictionary_frame(const struct dictionary *dictionary, uint32_t index)
{
	return stable_array_get(&dictionary->frames, index);
}

size_t dictionary_bytes(const struct dictionary *dictionary)
{
	return sizeof(*dictionary) + dictionary->arena.bytes +
	       pair_map_bytes(&dictionary->process_index) +
	       pair_map_bytes(&dictionary->thread_index) +
	       pair_map_bytes(&dictionary->stack_index) + pair_map_bytes(&dictionary->frame_index) +
	       pair_map_bytes(&dictionary->file_index) +
	       pair_map_bytes(&dictionary->label_set_index) +
	       stable_array_bytes(&dictionary->label_sets) +
	       stable_array_bytes(&dictionary->processes) +
	       stable_array_bytes(&dictionary->threads) + stable_array_bytes(&dictionary->stacks) +
	       stable_array_bytes(&dictionary->frames) + stable_array_bytes(&dictionary->files);
}
