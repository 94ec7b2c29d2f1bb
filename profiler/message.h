/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Message: what the roles say to each other.
 *
 *     sampler ──► server     labeling, dictionary, file, process, thread, stack, samples, names,
 *                            description, kernel names, status, encode
 *     sampler ◄── server     stored, encoded, questions
 *     sampler ◄─► server     service: to the next server, what the last one said
 *     sampler ──► resolver   build, hurry, debug file, questions
 *     sampler ◄── resolver   built, table, description, debug reference, names, kernel names,
 *                            module, JIT read, containers
 *     sampler ──► fetcher    fetch, fetch pods
 *     sampler ◄── fetcher    fetched, pods
 *     both ways              ping, pong; replies go back to the server
 *
 * A packet of SOCK_SEQPACKET holds one or more messages, each a header and a body, padded to 8
 * bytes. At most MESSAGE_MAX_FDS descriptors travel with a packet that holds one message. Whoever
 * receives checks everything: the other side may have been taken over by the files or the clients
 * that it reads.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"
#include "profiler/binary_key.h"
#include "profiler/container_list.h"
#include "profiler/frame.h"
#include "profiler/label_rules.h"
#include "profiler/sample.h"
#include "profiler/status.h"
#include "unwind/debug_reference.h"
#include "unwind/elf_file.h"
#include "unwind/jit_report.h"
#include "unwind/module_places.h"
#include "unwind/symbol_glance.h"

#define MESSAGE_VERSION          1
#define MESSAGE_MAX_PACKET_BYTES 65536
#define MESSAGE_MAX_FDS          2
#define MESSAGE_MAX_TEXT_BYTES   4096 /* of a path, with its NUL: PATH_MAX */

/* Of a stack that the kernel half began and user space finished, and its mark if it is cut. */
#define MESSAGE_MAX_FRAMES (WIRE_MAX_FRAMES + 2 * UNWIND_MAX_FRAMES + 1)

enum message_type {
	MESSAGE_PING = 1, /* no body; to be answered at once with … */
	MESSAGE_PONG,     /* no body */

	MESSAGE_DICTIONARY, /* struct message_number: begin this dictionary */
	MESSAGE_FILE,       /* struct message_file, path */
	MESSAGE_PROCESS,    /* struct message_process, its texts (profiler/process_message.h) */
	MESSAGE_THREAD,     /* struct message_thread, name */
	MESSAGE_STACK,      /* struct message_stack, frames */
	MESSAGE_SAMPLES,    /* struct sample[] */
	MESSAGE_STATUS,     /* struct sampler_status */
	MESSAGE_ENCODE,     /* struct message_encode, name of the encoder; fd to write to */
	MESSAGE_STORED,     /* struct message_stored: taken in, ever */
	MESSAGE_ENCODED,    /* struct message_encoded */
	MESSAGE_LABELING,   /* struct message_labeling, its texts (profiler/labeling.h) */
	MESSAGE_SERVICE,    /* struct message_service, name: kept for the next server */

	MESSAGE_BUILD,        /* struct message_build; fd of the file, or fds */
	MESSAGE_HURRY,        /* struct message_hurry: samples wait for the table or names of it */
	MESSAGE_BUILT,        /* struct message_built: this file is done */
	MESSAGE_TABLE,        /* struct message_table; fd of an unwind table, or none */
	MESSAGE_DESCRIPTION,  /* struct message_description */
	MESSAGE_NAMES,        /* struct message_names; fd of a symbol file */
	MESSAGE_KERNEL_NAMES, /* struct message_kernel_names; fds of a symbol file, and of struct
			       * kernel_range[]; or none: they are not to be had */
	MESSAGE_MODULE,       /* struct message_module: where it runs */
	MESSAGE_JIT_READ,     /* struct message_jit_read: what was met in the files of a JIT */
	MESSAGE_DEBUG_REFERENCE, /* struct message_debug_reference: look for this file */
	MESSAGE_DEBUG_FILE,      /* struct message_debug_file; fd of that, or none */

