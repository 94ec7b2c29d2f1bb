/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Status: what the daemon knows of itself, at one moment: /metrics and /api/v1/status.
 *
 * The sampler sends its half after the samples that it counts, and the server then freezes its own
 * half, so that at every scrape
 *
 *     ticks = idle + stored + Σ dropped[reason] + in flight
 *
 * where "in flight" are ticks that were taken and are on their way: in the ring, or in a message.
 */

#include <stdint.h>

#include "bpf/wire.h"
#include "profiler/history_status.h"
#include "profiler/labeler_status.h"
#include "profiler/store.h"
#include "unwind/jit_report.h"
#include "unwind/symbol_build_report.h"
#include "unwind/unwind_loss.h"

enum role { ROLE_SAMPLER, ROLE_RESOLVER, ROLE_SERVER, ROLE_FETCHER, ROLE_COUNT };

/* How the program's half of a stack is walked. */
enum unwinder {
	UNWINDER_TABLES,         /* by unwind tables, by our own walk */
	UNWINDER_FRAME_POINTERS, /* by frame pointers, by the kernel */
	UNWINDER_COUNT,
};

/* Why a file has no names, or fewer than it could have. */
enum build_outcome {
	BUILD_OK,
	BUILD_NO_NAMES,  /* there is nothing in it */
	BUILD_DAMAGED,   /* it did not parse */
	BUILD_NO_MEMORY, /* more memory than a build may have */
	BUILD_TOO_LARGE, /* a symbol file larger than allowed */
	BUILD_TIMED_OUT, /* more time than a build may have: killed */
	BUILD_CRASHED,   /* the child died of a signal */
	BUILD_GONE,      /* it could not be opened any more when a stack led through it */
	BUILD_OUTCOME_COUNT,
};

/* Why a perf map or jitdump that is there is not read. */
enum jit_refusal {
	JIT_REFUSED_LINK, /* it is a symbolic link, or lies behind one that goes round in circles */
	JIT_REFUSED_KIND, /* no regular file, or one with several names */
	JIT_REFUSED_OWNER,   /* neither the process's user's nor root's */
	JIT_REFUSED_FOREIGN, /* of another machine, or of a version that is not known */
	JIT_REFUSED_IO,      /* whatever else the file system says */
	JIT_REFUSAL_COUNT,
};

/* What was found of the names of code that processes make at run time. */
struct jit_status {
	uint64_t builds[BUILD_OUTCOME_COUNT]; /* readings of one process's files */
	uint64_t refused[JIT_REFUSAL_COUNT];
	uint64_t over_bound;               /* attempts to take one more process in */
	uint64_t symbol_bytes;             /* memory of all symbol files */
	uint64_t symbols_refused;          /* symbol files that it was too little for */
	uint64_t entries[JIT_ENTRY_COUNT]; /* functions that were told of */
	uint64_t unread_bytes;
	uint32_t n_processes; /* that run such code */
	uint32_t n_queued;    /* whose files wait to be read */
};

/* What is apart from a binary, in files of their own: as enum debug_reference_kind. */
enum debug_file_kind {
	DEBUG_FILE_SEPARATE,  /* its debug information as a whole */
	DEBUG_FILE_ALTERNATE, /* what several debug files share */
	DEBUG_FILE_PACKAGE,   /* .dwp */
	DEBUG_FILE_OBJECT,    /* .dwo */
	DEBUG_FILE_KIND_COUNT,
};

/* What became of a debug file that the network was asked for. */
enum fetch_outcome {
	FETCH_FOUND,
	FETCH_MISSING, /* no server has it */
	FETCH_FAILED,  /* a server did not answer as it should, or in time */
	FETCH_SKIPPED, /* a server is left alone, since it has not answered */
	FETCH_OUTCOME_COUNT,
};

struct fetch_status {
	uint64_t asked;
	uint64_t over_bound;    /* that were too many at once */
	uint64_t known_missing; /* that no server had some hours ago: not asked for */
	uint64_t unsaved;       /* attempts to write down which those are that failed */
	uint64_t outcomes[FETCH_OUTCOME_COUNT];
	uint32_t n_queued;
	uint32_t unused;
};

/* Why something that a list of containers says is not known. */
enum container_loss {
	CONTAINER_LOSS_LABEL,   /* one too many, or too large, for its pod */
	CONTAINER_LOSS_DAMAGED, /* a pod or container without a name, or a valid id */
	CONTAINER_LOSS_EVICTED, /* a pod or container that had to leave for others */
	CONTAINER_LOSS_UNREAD,  /* a list, or the rest of it, for lack of memory */
	CONTAINER_LOSS_COUNT,
};

struct container_status {
	uint64_t pods_read;   /* how often the list of pods was got … */
	uint64_t pods_failed; /* … and was not to be got */
	uint64_t
		lists[BUILD_OUTCOME_COUNT]; /* read, of pods and of containers, by how that ended */
	uint64_t lists_delayed; /* times that one could not be read yet, for want of a resolver */
	uint64_t losses[CONTAINER_LOSS_COUNT];
	uint32_t n_pods, n_containers; /* that are known by name now */
};

/* Files that were looked for or opened by a thread of their own. */
struct openings_status {
	uint64_t late;    /* that did not come in time */
	uint64_t refused; /* not begun, since such a one was still not back */
};

/* Why something is not kept on disk, or not taken from there. */
enum cache_error {
	CACHE_ERROR_FOLDER,    /* there is no folder that could be used: nothing is kept */
	CACHE_ERROR_FULL,      /* the disk, or what we may use of it */
	CACHE_ERROR_READ_ONLY, /* we may not write there */
	CACHE_ERROR_TOO_LARGE, /* for what all of its kind may take */
	CACHE_ERROR_IO,        /* whatever else the file system says */
	CACHE_ERROR_COUNT,
};

