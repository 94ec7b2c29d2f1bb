/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/dictionary.h"
#include "profiler/file_view.h"
#include "profiler/kernel_view.h"
#include "profiler/label.h"
#include "profiler/store_state.h"
#include "profiler/symbol_cache.h"
#include "profiler/symbols.h"
#include "profiler/window.h"
#include "unwind/symbol_file.h"

int store_new(const struct store_options *options, struct store **ret_store)
{
	struct store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return -ENOMEM;
	store->options = *options;
	store->kernel_state = NAMES_PENDING;
	store->gone_until_unix_ns = clock_unix_ns();
	r = symbol_cache_new(&store->symbol_cache);
	if (r < 0) {
		free(store);
		return r;
	}
	pthread_mutex_init(&store->lock, NULL);
	past_questions_init(&store->past_questions);
	*ret_store = store;
	return 0;
}

static bool dictionary_is_stored(const struct store *store, const struct dictionary *dictionary)
{
	return dictionary->n_windows > 0 || dictionary == store->in_force;
}

/* Count what @dictionary holds in, or with @sign −1, out. */
static void store_account(struct store *store, const struct dictionary *dictionary, int sign)
{
	store->dictionary_bytes += (size_t)sign * dictionary_bytes(dictionary);
	store->n_dictionaries += (uint32_t)sign;
	store->n_stacks += (uint32_t)sign * dictionary->stacks.count;
	store->n_threads += (uint32_t)sign * dictionary->threads.count;
	store->n_processes += (uint32_t)sign * dictionary->processes.count;
}

static void store_unref_dictionary(struct store *store, struct dictionary *dictionary,
				   struct store_garbage *garbage)
{
	if (--dictionary->refs > 0)
		return;
	for (uint32_t i = 0; i < dictionary->files.count; i++)
		file_table_drop(&store->files,
				*(uint32_t *)stable_array_get(&dictionary->files, i));
	dictionary->next_free = garbage->dictionaries;
	garbage->dictionaries = dictionary;
}

void store_unref_window(struct store *store, struct window *window, struct store_garbage *garbage)
{
	if (--window->refs > 0)
		return;
	store_unref_dictionary(store, window->dictionary, garbage);
	window->next_free = garbage->windows;
	garbage->windows = window;
}

void store_free_garbage(struct store_garbage *garbage)
{
	struct window *window;
	struct dictionary *dictionary;

	while ((window = garbage->windows)) {
		garbage->windows = window->next_free;
		window_free(window);
	}
	while ((dictionary = garbage->dictionaries)) {
		garbage->dictionaries = dictionary->next_free;
		dictionary_free(dictionary);
	}
}

/* The store itself has no more use for @window, which is no longer among its windows. */
static void store_forget_window(struct store *store, struct window *window,
				struct store_garbage *garbage)
{
	struct dictionary *dictionary = window->dictionary;

	store->window_bytes -= window_bytes(window);
	if (window->start_unix_ns + WINDOW_NS > store->gone_until_unix_ns)
		store->gone_until_unix_ns = window->start_unix_ns + WINDOW_NS;
	dictionary->n_windows--;
	if (!dictionary_is_stored(store, dictionary))
		store_account(store, dictionary, -1);
	store_unref_window(store, window, garbage);
}

static void store_set_in_force(struct store *store, struct dictionary *dictionary,
			       struct store_garbage *garbage)
{
	struct dictionary *old = store->in_force;

	store->in_force = dictionary;
	if (dictionary) {
		dictionary->refs++;
		store_account(store, dictionary, 1);
	}
	if (!old)
		return;
	if (!dictionary_is_stored(store, old))
		store_account(store, old, -1);
	store_unref_dictionary(store, old, garbage);
}

struct store *store_free(struct store *store)
{
	struct store_garbage garbage = { 0 };

