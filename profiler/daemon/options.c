/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "export/encoder.h"
#include "profiler/base/array.h"
#include "profiler/base/clock.h"
#include "profiler/daemon/container_describer.h"
#include "profiler/daemon/option_values.h"
#include "profiler/selector.h"
#include "web/function_meter.h"
#include "web/moment.h"

enum { FREQUENCY_MAX_HZ = 10000, METRICS_FUNCTIONS_MAX = 100, HOST_NAME_MAX_BYTES = 253 };

#define MEMORY_MIN_BYTES    (8ULL << 20)
#define MEMORY_MAX_BYTES    (1ULL << 40)
#define RETENTION_MIN_BYTES (1ULL << 20)
#define RETENTION_MIN_NS    (10 * NS_PER_SECOND)
#define RETENTION_MAX_NS    (366LL * 24 * 3600 * NS_PER_SECOND)
#define DURATION_MAX_NS     (7LL * 24 * 3600 * NS_PER_SECOND)

const char *const command_names[COMMAND_COUNT] = {
	[COMMAND_DAEMON] = "",
	[COMMAND_RECORD] = "record",
	[COMMAND_DOCTOR] = "doctor",
	[COMMAND_CONVERT] = "convert",
};

static int texts_add(struct option_texts *texts, const char *text, size_t length)
{
	char *copy;
	int r;

	r = array_reserve((void **)&texts->items, &texts->capacity, texts->n_items + 2,
			  sizeof(*texts->items));
	if (r < 0)
		return r;
	copy = strndup(text, length);
	if (!copy)
		return -ENOMEM;
	texts->items[texts->n_items++] = copy;
	texts->items[texts->n_items] = NULL;
	return 0;
}

static void texts_fini(struct option_texts *texts)
{
	for (size_t i = 0; i < texts->n_items; i++)
		free((void *)(uintptr_t)texts->items[i]);
	free(texts->items);
	*texts = (struct option_texts){ 0 };
}

static int set_text(struct options *options, const char *value, const char **ret_text)
{
	int r = texts_add(&options->texts, value, strlen(value));

	if (r < 0)
		return r;
	*ret_text = options->texts.items[options->texts.n_items - 1];
	return 0;
}

static int set_listen(struct options *options, const char *value)
{
	return listen_address_parse(value, &options->listen);
}

static int set_frequency(struct options *options, const char *value)
{
	const char *end;
	uint64_t hz;

	if (option_parse_number(value, FREQUENCY_MAX_HZ, &end, &hz) < 0 || *end || !hz)
		return -EINVAL;
	options->frequency_hz = (unsigned int)hz;
	return 0;
}

static int set_memory(struct options *options, const char *value)
{
	uint64_t bytes;

	if (option_parse_size(value, &bytes) < 0 || bytes < MEMORY_MIN_BYTES ||
	    bytes > MEMORY_MAX_BYTES)
		return -EINVAL;
	options->memory_bytes = bytes;
	return 0;
}

static int set_unwinder(struct options *options, const char *value)
{
	if (!strcmp(value, "tables"))
		options->unwinder = UNWINDER_TABLES;
	else if (!strcmp(value, "frame-pointers"))
		options->unwinder = UNWINDER_FRAME_POINTERS;
	else
		return -EINVAL;
	return 0;
}

static int set_store(struct options *options, const char *value)
{
	if (!*value)
		return -EINVAL;
	return set_text(options, value, &options->store);
}

static int set_retention_age(struct options *options, const char *value)
{
	int64_t age_ns;

	if (option_parse_duration(value, &age_ns) < 0 || age_ns < RETENTION_MIN_NS ||
	    age_ns > RETENTION_MAX_NS)
		return -EINVAL;
	options->retention_age_ns = age_ns;
	return 0;
}

static int set_retention_bytes(struct options *options, const char *value)
{
	uint64_t bytes;

	if (option_parse_size(value, &bytes) < 0 || bytes < RETENTION_MIN_BYTES ||
	    bytes > MEMORY_MAX_BYTES)
		return -EINVAL;
	options->retention_bytes = bytes;
	return 0;
}

