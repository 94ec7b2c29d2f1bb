/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Binary describer: the describer's half that knows files. It hands them to the resolver, keeps
 * what the resolver says of them, and tells the server.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/message.h"
#include "profiler/status.h"

struct binary;
struct binary_describer;
struct frame;
struct mapping;
struct role_process;
struct table_loader;

/* All borrowed. */
struct binary_describer_options {
	struct role_process *server;
	struct role_process *resolver;
	struct role_process *fetcher;
	const char *debuginfod_urls; /* of servers that the fetcher can ask, or NULL */
	struct table_loader *tables;
	const char *cache;                /* a folder for symbol files, or NULL */
	const char *const *debug_folders; /* as in struct debug_file_finder */
	uint64_t names_bytes;             /* what symbol files may take that are not on disk */
};

/* Returns 0 and sets *@ret_describer (owned by the caller), or -errno. */
int binary_describer_new(const struct binary_describer_options *options,
			 struct binary_describer **ret_describer);

/* Accepts NULL. Always returns NULL. */
struct binary_describer *binary_describer_free(struct binary_describer *describer);

/*
 * The file that @mapping of the process @pid, with the folder @process_fd, has mapped. A sample of
 * the process waits for its table.
 *
 * Returns 0 and sets *@ret_binary (borrowed: lives as long as it is used), -ENOSPC if
 * there are too many files, -ENOMEM, or why it cannot be opened: -ENOENT if it is not mapped there.
 */
int binary_describer_get(struct binary_describer *describer, int process_fd, uint32_t pid,
			 const struct mapping *mapping, struct binary **ret_binary);

/*
 * The kernel half has hit a file that it did not know: have its table made. @process_fd is the
 * folder of the process that has mapped it. Returns 0, or why it cannot be: as above, or -ESTALE:
 * another file is mapped there by now.
 */
int binary_describer_take_file(struct binary_describer *describer, const struct file_record *record,
			       int process_fd);

/* The file of that number if it is still known, else NULL. Borrowed as above. */
struct binary *binary_describer_find(const struct binary_describer *describer, uint32_t number);

/*
 * The file @fd at @path, which no process need have mapped: it is never forgotten. Takes @fd, also
 * on failure. Returns 0 and sets *@ret_binary (borrowed: lives as long as @describer), or as above.
 */
int binary_describer_keep(struct binary_describer *describer, const char *path, int fd,
			  struct binary **ret_binary);

/* A descriptor of its file, opened anew if need be (borrowed until the next call), or -ENOENT. */
int binary_describer_open_file(struct binary_describer *describer, uint32_t number);

/* As above, of the file that @code is in; and note there whose it is, and how large. */
int binary_describer_open_code(struct binary_describer *describer, struct message_code *code);

/* The names that the cache has by @key: returns their state, NAMES_FAILED if there are none, and
 * sets
 * *@ret_fd to the symbol file (to be closed), or to −1. */
enum names_state binary_describer_open_names(struct binary_describer *describer,
					     const struct binary_key *key, int *ret_fd);

/* The vDSO, or NULL if there is none. Borrowed: lives as long as @describer. */
struct binary *binary_describer_vdso(const struct binary_describer *describer);

/* A stack leads through @binary: order its names, and tell the server of it, unless that was done
 * in this dictionary. Returns 0 or -errno. */
int binary_describer_describe(struct binary_describer *describer, struct binary *binary);

/* A sample has this stack. */
void binary_describer_count_hits(struct binary_describer *describer, const struct frame *frames,
				 size_t n_frames);

/* Whether a binary was described, since the last time that this was asked, whose file could not be
 * opened: binary_describer_get() does, with a process that has it mapped. */
bool binary_describer_wants_files(struct binary_describer *describer);

/* Close files in which there is nothing to be read, and look again for what was missing. To be
 * called every second or so. */
void binary_describer_close_idle(struct binary_describer *describer);

/* A new dictionary is in force. */
void binary_describer_begin_dictionary(struct binary_describer *describer, uint32_t dictionary);

/* Forget the files that no dictionary from @dictionary on has used. */
void binary_describer_forget_unused(struct binary_describer *describer, uint32_t dictionary);

/* Whether it is time to forget some: most of the room for files is taken. */
bool binary_describer_is_crowded(const struct binary_describer *describer);

/* The resolver is new: ask it for all that the last one owes us. */
void binary_describer_on_resolver_start(struct binary_describer *describer);

/* The server has died. */
void binary_describer_on_server_end(struct binary_describer *describer);

/* Bring names to disk, and look at those that are there, for a few milliseconds. To be called some
 * times a second. */
void binary_describer_keep_names(struct binary_describer *describer);

/* As above, until all is done, or @until_ns by the monotonic clock. */
void binary_describer_keep_last_names(struct binary_describer *describer, int64_t until_ns);

/* The fetcher has ended, or says something: 0, or -EBADMSG: it must not say that. */
void binary_describer_on_fetcher_end(struct binary_describer *describer);
int binary_describer_on_fetcher_message(struct binary_describer *describer,
					const struct message *message, int fds[MESSAGE_MAX_FDS]);

/* Returns 0, or -EBADMSG: it must not say that. */
int binary_describer_on_message(struct binary_describer *describer, const struct message *message,
				int fds[MESSAGE_MAX_FDS]);

/* Fill in the counters that are kept here; others stay as they are. */
void binary_describer_get_status(const struct binary_describer *describer,
				 struct sampler_status *ret_status);