	if (!store)
		return NULL;
	for (size_t i = 0; i < store->n_windows; i++)
		store_forget_window(store, store->windows[i], &garbage);
	store_set_in_force(store, NULL, &garbage);
	store_free_garbage(&garbage);
	free(store->windows);
	file_table_fini(&store->files);
	kernel_view_unref(store->kernel);
	for (int i = 0; i < MAX_PAST_KERNELS; i++)
		kernel_view_unref(store->past_kernels[i]);
	symbol_cache_unref(store->symbol_cache);
	service_table_fini(&store->services);
	closep(&store->past_questions.event_fd);
	pthread_cond_destroy(&store->past_questions.answered);
	pthread_mutex_destroy(&store->lock);
	free(store);
	return NULL;
}

static size_t store_bytes(const struct store *store)
{
	return sizeof(*store) + store->window_capacity * sizeof(struct window *) +
	       store->window_bytes + store->dictionary_bytes + store->files.bytes;
}

/* Let windows go, oldest first, until there is room. Returns 0, or -ENOMEM if even without them
 * there is none: the dictionary in force is too large. */
static int store_make_room(struct store *store, struct store_garbage *garbage)
{
	size_t n_gone = 0;

	if (store_bytes(store) <= store->options.memory_bytes)
		return 0;
	while (store_bytes(store) > store->options.memory_bytes && n_gone < store->n_windows)
		store_forget_window(store, store->windows[n_gone++], garbage);
	store->n_windows -= n_gone;
	if (store->n_windows)
		memmove(store->windows, store->windows + n_gone,
			store->n_windows * sizeof(*store->windows));
	store->counters.windows_evicted += n_gone;
	return store_bytes(store) > store->options.memory_bytes ? -ENOMEM : 0;
}

void store_expire(struct store *store, int64_t now_unix_ns)
{
	const struct snapshot_source *past = &store->past;
	const bool has_history = past->read && past->is_open(past->context);
	int64_t oldest_ns = now_unix_ns - store->options.retention_ns;
	int64_t newest_ns = now_unix_ns + store->options.retention_ns; /* the clock was put back */
	struct store_garbage garbage = { 0 };
	size_t n_left = 0;

	pthread_mutex_lock(&store->lock);
	symbol_cache_tick(store->symbol_cache);
	for (size_t i = 0; i < store->n_windows; i++) {
		struct window *window = store->windows[i];

		if ((window->start_unix_ns > oldest_ns - WINDOW_NS &&
		     window->start_unix_ns < newest_ns) ||
		    (has_history && !window_is_written(window)))
			store->windows[n_left++] = window;
		else
			store_forget_window(store, window, &garbage);
	}
	store->counters.windows_expired += store->n_windows - n_left;
	store->n_windows = n_left;
	pthread_mutex_unlock(&store->lock);
	store_free_garbage(&garbage);
}

int store_begin_dictionary(struct store *store, uint32_t number)
{
	struct store_garbage garbage = { 0 };
	struct dictionary *dictionary;
	int r;

	r = dictionary_new(number, &dictionary);
	if (r < 0)
		return r;
	pthread_mutex_lock(&store->lock);
	if (store->in_force && store->in_force->number == number)
		r = -EINVAL;
	else
		store_set_in_force(store, dictionary, &garbage);
	pthread_mutex_unlock(&store->lock);
	store_free_garbage(&garbage);
	if (r < 0)
		dictionary_free(dictionary);
	return r;
}

/*
 * Lock the store for a change of the dictionary in force. Returns 0, -EINVAL if there is none, or
 * -ENOMEM if there is no room. store_end_change() must follow in any case.
 */
static int store_begin_change(struct store *store, struct store_garbage *garbage)
{
	int r;

	pthread_mutex_lock(&store->lock);
	if (!store->in_force)
		return -EINVAL;
	r = store_make_room(store, garbage);
	store_account(store, store->in_force, -1);
	return r;
}

/* What has come may have taken the last of the room: then it is for the next change to say so. */
static void store_end_change(struct store *store, struct store_garbage *garbage)
{
	if (store->in_force) {
		store_account(store, store->in_force, 1);
		(void)store_make_room(store, garbage);
	}
	pthread_mutex_unlock(&store->lock);
	store_free_garbage(garbage);
}

