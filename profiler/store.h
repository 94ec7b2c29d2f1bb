/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Store: the samples of the last minutes, in the server's memory.
 *
 * Samples lie in windows of a second; the oldest window leaves when it is older than the retention
 * or when the store is larger than its bound. A sample refers to a thread and a stack by number.
 * Numbers belong to a *dictionary*: the sampler begins a new one every few minutes, and whenever
 * the server has restarted, and then describes again whatever its samples refer to. A dictionary
 * leaves when the last window that uses it has left: so nothing grows for ever, and nobody needs to
 * say what may be forgotten. Files live as long as a dictionary names them.
 *
 * All functions may be called from any thread. A description of something that is there already
 * replaces it (a process gets another name, a file gets symbols); only a stack stays as it is.
 * Texts become valid UTF-8: bytes that are not turn into "?".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"
#include "profiler/frame.h"
#include "profiler/names_state.h"
#include "profiler/sample.h"
#include "profiler/store_process.h"
#include "profiler/store_status.h"
#include "unwind/elf_file.h"

struct binary_key;
struct kernel_range;
struct store;
struct symbol_file;

#define STORE_MAX_FILE 0x7fffffffU /* highest number of a file: query.h numbers addresses by it */

/* Returns 0 and sets *@ret_store (owned by the caller), or -ENOMEM. */
int store_new(const struct store_options *options, struct store **ret_store);

/* Accepts NULL. Always returns NULL. */
struct store *store_free(struct store *store);

/* What follows is described in dictionary @dictionary, a number not used before. Returns 0, -EINVAL
 * if it is in force already, or -ENOMEM. */
int store_begin_dictionary(struct store *store, uint32_t dictionary);

/*
 * Each describes one thing in the dictionary in force. Returns 0, -EINVAL if what it refers to was
 * never described, or no dictionary was begun, or -ENOMEM, also if there is no room below the
 * bound.
 *
 * Numbers of files are 1 … STORE_MAX_FILE, and mean the same file in all dictionaries. A native
 * frame past 4 GiB of its file cannot be numbered (query.h): it is kept as FRAME_UNMAPPED.
 */
int store_add_file(struct store *store, uint32_t file, const char *path);
int store_add_process(struct store *store, const struct store_process *process);
int store_add_thread(struct store *store, uint32_t thread, uint32_t process, uint32_t tid,
		     const char *name);
int store_add_stack(struct store *store, uint32_t stack, const struct frame *frames,
		    size_t n_frames);

/* The names of the file of that number are kept on disk by this key: so history can ask for them.
 * -EINVAL if there is no such file (any more). */
int store_set_file_key(struct store *store, uint32_t file, const struct binary_key *key);

/* The file of that number is who @description says. -EINVAL if there is no such file (any more). */
int store_describe_file(struct store *store, uint32_t file,
			const struct elf_description *description);

/*
 * The file of that number has names: @symbols is owned by the store from here on, also on failure,
 * and NULL with NAMES_FAILED; with NAMES_PENDING, it has only some. -EINVAL if there is no such
 * file (any more).
 */
int store_name_file(struct store *store, uint32_t file, enum names_state state,
		    struct symbol_file *symbols);

/*
 * The running kernel's names, and its @ranges (copied). @symbols as above; NULL: its names are not
 * to be had. If modules have gone, or lie elsewhere, dictionaries before the one in force keep the
 * names that they had.
 */
int store_name_kernel(struct store *store, struct symbol_file *symbols,
		      const struct kernel_range *ranges, size_t n_ranges);

/*
 * Take in samples of the dictionary in force. What cannot be taken (memory; an unknown thread or
 * stack) is counted in dropped_full. Returns how many were stored.
 */
size_t store_add_samples(struct store *store, const struct sample *samples, size_t n_samples);

/* Let windows go that are older than the retention at @now_unix_ns, or as far in the future: the
 * clock was put back; but none that history is still to write; and pages of symbol files that
 * nobody asks. Call it now and then. */
void store_expire(struct store *store, int64_t now_unix_ns);

/* Samples that were left out, ever: DROP_LABEL_RULE. */
uint64_t store_left_out_count(struct store *store);

/* The service @name has used so much CPU time before this store was. */
void store_resume_service(struct store *store, const char *name, uint64_t cpu_ns);

void store_get_status(struct store *store, struct store_status *ret_status);