static bool is_host_name(const char *name, size_t length)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._";

	return length && length <= HOST_NAME_MAX_BYTES && strspn(name, allowed) >= length;
}

static int add_allow_host(struct options *options, const char *value)
{
	for (;;) {
		size_t length = strcspn(value, ",");
		int r;

		if (!is_host_name(value, length))
			return -EINVAL;
		r = texts_add(&options->allow_host_texts, value, length);
		if (r < 0)
			return r;
		options->allow_hosts = options->allow_host_texts.items;
		if (!value[length])
			return 0;
		value += length + 1;
	}
}

static void clear_allow_hosts(struct options *options)
{
	texts_fini(&options->allow_host_texts);
	options->allow_hosts = NULL;
}

static int add_debug_folder(struct options *options, const char *value)
{
	for (;;) {
		size_t length = strcspn(value, ":");
		int r;

		if (value[0] != '/')
			return -EINVAL;
		r = texts_add(&options->debug_folder_texts, value, length);
		if (r < 0)
			return r;
		options->debug_folders = options->debug_folder_texts.items;
		if (!value[length])
			return 0;
		value += length + 1;
	}
}

static void clear_debug_folders(struct options *options)
{
	texts_fini(&options->debug_folder_texts);
	options->debug_folders = NULL;
}

static int add_source_dir(struct options *options, const char *value)
{
	int r;

	if (value[0] != '/')
		return -EINVAL;
	r = texts_add(&options->source_dir_texts, value, strlen(value));
	if (r == 0)
		options->source_dirs = options->source_dir_texts.items;
	return r;
}

static void clear_source_dirs(struct options *options)
{
	texts_fini(&options->source_dir_texts);
	options->source_dirs = NULL;
}

static int add_label(struct options *options, const char *value)
{
	return labeling_add_label(&options->labeling, value);
}

/* Rules stay: only the config file has any. */
static void clear_labels(struct options *options)
{
	label_set_fini(&options->labeling.labels);
}

static int set_cache(struct options *options, const char *value)
{
	options->cache = NULL;
	if (!strcmp(value, "none"))
		return 0;
	return *value ? set_text(options, value, &options->cache) : -EINVAL;
}

static int set_debuginfod_urls(struct options *options, const char *value)
{
	return *value ? set_text(options, value, &options->debuginfod_urls) : -EINVAL;
}

static int set_pods(struct options *options, const char *value)
{
	if (value[0] != '/' && !container_describer_is_url(value))
		return -EINVAL;
	return set_text(options, value, &options->pods);
}

static int set_config(struct options *options, const char *value)
{
	return *value ? set_text(options, value, &options->config) : -EINVAL;
}

static int set_metrics_services(struct options *options, const char *value)
{
	struct selector *selector = NULL;
	char error[256];
	int r = function_meter_select(value, &selector, error, sizeof(error));

	selector_free(selector);
	if (r < 0 || !*value)
		return r == -ENOMEM ? r : -EINVAL;
	return set_text(options, value, &options->metrics_services);
}

static int set_metrics_functions(struct options *options, const char *value)
{
	const char *end;
	uint64_t number;

	if (option_parse_number(value, METRICS_FUNCTIONS_MAX, &end, &number) < 0 || *end || !number)
		return -EINVAL;
	options->metrics_functions = (uint32_t)number;
	return 0;
}

static int set_pid(struct options *options, const char *value)
{
	const char *end;
	uint64_t pid;

	if (option_parse_number(value, INT_MAX, &end, &pid) < 0 || *end || !pid)
		return -EINVAL;
	options->pid = (pid_t)pid;
	return 0;
}

static int set_duration(struct options *options, const char *value)
{
	int64_t duration_ns;

	if (option_parse_duration(value, &duration_ns) < 0 || duration_ns <= 0 ||
	    duration_ns > DURATION_MAX_NS)
		return -EINVAL;
	options->duration_ns = duration_ns;
	return 0;
}

static int set_output(struct options *options, const char *value)
{
	if (!encoder_find_by_path(value))
		return -EINVAL;
	return set_text(options, value, &options->output);
}