static int store_put_file(struct store *store, uint32_t file, const char *path)
{
	int r;

	if (dictionary_has_file(store->in_force, file))
		return file_table_set_path(&store->files, file, path);
	r = file_table_hold(&store->files, file, path);
	if (r < 0)
		return r;
	r = dictionary_add_file(store->in_force, file);
	if (r < 0)
		file_table_drop(&store->files, file);
	return r;
}

int store_add_file(struct store *store, uint32_t file, const char *path)
{
	struct store_garbage garbage = { 0 };
	int r;

	if (!file || file > STORE_MAX_FILE)
		return -EINVAL;
	r = store_begin_change(store, &garbage);
	if (r == 0)
		r = store_put_file(store, file, path);
	store_end_change(store, &garbage);
	return r;
}

static uint32_t store_service_of(struct store *store, const struct store_process *process)
{
	if (process->is_left_out)
		return 0;
	return service_table_get(&store->services,
				 label_find(process->labels, process->n_labels, LABEL_SERVICE));
}

int store_add_process(struct store *store, const struct store_process *process)
{
	struct store_garbage garbage = { 0 };
	int r;

	r = store_begin_change(store, &garbage);
	if (r == 0)
		r = dictionary_add_process(store->in_force, process,
					   store_service_of(store, process));
	store_end_change(store, &garbage);
	return r;
}

int store_add_thread(struct store *store, uint32_t thread, uint32_t process, uint32_t tid,
		     const char *name)
{
	struct store_garbage garbage = { 0 };
	int r;

	r = store_begin_change(store, &garbage);
	if (r == 0)
		r = dictionary_add_thread(store->in_force, thread, process, tid, name);
	store_end_change(store, &garbage);
	return r;
}

int store_add_stack(struct store *store, uint32_t stack, const struct frame *frames,
		    size_t n_frames)
{
	struct store_garbage garbage = { 0 };
	int r;

	r = store_begin_change(store, &garbage);
	if (r == 0)
		r = dictionary_add_stack(store->in_force, stack, frames, n_frames);
	store_end_change(store, &garbage);
	return r;
}

int store_set_file_key(struct store *store, uint32_t file, const struct binary_key *key)
{
	int r;

	if (key->build_id.n_bytes > BUILD_ID_MAX_BYTES)
		return -EINVAL;
	pthread_mutex_lock(&store->lock);
	r = file_table_set_key(&store->files, file, key);
	pthread_mutex_unlock(&store->lock);
	return r;
}

int store_describe_file(struct store *store, uint32_t file,
			const struct elf_description *description)
{
	int r;

	if (description->n_segments > ELF_FILE_MAX_SEGMENTS ||
	    description->build_id.n_bytes > BUILD_ID_MAX_BYTES)
		return -EINVAL;
	pthread_mutex_lock(&store->lock);
	r = file_table_describe(&store->files, file, description);
	pthread_mutex_unlock(&store->lock);
	return r;
}

/* Takes @file, which may be NULL: then *@ret_symbols is NULL too. */
static int store_share_symbols(struct store *store, struct symbol_file *file,
			       struct symbols **ret_symbols)
{
	*ret_symbols = NULL;
	return file ? symbols_new(file, store->next_symbols_id++, ret_symbols) : 0;
}

int store_name_file(struct store *store, uint32_t file, enum names_state state,
		    struct symbol_file *symbol_file)
{
	struct symbols *symbols;
	int r;

	pthread_mutex_lock(&store->lock);
	r = store_share_symbols(store, symbol_file, &symbols);
	if (r == 0)
		r = file_table_name(&store->files, file, state, symbols);
	if (file >= FRAME_FIRST_PAST_FILE && file < FRAME_FIRST_NAMED)
		past_files_take_answer(store, file);
	pthread_mutex_unlock(&store->lock);
	symbols_unref(symbols);
	return r;
}