	MESSAGE_ASK_CODE,   /* struct message_code; to the resolver with the fd of the file */
	MESSAGE_ASK_SOURCE, /* struct message_number, a ticket; path */
	MESSAGE_ASK_NAMES,  /* struct message_ask_names, of a file of the past; the answer is
			     * MESSAGE_NAMES */
	MESSAGE_REPLY,      /* struct message_reply; fd of what was asked for, or none */

	MESSAGE_FETCH,   /* struct message_fetch: get this from the network */
	MESSAGE_FETCHED, /* struct message_fetched; fd of it, or none */

	MESSAGE_FETCH_PODS, /* no body: get the list of pods, unless it is being got */
	MESSAGE_PODS,       /* struct message_fetched; fd of the list, or none */
	MESSAGE_CONTAINERS, /* struct message_containers; fd of records (profiler/container_list.h)
			     */
	MESSAGE_TYPE_COUNT,
};

struct message_header {
	uint16_t version; /* MESSAGE_VERSION */
	uint16_t type;
	uint32_t body_bytes; /* without padding */
};

struct message_number {
	uint32_t number;
	uint32_t unused;
};

struct message_file {
	uint32_t file;
	uint32_t unused;
	struct binary_key key; /* by which its names are kept on disk; zeros: they are not */
};

struct message_process {
	uint32_t process;
	uint32_t pid;
	uint32_t parent_pid; /* 0: not known */
	uint16_t is_kernel;  /* a thread of the kernel's; … */
	uint16_t is_parent_kernel;
	uint32_t n_labels; /* of the pod that it runs in; … */
	uint32_t n_parent_labels;
};

#define MESSAGE_PROCESS_TEXTS 12 /* before those of labels */

struct message_thread {
	uint32_t thread;
	uint32_t process;
	uint32_t tid;
	uint32_t unused;
};

struct message_stack {
	uint32_t stack;
	uint32_t n_frames;
};

struct message_encode {
	int64_t start_unix_ns;
	int64_t end_unix_ns;
};

struct message_stored {
	uint64_t n_stored;   /* samples of this server's life that are in the store */
	uint64_t n_refused;  /* samples that it could not store */
	uint64_t n_left_out; /* samples that rules for labels leave out */
};

/* Followed by the names and values of labels, and the fields of rules. */
struct message_labeling {
	uint32_t n_labels;
	uint32_t n_rules;
};

/* A service, and its CPU time so far. */
struct message_service {
	uint64_t cpu_ns;
};

struct message_encoded {
	int32_t result; /* 0 or -errno */
	uint32_t unused;
	uint64_t n_samples;
};

enum build_kind {
	BUILD_TABLE,  /* of an executable or library */
	BUILD_NAMES,  /* … and its description */
	BUILD_KERNEL, /* /proc/kallsyms */
	BUILD_MODULE, /* where a module's file, with its sections as they were loaded, runs */
	BUILD_JIT,    /* of what a process makes at run time: its perf map, its jitdump, or both */
	BUILD_CONTAINERS, /* a list of containers and pods: which are there */
	BUILD_KIND_COUNT,
};

#define BUILD_MAX_PLACES SYMBOL_GLANCE_MAX_PLACES

struct message_build {
	uint32_t file;
	uint32_t kind;      /* enum build_kind */
	uint32_t is_urgent; /* before all others: a sample waits for the table, or may soon */
	uint32_t order;     /* told apart by it from others for that file */
	uint32_t user;      /* whose file it is, as is the next: by these, turns are taken */
	uint32_t n_places;
	uint64_t device;
	uint64_t n_bytes; /* of all files, as they count (profiler/daemon/build_budget.h) */
	uint64_t places[BUILD_MAX_PLACES]; /* file offsets, to be named before the rest is read */
};

/* A sample waits for the table of this file; or, if there are any, so many for its names. */
struct message_hurry {
	uint32_t file;
	uint32_t n_hits;
};

