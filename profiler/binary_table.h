/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Binary table: the sampler's list of the executables and libraries that samples lie in.
 *
 * A binary is the same as long as inode, device, size and time of change are; a deploy that writes
 * into the same path, or the same inode, makes a new one. An entry keeps what the resolver has
 * said, so that a server that starts anew can be told again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/binary_key.h"
#include "profiler/status.h"
#include "unwind/elf_file.h"

struct binary_table;
struct frame;
struct stat;

struct binary_identity {
	uint64_t device;
	uint64_t inode;
	uint64_t size_bytes;
	int64_t change_time_ns;
};

/* How far an order to the resolver has come. */
enum order_state {
	ORDER_NONE, /* nobody needs it yet, or the file could not be opened */
	ORDER_SENT,
	ORDER_ANSWERED, /* for good */
};

/* What is to be done yet with its symbol file. */
enum symbol_file_task {
	SYMBOL_FILE_SETTLED, /* nothing */
	SYMBOL_FILE_TO_KEEP, /* it is to go to disk; or that there is none */
	SYMBOL_FILE_TO_CHECK /* it comes from there, and is to be read */
};

#define BINARY_DEBUG_LINK_BYTES 128
#define BINARY_MAX_PLACES       16

struct binary {
	uint32_t number;     /* from 1: the `file` of frames and messages */
	uint32_t dictionary; /* in which it was described last, 0 if in none */
	uint32_t last_used;  /* dictionary in force when it was last hit */
	uint32_t pid;        /* of a process that had it mapped, 0: none */
	uint32_t owner;      /* uid */
	uint64_t device;     /* of its file system */
	uint64_t n_bytes;    /* of it, as they count (profiler/daemon/build_budget.h) */
	char *path;          /* as the process sees it */
	char *debug_path;    /* of its debug file, likewise, or NULL */
	int fd;              /* while it may have to be read, else −1 */
	int64_t opened_ns;   /* by the monotonic clock, as is the next */
	int64_t missed_ns;   /* when its names were wanted, and it could not be opened; or 0 */
	uint64_t places[BINARY_MAX_PLACES]; /* where its first stack leads: file offsets */
	uint32_t n_places;
	int symbols_fd; /* symbol file, or −1; while names are pending: of its places alone */
	uint64_t symbols_bytes;
	uint64_t debug_bytes; /* of the debug file that was found last, as they count */
	bool is_on_disk;      /* the symbol file is */
	enum symbol_file_task symbols_task;
	enum names_state names;
	enum build_outcome names_outcome; /* once the order of its names is answered */
	uint64_t jit_inode; /* of memory that a JIT has by a descriptor; 0: it is a program */
	bool is_described;
	bool was_sought;      /* its names were, on disk */
	bool is_named;        /* or is to be: a stack leads through it */
	bool is_table_urgent; /* the order of its table is */
	bool had_table;       /* its unwind table was there once */
	bool has_late_files;  /* some debug file was not there in time: it was read without */
	enum order_state table_order, names_order;
	uint32_t table_order_number; /* of the one that was sent last */
	uint32_t n_table_orders;     /* since a table has come */
	uint32_t n_names_orders;     /* and attempts to open the file for one */
	uint32_t n_hits;             /* samples whose stacks lead through it, as far as counted */
	uint32_t n_references;       /* files that reading its names has asked for */
	bool has_debug_file;         /* … and a separate debug file was among them */
	int fetched_fd;   /* the one that came from the network, until it is read, or −1 */
	int alternate_fd; /* … and what dwz took out of it, likewise */
	struct build_id alternate_id; /* of that, if it is not on this host; else none */
	struct build_id asked_id;     /* of what the network is asked for just now, or none */
	bool is_itself_asked_for;     /* … that is this file, not one beside it */
	int64_t next_fetch_ns;        /* not before, by the monotonic clock */
	int64_t sought_ns;            /* when that was looked for last, by the monotonic clock */
	char debug_link[BINARY_DEBUG_LINK_BYTES]; /* what the binary calls it, or "" */
	struct elf_description description;
	struct build_id build_id; /* as the sampler has read it when it met the file */
	struct binary_key key;    /* by which its names are kept on disk; zeros: they are not */
};

/* Returns 0 and sets *@ret_table, for at most @max_binaries (owned by the caller), or -ENOMEM. */
int binary_table_new(size_t max_binaries, struct binary_table **ret_table);

/* Closes what the entries hold. Accepts NULL. Always returns NULL. */
struct binary_table *binary_table_free(struct binary_table *table);

struct binary_identity binary_identity_of(const struct stat *status);

/* Borrowed, as all entries: lives until binary_table_forget_unused() takes it. NULL: not there. */
struct binary *binary_table_find(const struct binary_table *table,
				 const struct binary_identity *identity);
struct binary *binary_table_find_number(const struct binary_table *table, uint32_t number);

/*
 * Add a binary that is not there. @path is copied.
 *
 * Returns 0 and sets *@ret_binary, -ENOSPC if the table is full, or -ENOMEM.
 */
int binary_table_add(struct binary_table *table, const struct binary_identity *identity,
		     const char *path, struct binary **ret_binary);

/* Note the places of @frames in @binary, each once, as far as there is room. */
void binary_note_places(struct binary *binary, const struct frame *frames, size_t n_frames);

/* Forget those whose last_used is before @dictionary, and call @on_forget for each before it goes.
 * Those that the resolver works on stay: so the bound holds for its queue, too. Numbers are not
 * given out again. */
void binary_table_forget_unused(struct binary_table *table, uint32_t dictionary,
				void (*on_forget)(void *context, const struct binary *binary),
				void *context);

/* Call @on_binary for each entry, in the order in which they were added. */
void binary_table_each(struct binary_table *table,
		       void (*on_binary)(void *context, struct binary *binary), void *context);

size_t binary_table_count(const struct binary_table *table);