/* Dictionaries of the past have the kernel as it was then; the oldest such kernel makes room. */
static void store_keep_past_kernel(struct store *store)
{
	struct kernel_view **oldest =
		&store->past_kernels[store->n_past_kernels++ % MAX_PAST_KERNELS];

	for (size_t i = 0; i < store->n_windows; i++) {
		struct dictionary *dictionary = store->windows[i]->dictionary;

		if (dictionary == store->in_force)
			continue;
		if (*oldest && dictionary->kernel == *oldest)
			dictionary->kernel = kernel_view_unref(dictionary->kernel);
		if (!dictionary->kernel)
			dictionary->kernel = kernel_view_ref(store->kernel);
	}
	kernel_view_unref(*oldest);
	*oldest = kernel_view_ref(store->kernel);
}

int store_name_kernel(struct store *store, struct symbol_file *symbol_file,
		      const struct kernel_range *ranges, size_t n_ranges)
{
	struct kernel_view *view, *old = NULL;
	struct symbols *symbols;
	int r;

	pthread_mutex_lock(&store->lock);
	r = store_share_symbols(store, symbol_file, &symbols);
	if (r == 0)
		r = kernel_view_new(symbols, ranges, n_ranges, &view);
	if (r == 0) {
		if (store->kernel && !kernel_view_keeps_modules(store->kernel, view))
			store_keep_past_kernel(store);
		old = store->kernel;
		store->kernel = view;
		store->kernel_state = symbols ? NAMES_FUNCTIONS : NAMES_FAILED;
	}
	pthread_mutex_unlock(&store->lock);
	kernel_view_unref(old);
	symbols_unref(symbols);
	return r;
}

static enum names_state store_kernel_names_of(const struct store *store, uint64_t addr)
{
	const struct kernel_view *kernel = store->kernel;
	const struct file_view *view = NULL;
	uint64_t elf_vaddr;
	uint32_t file = kernel ? kernel_view_file(kernel, addr, &elf_vaddr) : 0;

	if (file)
		view = file_table_find(&store->files, file);
	return view && view->state == NAMES_LINES ? NAMES_LINES : store->kernel_state;
}

static enum names_state store_names_of(const struct store *store, const struct frame *frame)
{
	const struct file_view *view;

	if (frame->kind == FRAME_KERNEL)
		return store_kernel_names_of(store, frame->place);
	view = frame->file ? file_table_find(&store->files, frame->file) : NULL;
	return view ? view->state : NAMES_NONE;
}

static void store_count_frames(struct store *store, uint32_t stack)
{
	const struct stack_frames *frames = dictionary_stack(store->in_force, stack);
	struct frame last = { .kind = FRAME_KIND_COUNT };
	enum names_state state = NAMES_NONE;

	for (uint32_t i = 0; i < frames->n_frames; i++) {
		const struct frame *frame = dictionary_frame(store->in_force, frames->frames[i]);

		if (frame->kind == FRAME_CUT)
			continue;
		if (frame->kind != last.kind || frame->file != last.file)
			state = store_names_of(store, frame); /* neighbours are mostly alike */
		store->counters.frames[state]++;
		last = *frame;
	}
}

static int store_add_window(struct store *store, int64_t start_unix_ns, struct window **ret_window)
{
	struct window *window;
	int r;

	r = array_reserve((void **)&store->windows, &store->window_capacity, store->n_windows + 1,
			  sizeof(*store->windows));
	if (r < 0)
		return r;
	r = window_new(start_unix_ns, store->in_force, &window);
	if (r < 0)
		return r;
	window->refs = 1;
	store->in_force->refs++;
	store->in_force->n_windows++;
	store->window_bytes += window_bytes(window);
	store->windows[store->n_windows++] = window;
	*ret_window = window;
	return 0;
}

/* The window for samples of @time_unix_ns: nearly always one of the last two. */
static int store_find_window(struct store *store, int64_t time_unix_ns, struct window **ret_window)
{
	int64_t start_unix_ns = window_start_of(time_unix_ns);

	for (size_t i = store->n_windows; i-- > 0;) {
		struct window *window = store->windows[i];

		if (window->start_unix_ns == start_unix_ns &&
		    window->dictionary == store->in_force) {
			*ret_window = window;
			return 0;
		}
	}
	return store_add_window(store, start_unix_ns, ret_window);
}

