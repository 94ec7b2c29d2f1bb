/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Describer: what the kernel half says, retold for the server.
 *
 *     record: pid, pcs, hash  ──►  numbers of a thread and a stack; file and offset of each frame
 *
 * The server hears of a process, thread, file or stack once in a dictionary, before the first
 * sample that refers to it. The files themselves go to the resolver, whose answers are passed on
 * and kept for the next dictionary. No byte of a file is read here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"
#include "profiler/message.h"
#include "profiler/status.h"

struct binary_describer;
struct container_describer;
struct describer;
struct role_process;
struct table_loader;

struct describer_options {
	struct role_process *server; /* borrowed, as the next */
	struct role_process *resolver;
	struct role_process *fetcher;
	const char *debuginfod_urls; /* of servers that the fetcher can ask, or NULL */
	struct table_loader *tables;
	struct container_describer *containers;
	const char *cache;                /* a folder for symbol files, or NULL */
	const char *const *debug_folders; /* as in struct debug_file_finder */
	/* Of the daemon: an eighth of it is what a dictionary may take, and as much again as all of
	 * it symbol files that find no place on disk. */
	size_t memory_bytes;
	/* Its frames are forgotten here, and must be sent again by the kernel half. */
	void (*on_forget_stack)(void *context, uint64_t stack_hash);
	void *context;
};

/* Returns 0 and sets *@ret_describer (owned by the caller), or -errno. */
int describer_new(const struct describer_options *options, struct describer **ret_describer);

/* Accepts NULL. Always returns NULL. */
struct describer *describer_free(struct describer *describer);

/*
 * Take a record of the ring. What comes of it is counted in the status: a sample is passed on with
 * describer_flush(), or dropped for a reason.
 */
void describer_take_record(struct describer *describer, const void *record, size_t size);

/* Take a struct pending_record: it waits until it can be finished. */
void describer_take_pending(struct describer *describer, const void *record, size_t size);

/* Finish the samples that wait, as far as tables have come. Call it before describer_flush(). */
void describer_finish_pending(struct describer *describer);

/* Whether samples wait. */
bool describer_has_pending(const struct describer *describer);

/* Send the samples taken so far, and what has become known of containers. Call it after each
 * reading of the ring. */
void describer_flush(struct describer *describer);

/* Whether the server has answered for every sample that it was sent. */
bool describer_is_settled(const struct describer *describer);

/* Samples that are in the store, as far as the server has said. */
uint64_t describer_stored_count(const struct describer *describer);

/* Samples that were sent to the server that runs now. */
uint64_t describer_sent_count(const struct describer *describer);

/*
 * Whether the server has stored nearly all that it was sent; if not, leave the records in the ring.
 * So a server that ends takes little more with it than what was read at once; and one that is a bit
 * slow does not make us late for processes that have just started.
 */
bool describer_is_server_ready(const struct describer *describer);

/* Begin a dictionary: after the server has started. Returns 0 or -errno. */
int describer_begin_dictionary(struct describer *describer);

/* A few minutes are over: forget what was not used in them, begin a dictionary, and ask the
 * resolver for the kernel's names as they are now. */
void describer_end_period(struct describer *describer);

/* See to it that there is room for what is new. Call it after each reading of the ring. */
void describer_relieve(struct describer *describer);

/* Close files in which there is nothing to be read, and look for what JITs say of their code. To be
 * called every second or so. */
void describer_tend_files(struct describer *describer);

/* Nothing more will be sampled: look for what JITs have said since they were looked at last. */
void describer_find_last_names(struct describer *describer);

/* Files that wait to be read for their names, those that JITs write among them. */
uint32_t describer_unread_count(const struct describer *describer);

/* The server ended: what it had not stored is dropped, and what it had is history. */
void describer_on_server_end(struct describer *describer);

/* The resolver was started: ask again for what the last one owes us. */
void describer_on_resolver_start(struct describer *describer);

/* What the server and the resolver say. Each returns 0, or -EBADMSG: it must not say that. */
int describer_on_server_message(struct describer *describer, const struct message *message);
int describer_on_resolver_message(struct describer *describer, const struct message *message,
				  int fds[MESSAGE_MAX_FDS]);

/* Its part that knows files. Borrowed: lives as long as @describer. */
struct binary_describer *describer_binaries(const struct describer *describer);

/* Fill in the counters that are kept here; others stay as they are. */
void describer_get_status(const struct describer *describer, struct sampler_status *ret_status);