struct message_built {
	uint32_t file;
	uint32_t outcome; /* enum build_outcome, of the best symbol file that there will be */
	uint32_t kind;    /* as in the order, as is the next */
	uint32_t order;
};

/* The names of a file wait for others, each of which is asked for by one of these. */
struct message_debug_reference {
	uint32_t file;
	uint32_t is_last;
	struct debug_reference reference;
};

/* The answer, for each that was found, and for the last one in any case. */
struct message_debug_file {
	uint32_t file;
	uint32_t kind; /* enum debug_reference_kind */
	uint32_t is_last;
	uint32_t n_kib; /* of the file, as they count */
};

enum fetch_kind {
	FETCH_DEBUG_FILE,
	FETCH_EXECUTABLE, /* or library: the file itself */
	FETCH_KIND_COUNT,
};

struct message_fetch {
	uint32_t file;
	uint32_t kind; /* enum fetch_kind */
	struct build_id build_id;
};

struct message_fetched {
	uint32_t file;
	uint32_t outcome; /* enum fetch_outcome */
};

struct message_table {
	uint32_t file;
	uint32_t losses[UNWIND_LOSS_COUNT]; /* what the table does not say */
};

struct message_description {
	uint32_t file;
	uint32_t unused;
	struct elf_description description;
};

struct message_names {
	uint32_t file;
	uint32_t state; /* NAMES_FUNCTIONS, NAMES_LINES, NAMES_PENDING if the symbol file has just
			 * the places of the order, or NAMES_FAILED without a descriptor */
	uint32_t losses[SYMBOL_LOSS_COUNT]; /* from the resolver: what could not be read */
};

/* From the resolver: the server is told by the ranges, which have the files that were told before.
 */
struct message_kernel_names {
	uint32_t has_slide; /* else the kernel's own file was not read */
	uint32_t unused;
	uint64_t slide; /* of the kernel from its file (unwind/kernel_slide.h) */
};

/* From the resolver: what a list of containers says. */
struct message_containers {
	struct container_list_report report;
};

struct message_module {
	uint32_t file;
	uint32_t n_places;
	struct module_place places[MODULE_MAX_PLACES]; /* sorted */
};

struct message_jit_read {
	uint32_t file;
	uint32_t unused;
	struct jit_report report;
};

/* The instructions of a function are wanted: struct code_line[] (unwind/disassembly.h). */
struct message_code {
	uint32_t ticket; /* comes back in the reply */
	uint32_t file;
	uint64_t start_vaddr;
	uint64_t end_vaddr;
	uint32_t user; /* as is the next, and n_bytes, as in message_build: the sampler knows */
	uint32_t unused;
	uint64_t device;
	uint64_t n_bytes;
};

struct message_ask_names {
	uint32_t file; /* a number of the server's own (profiler/past.h) */
	uint32_t unused;
	struct binary_key key;
};

struct message_reply {
	uint32_t ticket;
	int32_t result; /* 0 or -errno */
};

/* One message of a packet. Borrowed: lives as long as the packet. */
struct message {
	enum message_type type;
	const void *body; /* aligned to 8 bytes */
	size_t body_bytes;
};

/*
 * Take the next message off the packet at *@packet, whose *@packet_bytes both shrink.
 *
 * Returns 1 and sets *@ret_message, 0 at the end of the packet, or -EBADMSG: it is damaged, of
 * another version, or its body does not have the form that its type asks for.
 */
int message_next(const void **packet, size_t *packet_bytes, struct message *ret_message);

/* The @index-th of the NUL-terminated texts at the end of a body that message_next() took. */
const char *message_text(const struct message *message, unsigned int index);

/* The frames of a MESSAGE_STACK that message_next() took; their count is in its body. */
const struct frame *message_frames(const struct message *message);

/* Bytes that a message with that body takes in a packet. */
size_t message_bytes(size_t body_bytes);