static int set_help(struct options *options, const char *value)
{
	(void)value;
	options->wants_help = true;
	return 0;
}

static int set_version(struct options *options, const char *value)
{
	(void)value;
	options->wants_version = true;
	return 0;
}

/* Never the sampler's: it starts the others, and would hand this option on to them. */
static int set_role(struct options *options, const char *value)
{
	for (int role = 0; role < ROLE_COUNT; role++) {
		if (role == ROLE_SAMPLER || strcmp(value, role_names[role]))
			continue;
		options->role = (enum role)role;
		return 0;
	}
	return -EINVAL;
}

enum {
	FOR_DAEMON = 1 << COMMAND_DAEMON,
	FOR_RECORD = 1 << COMMAND_RECORD,
	FOR_BOTH = FOR_DAEMON | FOR_RECORD,
	FOR_ALL = FOR_BOTH | 1 << COMMAND_DOCTOR,
	FOR_EVERY_COMMAND = FOR_ALL | 1 << COMMAND_CONVERT,
};

const struct option_spec option_specs[] = {
	{
		.name = "listen",
		.argument = "ADDR:PORT",
		.default_value = "127.0.0.1:7272",
		.purpose = "serve HTTP there; without ADDR at every address",
		.expected = "an address and a port, as 127.0.0.1:7272, [::1]:7272 or :7272",
		.commands = FOR_DAEMON,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = set_listen,
	},
	{
		.name = "frequency",
		.letter = 'F',
		.argument = "HZ",
		.default_value = "99",
		.purpose = "take so many samples per second on each busy CPU",
		.expected = "samples per second, 1 to 10000",
		.commands = FOR_BOTH,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = set_frequency,
	},
	{
		.name = "memory",
		.argument = "BYTES",
		.default_value = "64M",
		.purpose = "keep the latest samples, names and tables within this size",
		.expected = "a size of at least 8M, as 64M, 512MiB or 1G",
		.commands = FOR_BOTH,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = set_memory,
	},
	{
		.name = "unwind",
		.argument = "HOW",
		.default_value = "tables",
		.purpose = "walk stacks by unwind tables, or only by frame-pointers",
		.expected = "tables or frame-pointers",
		.commands = FOR_BOTH,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = set_unwinder,
	},
	{
		.name = "store",
		.argument = "DIR|:memory:",
		.default_value = "/var/lib/pilotlight",
		.purpose = "keep history in this folder, or in memory only",
		.expected = "a folder or :memory:",
		.commands = FOR_DAEMON,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = set_store,
	},
	{
		.name = "retention-age",
		.argument = "TIME",
		.default_value = "7d",
		.purpose = "forget samples that are older",
		.expected = "a time from 10s to 366d, as 30s, 10m or 7d",
		.commands = FOR_DAEMON,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = set_retention_age,
	},
	{
		.name = "retention-bytes",
		.argument = "BYTES",
		.default_value = "1G",
		.purpose = "forget the oldest samples when history is larger",
		.expected = "a size from 1M to 1024G, as 1G or 500MiB",
		.commands = FOR_DAEMON,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = set_retention_bytes,
	},
	{
		.name = "allow-host",
		.argument = "NAME",
		.purpose = "answer requests that call this host NAME; repeatable",
		.expected = "names of hosts, without a port, with commas between them",
		.commands = FOR_DAEMON,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = add_allow_host,
		.clear = clear_allow_hosts,
	},
	{
		.name = "source-dir",
		.argument = "DIR",
		.purpose = "show source files that debug information names and that lie there; "
			   "repeatable",
		.expected = "a folder by its whole path",
		.commands = FOR_DAEMON,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = add_source_dir,
		.clear = clear_source_dirs,
	},
	{
		.name = "metrics-services",
		.argument = "REGEX",
		.purpose = "count the functions of services with such names in /metrics",
		.expected = "a regular expression, for whole names of services",
		.commands = FOR_DAEMON,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = set_metrics_services,
	},
	{
		.name = "metrics-functions",
		.argument = "NUMBER",
		.default_value = "10",
		.purpose = "so many of each, those that use most",
		.expected = "a number from 1 to 100",
		.commands = FOR_DAEMON,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = set_metrics_functions,
	},
	{
		.name = "label",
		.argument = "NAME=VALUE",
		.purpose = "give all samples this label; repeatable",
		.expected = "the name of a label, =, and a value; pid, tid and thread are taken",
		.commands = FOR_BOTH,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = add_label,
		.clear = clear_labels,
	},
	{
		.name = "pods",
		.argument = "URL|FILE",
		.purpose = "take names and labels of pods from there: a kubelet's list, as JSON",
		.expected = "an http or https URL, or a file by its whole path",
		.commands = FOR_ALL,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = set_pods,
	},
	{
		.name = "cache",
		.argument = "DIR|none",
		.default_value = "/var/cache/pilotlight",
		.purpose = "keep unwind tables and names there, for the next start",
		.expected = "a folder or none",
		.commands = FOR_ALL,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = set_cache,
	},
	{
		.name = "debug-dir",
		.argument = "DIR",
		.purpose = "look for debug information there, too; repeatable",
		.expected = "absolute paths of folders, with colons between them",
		.commands = FOR_ALL,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = add_debug_folder,
		.clear = clear_debug_folders,
	},
	{
		.name = "debuginfod-urls",
		.argument = "URLS|none",
		.purpose = "get debug information from these servers",
		.expected = "addresses of servers, with spaces between them, or none",
		.commands = FOR_ALL,
		.flags = OPTION_IN_ENVIRONMENT | OPTION_IN_CONFIG,
		.set = set_debuginfod_urls,
	},
	{
		.name = "config",
		.argument = "FILE",
		.purpose = "read options from this INI file too",
		.expected = "a path",
		.commands = FOR_BOTH,
		.flags = OPTION_IN_ENVIRONMENT,
		.set = set_config,
	},
	{
		.name = "pid",
		.letter = 'p',
		.argument = "PID",
		.purpose = "profile this process, and those that it starts",
		.expected = "the number of a process",
		.commands = FOR_RECORD,
		.set = set_pid,
	},
	{
		.name = "duration",
		.letter = 'd',
		.argument = "SECONDS",
		.purpose = "stop after that time, as 5, 0.5 or 2m",
		.expected = "a number of seconds above 0, up to 7d",
		.commands = FOR_RECORD,
		.set = set_duration,
	},
	{
		.name = "output",
		.letter = 'o',
		.argument = "FILE",
		.default_value = "profile.pb.gz",
		.purpose = "write there; its ending picks the format",
		.expected = "a file whose ending names an output format",
		.commands = FOR_RECORD,
		.set = set_output,
	},
	{
		.name = "help",
		.letter = 'h',
		.purpose = "print this and exit",
		.commands = FOR_EVERY_COMMAND,
		.set = set_help,
	},
	{
		.name = "version",
		.letter = 'V',
		.purpose = "print the version and exit",
		.commands = FOR_EVERY_COMMAND,
		.set = set_version,
	},
	{
		.name = "role",
		.argument = "NAME",
		.expected = "resolver or server",
		.commands = FOR_ALL,
		.flags = OPTION_HIDDEN,
		.set = set_role,
	},
	{ 0 },
};

_Static_assert(ARRAY_SIZE(option_specs) <= OPTIONS_MAX, "OPTIONS_MAX is too small");

const struct option_spec *option_find(const char *name)
{
	for (const struct option_spec *spec = option_specs; spec->name; spec++)
		if (!strcmp(spec->name, name))
			return spec;
	return NULL;
}

const struct option_spec *option_find_letter(char letter)
{
	for (const struct option_spec *spec = option_specs; spec->name; spec++)
		if (spec->letter && spec->letter == letter)
			return spec;
	return NULL;
}

void options_fini(struct options *options)
{
	texts_fini(&options->texts);
	texts_fini(&options->allow_host_texts);
	texts_fini(&options->debug_folder_texts);
	texts_fini(&options->source_dir_texts);
	labeling_fini(&options->labeling);
	buffer_fini(&options->config_text);
	*options = (struct options){ 0 };
}