/* What is kept on disk of one kind. */
struct cache_status {
	uint64_t hits, misses;
	uint64_t unkeyed; /* files that were not looked for: nothing tells them from others */
	uint64_t written;
	uint64_t damaged; /* those on disk that did not pass the check */
	uint64_t evicted;
	uint64_t errors[CACHE_ERROR_COUNT];
	uint64_t bytes; /* on disk now */
	uint32_t n_files;
};

struct role_status {
	uint64_t restarts;
	uint64_t cpu_ns; /* user and system, of the process that runs now and those before it */
	uint64_t resident_bytes;
	uint32_t pid;
	uint32_t n_threads;
};

/* The sampler's half. Flat: it is sent as it is. */
struct sampler_status {
	int64_t start_unix_ns;
	uint64_t ticks, idle, submitted;
	uint64_t dropped[DROP_REASON_COUNT]; /* without the server's own reasons */
	uint64_t stored_before;              /* by servers that are gone */
	uint64_t lifecycle_lost;             /* forks, execs and exits that found no room */
	uint64_t stacks_sent;                /* ring records with their frames */
	uint64_t ring_bytes, map_bytes;      /* memory of BPF maps, the ring included */
	uint64_t bpf_run_ns, bpf_run_count;  /* 0 unless kernel.bpf_stats_enabled */
	uint64_t processes_seen, processes_unreadable; /* gone before /proc could be read */
	uint64_t mappings_read;                        /* /proc/PID/maps, how often */
	uint64_t files_unreadable;                     /* could not be opened */
	uint64_t files_over_bound;                     /* one too many at once */
	uint64_t files_found;  /* that the kernel half has asked a table for */
	uint64_t files_lost;   /* that it could not ask for, at that tick */
	uint64_t captured;     /* samples that waited for a table, with their stack */
	uint64_t capture_lost; /* that found no room to wait: by frame pointer */
	uint64_t frames_by_fp[UNWIND_FILE_KIND_COUNT]; /* callers found by frame pointer */
	uint64_t tables_evicted, tables_refused, tables_damaged;
	uint64_t table_bytes, table_rows; /* in the maps now */
	uint32_t n_tables, n_rules;       /* likewise */
	struct cache_status table_cache;
	struct cache_status symbol_folder;
	uint64_t debug_files_sought[DEBUG_FILE_KIND_COUNT];
	uint64_t debug_files_found[DEBUG_FILE_KIND_COUNT];
	struct openings_status openings;
	struct fetch_status fetches;
	uint64_t late_debug_files; /* that turned up when their binary had been read */
	uint64_t shared_names;     /* gone files that have the names of another that was the same */
	uint64_t symbol_memory_bytes;               /* of symbol files that are not on disk */
	uint64_t symbol_losses[SYMBOL_LOSS_COUNT];  /* what symbol files lack */
	uint64_t symbol_files_refused;              /* that were too many of these */
	uint64_t builds[BUILD_OUTCOME_COUNT];       /* symbol files, by how they ended */
	uint64_t table_builds[BUILD_OUTCOME_COUNT]; /* … and unwind tables */
	uint64_t table_losses[UNWIND_LOSS_COUNT];   /* what these do not say */
	struct jit_status jit;
	struct container_status containers;
	uint32_t n_builds_queued;                /* files that wait to be read for their names */
	uint32_t n_tables_queued;                /* … for their unwind tables */
	uint32_t n_processes, n_files, n_stacks; /* in the sampler's tables now */
	uint32_t n_cpus;                         /* that are sampled */
	uint32_t frequency_hz;
	uint32_t unwinders[UNWINDER_COUNT]; /* 1: the one that is used */
	char event[16];                     /* "cpu-cycles" or "cpu-clock" */
	struct role_status roles[ROLE_COUNT];
};

struct status {
	struct sampler_status sampler;
	struct store_status store;
	struct history_status history; /* zeroes: there is none */
	struct labeler_status labels;
	uint64_t in_flight;
};

/* "sampler", "resolver", "server", "fetcher" */
extern const char *const role_names[ROLE_COUNT];
/* "ring_full" …: the values of {reason}, {outcome}, {names} in /metrics and the docs */
extern const char *const drop_reason_names[DROP_REASON_COUNT];
extern const char *const stack_outcome_names[STACK_OUTCOME_COUNT];
/* "no unwind rule" …: what the mark at the root of such a stack says; NULL: it is not cut */
extern const char *const stack_cut_reasons[STACK_OUTCOME_COUNT];
extern const char *const names_state_names[NAMES_STATE_COUNT];
extern const char *const build_outcome_names[BUILD_OUTCOME_COUNT];
extern const char *const fetch_outcome_names[FETCH_OUTCOME_COUNT];
extern const char *const debug_file_kind_names[DEBUG_FILE_KIND_COUNT];
extern const char *const symbol_loss_names[SYMBOL_LOSS_COUNT];
extern const char *const unwind_loss_names[UNWIND_LOSS_COUNT];
extern const char *const cache_error_names[CACHE_ERROR_COUNT];
extern const char *const jit_refusal_names[JIT_REFUSAL_COUNT];
extern const char *const container_loss_names[CONTAINER_LOSS_COUNT];
extern const char *const jit_entry_names[JIT_ENTRY_COUNT];
extern const char *const unwind_file_kind_names[UNWIND_FILE_KIND_COUNT];
extern const char *const unwinder_names[UNWINDER_COUNT];

/* Put the two halves together, as of the moment at which @sampler arrived, and compute in_flight.
 */
void status_join(const struct sampler_status *sampler, const struct store_status *store,
		 struct status *ret_status);
