/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Options: what the user decided, as a value that is const once it has been read.
 *
 * One table, option_specs[], says what there is. It drives the command line, the environment, the
 * config file (options_read.h) and the help (options_help.h), and the tests compare the man page
 * with it. An option's value is set by a function, from text, wherever that text comes from.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/buffer.h"
#include "profiler/daemon/listen_address.h"
#include "profiler/labeling.h"
#include "profiler/status.h"

enum command {
	COMMAND_DAEMON, /* none was given */
	COMMAND_RECORD,
	COMMAND_DOCTOR,
	COMMAND_CONVERT,
	COMMAND_COUNT,
};

/* "" for the daemon, "record", "doctor", "convert" */
extern const char *const command_names[COMMAND_COUNT];

/* Texts that are owned, in the order in which they came. */
struct option_texts {
	const char **items; /* ends with a NULL, unless it is NULL itself */
	size_t n_items;
	size_t capacity;
};

struct options {
	enum command command;
	enum role role;     /* the sampler's, except in a process that the sampler started */
	bool wants_help;    /* and nothing else: only `command` is set besides */
	bool wants_version; /* likewise */

	unsigned int frequency_hz;
	uint64_t memory_bytes; /* half of it for unwind tables, 3/8 for history, 1/8 for what the
				* sampler remembers of stacks */
	enum unwinder unwinder;
	const char *cache;  /* a folder, or NULL: tables are not kept */
	const char *config; /* a path, or NULL */

	struct listen_address listen;
	int64_t retention_age_ns;
	uint64_t retention_bytes;
	const char *store;                /* a folder, or ":memory:" */
	const char *const *allow_hosts;   /* ends with NULL, or is NULL */
	const char *const *debug_folders; /* likewise */
	const char *const *source_dirs;   /* likewise */
	const char *metrics_services;     /* a regex, or NULL: no functions in /metrics */
	uint32_t metrics_functions;       /* of each of those services */
	const char *pods;                 /* URL, or path of a file, of a list of pods; or NULL */
	const char *debuginfod_urls;      /* with spaces between them, or "none"; NULL: not said */

	struct labeling labeling;  /* static labels, and rules of the config file */
	struct buffer config_text; /* of the config file, as it was read; empty: there is none */

	pid_t pid;            /* of `record`, 0 = not one process */
	int64_t duration_ns;  /* of `record`, 0 = until something ends it */
	const char *output;   /* of `record`: encoder_find_by_path() knows its ending */
	char *const *program; /* of `record`, borrowed from main(): a command and its arguments; or
				 NULL */

	const char *convert_from; /* of `convert`: files, borrowed from main() … */
	const char *convert_to;   /* … encoder_find_by_path() knows the ending of this one */

	/* What the texts above point into. */
	struct option_texts texts;
	struct option_texts allow_host_texts;
	struct option_texts debug_folder_texts;
	struct option_texts source_dir_texts;
};

enum option_flags {
	OPTION_IN_ENVIRONMENT = 1 << 0,
	OPTION_IN_CONFIG = 1 << 1,
	OPTION_HIDDEN = 1 << 2, /* for ourselves only */
};

struct option_spec {
	const char *name;          /* "frequency"; for the environment PILOTLIGHT_FREQUENCY */
	char letter;               /* -F, or 0 */
	const char *argument;      /* what its value is called: "HZ"; NULL: it has none */
	const char *default_value; /* NULL: none */
	const char *purpose;       /* a line of the help */
	const char *expected;      /* what a value must be: "…: must be %s" */
	unsigned int commands;     /* 1 << COMMAND_… of those that it means something to */
	unsigned int flags;        /* enum option_flags */

	/* Returns 0, -EINVAL: not as expected, or -ENOMEM. */
	int (*set)(struct options *options, const char *value);
	/* For one that may be given repeatedly: forget what was set. NULL: the last one counts. */
	void (*clear)(struct options *options);
};

#define OPTIONS_MAX 32

/* Ends with one whose name is NULL; there are fewer than OPTIONS_MAX. */
extern const struct option_spec option_specs[];

/* The spec of that name, or NULL. */
const struct option_spec *option_find(const char *name);

/* The spec of that letter, or NULL. */
const struct option_spec *option_find_letter(char letter);

/* Works on a zeroed struct; leaves a zeroed struct. */
void options_fini(struct options *options);