static int store_add_sample(struct store *store, const struct sample *sample)
{
	struct window_sample added = { .value = sample->value,
				       .weight = sample->weight,
				       .cpu = sample->cpu,
				       .kind = sample->kind };
	const struct process_text *process;
	struct window *window;
	int r;

	if (sample->outcome >= STACK_OUTCOME_COUNT ||
	    !dictionary_find_thread(store->in_force, sample->thread, &added.thread) ||
	    !dictionary_find_stack(store->in_force, sample->stack, &added.stack))
		return -EINVAL;
	process = dictionary_process(store->in_force,
				     dictionary_thread(store->in_force, added.thread)->process);
	if (process->is_left_out) {
		store->counters.dropped_by_rule++;
		return -ECANCELED;
	}
	r = store_find_window(store, sample->time_unix_ns, &window);
	if (r < 0)
		return r;
	added.time_off_ns = (uint32_t)(sample->time_unix_ns - window->start_unix_ns);
	store->window_bytes -= window_bytes(window);
	r = window_add(window, &added);
	store->window_bytes += window_bytes(window);
	if (r < 0)
		return r;
	store->counters.stacks[sample->outcome]++;
	store_count_frames(store, added.stack);
	service_table_add(&store->services, process->service, sample->value);
	return 0;
}

size_t store_add_samples(struct store *store, const struct sample *samples, size_t n_samples)
{
	struct store_garbage garbage = { 0 };
	size_t n_stored = 0;
	uint64_t n_left_out;
	int r;

	r = store_begin_change(store, &garbage);
	n_left_out = store->counters.dropped_by_rule;
	for (size_t i = 0; r == 0 && i < n_samples; i++)
		n_stored += store_add_sample(store, &samples[i]) == 0;
	store->counters.stored += n_stored;
	store->counters.dropped_full +=
		n_samples - n_stored - (store->counters.dropped_by_rule - n_left_out);
	store_end_change(store, &garbage);
	return n_stored;
}

uint64_t store_left_out_count(struct store *store)
{
	uint64_t count;

	pthread_mutex_lock(&store->lock);
	count = store->counters.dropped_by_rule;
	pthread_mutex_unlock(&store->lock);
	return count;
}

void store_resume_service(struct store *store, const char *name, uint64_t cpu_ns)
{
	pthread_mutex_lock(&store->lock);
	service_table_add(&store->services, service_table_get(&store->services, name), cpu_ns);
	pthread_mutex_unlock(&store->lock);
}

static int64_t store_oldest_unix_ns(const struct store *store)
{
	int64_t oldest = store->n_windows ? store->windows[0]->start_unix_ns : 0;

	for (size_t i = 1; i < store->n_windows; i++) {
		if (store->windows[i]->start_unix_ns < oldest)
			oldest = store->windows[i]->start_unix_ns;
	}
	return oldest;
}

void store_get_status(struct store *store, struct store_status *ret_status)
{
	pthread_mutex_lock(&store->lock);
	*ret_status = store->counters;
	ret_status->names_refused += symbol_cache_refused(store->symbol_cache);
	ret_status->services = store->services.counts;
	ret_status->memory_bytes = store_bytes(store);
	ret_status->n_windows = (uint32_t)store->n_windows;
	ret_status->n_dictionaries = store->n_dictionaries;
	ret_status->n_stacks = store->n_stacks;
	ret_status->n_threads = store->n_threads;
	ret_status->n_processes = store->n_processes;
	file_table_count(&store->files, ret_status->n_files, &ret_status->symbol_bytes);
	ret_status->symbol_bytes += kernel_view_bytes(store->kernel);
	for (int i = 0; i < MAX_PAST_KERNELS; i++)
		ret_status->symbol_bytes += kernel_view_bytes(store->past_kernels[i]);
	ret_status->oldest_unix_ns = store_oldest_unix_ns(store);
	pthread_mutex_unlock(&store->lock);
}
