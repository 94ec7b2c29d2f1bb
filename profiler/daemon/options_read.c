/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/options_read.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include <ini.h>

#include "export/encoder.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"

#define CONFIG_MAX_BYTES (1U << 20)

/* Where a value comes from; what comes later counts more. */
enum place { PLACE_DEFAULT, PLACE_CONFIG, PLACE_ENVIRONMENT, PLACE_COMMAND_LINE };

/* A value given on the command line. */
struct argument {
	const struct option_spec *spec;
	const char *shown; /* as it was typed: "-F49" */
	const char *value; /* NULL: it takes none */
	bool is_joined;    /* the value is part of what is shown */
};

struct reader {
	char *const *next; /* argument that is not read yet; NULL ends */
	struct argument *arguments;
	size_t n_arguments;
	struct options options;
	enum place places[OPTIONS_MAX]; /* where values of repeatable options come from so far */
	const char *config_next;        /* text of the config file that is not read yet */
	unsigned int config_line;       /* that was read last */
	int config_error;               /* of the first line that was refused */
	char *complaint;                /* OPTIONS_COMPLAINT_BYTES */
};

static int complain(struct reader *reader, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int complain(struct reader *reader, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reader->complaint, OPTIONS_COMPLAINT_BYTES, format, args);
	va_end(args);
	return error;
}

/* @shown is how the value was given: "--frequency x", "PILOTLIGHT_FREQUENCY=x". */
static int set(struct reader *reader, enum place place, const struct option_spec *spec,
	       const char *value, const char *shown)
{
	enum place *last_place = &reader->places[spec - option_specs];
	int r;

	if (spec->clear && *last_place != place)
		spec->clear(&reader->options);
	*last_place = place;
	r = spec->set(&reader->options, value);
	if (r == -EINVAL)
		return complain(reader, r, "%s: must be %s", shown, spec->expected);
	if (r < 0)
		return complain(reader, r, "%s: %s", shown, strerror(-r));
	return 0;
}

static int set_defaults(struct reader *reader)
{
	for (const struct option_spec *spec = option_specs; spec->name; spec++) {
		int r = spec->default_value
				? set(reader, PLACE_DEFAULT, spec, spec->default_value, spec->name)
				: 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int keep_argument(struct reader *reader, const struct option_spec *spec, const char *value,
			 const char *shown)
{
	const char *next = spec->argument && !value ? *reader->next : NULL;

	if (value && !spec->argument)
		return complain(reader, -EINVAL, "option '%s' takes no value", shown);
	if (spec->argument && !value && !next)
		return complain(reader, -EINVAL, "option '%s' needs a value: %s", shown,
				spec->argument);
	if (next)
		reader->next++;
	reader->arguments[reader->n_arguments++] = (struct argument){
		.spec = spec,
		.shown = shown,
		.value = value ? value : next,
		.is_joined = value,
	};
	return 0;
}

/* "--name", "--name value", "--name=value" */
static int read_long(struct reader *reader, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	const struct option_spec *spec = NULL;
	char name[32];

	if (length - 2 < sizeof(name)) {
		memcpy(name, word + 2, length - 2);
		name[length - 2] = '\0';
		spec = option_find(name);
	}
	if (!spec)
		return complain(reader, -EINVAL, "unknown option '%s'", word);
	return keep_argument(reader, spec, equals ? equals + 1 : NULL, word);
}

/* "-n", "-n value", "-nvalue" */
static int read_short(struct reader *reader, const char *word)
{
	const struct option_spec *spec = option_find_letter(word[1]);

	if (!spec)
		return complain(reader, -EINVAL, "unknown option '%s'", word);
	return keep_argument(reader, spec, word[2] ? word + 2 : NULL, word);
}

static int set_program(struct reader *reader, char *const *program)
{
	if (!*program)
		return complain(reader, -EINVAL, "no command follows '--'");
	reader->options.program = program;
	reader->next = program;
	while (*reader->next)
		reader->next++;
	return 0;
}

static int set_converted_file(struct reader *reader, const char *word)
{
	struct options *options = &reader->options;

	if (!options->convert_from) {
		options->convert_from = word;
		return 0;
	}
	if (options->convert_to)
		return complain(reader, -EINVAL, "unexpected argument '%s'", word);
	if (!encoder_find_by_path(word))
		return complain(reader, -EINVAL,
				"'%s' has no ending that names an output format: see "
				"pilotlight convert --help",
				word);
	options->convert_to = word;
	return 0;
}

static int read_word(struct reader *reader, const char *word)
{
	if (reader->options.command == COMMAND_CONVERT)
		return set_converted_file(reader, word);
	if (reader->options.command == COMMAND_RECORD)
		return set_program(reader, reader->next - 1);
	if (reader->options.command != COMMAND_DAEMON)
		return complain(reader, -EINVAL, "unexpected argument '%s'", word);
	for (int command = COMMAND_DAEMON + 1; command < COMMAND_COUNT; command++) {
		if (strcmp(word, command_names[command]))
			continue;
		reader->options.command = (enum command)command;
		return 0;
	}
	return complain(reader, -EINVAL, "unknown command '%s'", word);
}

static int read_argument(struct reader *reader)
{
	const char *word = *reader->next++;

	if (!strcmp(word, "--") && reader->options.command == COMMAND_RECORD)
		return set_program(reader, reader->next);
	if (!strcmp(word, "--"))
		return *reader->next ? complain(reader, -EINVAL, "unexpected argument '%s'",
						*reader->next)
				     : 0;
	if (!strncmp(word, "--", 2))
		return read_long(reader, word);
	if (word[0] == '-' && word[1])
		return read_short(reader, word);
	return read_word(reader, word);
}

static bool is_given(const struct reader *reader, const char *name)
{
	for (size_t i = 0; i < reader->n_arguments; i++)
		if (!strcmp(reader->arguments[i].spec->name, name))
			return true;
	return false;
}

/* What is only known to be wrong once the command is known. */
static int check_arguments(struct reader *reader)
{
	enum command command = reader->options.command;

	for (size_t i = 0; i < reader->n_arguments; i++) {
		if (reader->arguments[i].spec->commands & 1U << command)
			continue;
		return complain(reader, -EINVAL, "option '%s' means nothing to 'pilotlight%s%s'",
				reader->arguments[i].shown, *command_names[command] ? " " : "",
				command_names[command]);
	}
	if (command == COMMAND_CONVERT && !reader->options.convert_to)
		return complain(reader, -EINVAL,
				"'pilotlight convert' needs two files: what to read, and what to "
				"write");
	if (reader->options.program && is_given(reader, "pid"))
		return complain(reader, -EINVAL,
				"'%s' cannot be run beside a process that is given by "
				"its number",
				reader->options.program[0]);
	return 0;
}

static int set_argument(struct reader *reader, const struct argument *argument)
{
	char shown[256];

	if (argument->value && !argument->is_joined)
		snprintf(shown, sizeof(shown), "%s %s", argument->shown, argument->value);
	else
		snprintf(shown, sizeof(shown), "%s", argument->shown);
	return set(reader, PLACE_COMMAND_LINE, argument->spec, argument->value, shown);
}

/* "PILOTLIGHT_RETENTION_AGE"; an empty variable is one that is not set. */
static const char *get_variable(const struct option_spec *spec, char *ret_name, size_t name_bytes)
{
	const char *value;

	snprintf(ret_name, name_bytes, "PILOTLIGHT_%s", spec->name);
	for (char *c = ret_name; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper(*c);
	value = getenv(ret_name);
	return value && *value ? value : NULL;
}

static int set_from_environment(struct reader *reader)
{
	for (const struct option_spec *spec = option_specs; spec->name; spec++) {
		char name[64], shown[256];
		const char *value;
		int r;

		if (!(spec->flags & OPTION_IN_ENVIRONMENT))
			continue;
		value = get_variable(spec, name, sizeof(name));
		if (!value)
			continue;
		snprintf(shown, sizeof(shown), "%s=%s", name, value);
		r = set(reader, PLACE_ENVIRONMENT, spec, value, shown);
		if (r < 0)
			return r;
	}
	return 0;
}

/* "[rule NAME]": a field of a rule for labels. Its value may stand in double quotes. */
static int set_rule_field(struct reader *reader, const char *rule, const char *name,
			  const char *value, const char *shown)
{
	_cleanup_(freep) char *text = strdup(value);
	size_t length = strlen(value);
	int r;

	if (!text)
		return complain(reader, -ENOMEM, "%s", strerror(ENOMEM));
	if (length && value[0] == '"') {
		if (length < 2 || value[length - 1] != '"')
			return complain(reader, -EINVAL, "%s: the closing \" is missing", shown);
		memcpy(text, value + 1, length - 2);
		text[length - 2] = '\0';
	}
	r = labeling_set_field(&reader->options.labeling, rule, reader->config_line, name, text);
	if (r == -ENOENT)
		return complain(reader, -EINVAL, "unknown field '%s' of a rule", name);
	if (r == -EEXIST)
		return complain(reader, -EINVAL, "%s: the rule '%s' has that already", shown, rule);
	if (r == -ENOSPC)
		return complain(reader, -EINVAL, "[rule %s]: more than %d rules", rule,
				LABEL_RULES_MAX);
	return r < 0 ? complain(reader, r, "%s", strerror(-r)) : 0;
}

/* The lines after the first one that is refused are read as well: inih may not stop. */
static int on_config_line(void *context, const char *section, const char *name, const char *value)
{
	static const char rule[] = "rule ";
	struct reader *reader = context;
	const struct option_spec *spec = option_find(name);
	char shown[256];

	if (reader->config_error)
		return 0;
	snprintf(shown, sizeof(shown), "%s = %s", name, value);
	if (!strncmp(section, rule, strlen(rule)))
		reader->config_error =
			set_rule_field(reader, section + strlen(rule), name, value, shown);
	else if (*section && strcmp(section, "pilotlight"))
		reader->config_error = complain(reader, -EINVAL, "unknown section '[%s]'", section);
	else if (!spec || !(spec->flags & OPTION_IN_CONFIG))
		reader->config_error = complain(reader, -EINVAL, "unknown option '%s'", name);
	else
		reader->config_error = set(reader, PLACE_CONFIG, spec, value, shown);
	return reader->config_error == 0;
}

/* The complaint is about line @line of the file. */
static int complain_about_line(struct reader *reader, const char *path, unsigned int line)
{
	char complaint[OPTIONS_COMPLAINT_BYTES];

	if (!reader->config_error)
		return complain(reader, -EINVAL, "%s:%u: must be 'option = value'", path, line);
	memcpy(complaint, reader->complaint, sizeof(complaint));
	return complain(reader, reader->config_error, "%s:%u: %s", path, line, complaint);
}

/* As fgets(3), for inih. It would take the rest of a long line for another one. */
static char *next_line(char *ret_line, int line_bytes, void *context)
{
	struct reader *reader = context;
	size_t length = strcspn(reader->config_next, "\n");

	if (!*reader->config_next || reader->config_error)
		return NULL;
	reader->config_line++;
	if (length + 2 > (size_t)line_bytes) {
		reader->config_error =
			complain(reader, -EINVAL, "a line of more than %d bytes", line_bytes - 2);
		return NULL;
	}
	length += reader->config_next[length] == '\n';
	memcpy(ret_line, reader->config_next, length);
	ret_line[length] = '\0';
	reader->config_next += length;
	return ret_line;
}

/* Of a rule, what is only known to be wrong when all of it is known. */
static int check_rules(struct reader *reader, const char *path)
{
	const struct labeling *labeling = &reader->options.labeling;
	char error[LABEL_RULES_ERROR_BYTES];
	const struct labeling_rule *bad;
	struct label_rules *rules;
	int r = labeling_compile(labeling, &rules, &bad, error);

	if (r == -EINVAL)
		return complain(reader, r, "%s:%u: [rule %s]: %s", path, bad->line, bad->name,
				error);
	if (r < 0)
		return complain(reader, r, "%s", strerror(-r));
	label_rules_free(rules);
	return 0;
}

static int set_from_config(struct reader *reader, const char *path)
{
	int r = file_read(AT_FDCWD, path, CONFIG_MAX_BYTES, &reader->options.config_text);
	int line;

	if (r < 0)
		return complain(reader, r, "cannot read %s: %s", path, strerror(-r));
	reader->config_next = reader->options.config_text.data;
	line = ini_parse_stream(next_line, reader, on_config_line, reader);
	if (reader->config_error && !line)
		line = (int)reader->config_line;
	if (line)
		return complain_about_line(reader, path, (unsigned int)line);
	return check_rules(reader, path);
}

/* The file that is named last on the command line, else by the environment; NULL: none. To a role,
 * the sampler names one first. */
static const char *find_config(const struct reader *reader)
{
	const struct option_spec *spec = option_find("config");
	const char *found = NULL;
	char name[64];

	for (size_t i = 0; i < reader->n_arguments; i++)
		if (reader->arguments[i].spec == spec && !(found && is_given(reader, "role")))
			found = reader->arguments[i].value;
	if (found)
		return found;
	return get_variable(spec, name, sizeof(name));
}

/* Labels and rules go to the server in one message. The host's name is a label like any other. */
static int check_labeling(struct reader *reader)
{
	_cleanup_(buffer_fini) struct buffer body = { 0 };
	struct labeling *labeling = &reader->options.labeling;
	struct utsname host;
	int r = 0;

	if (!*label_set_get(&labeling->labels, "host") && uname(&host) == 0)
		r = label_set_put(&labeling->labels, "host", host.nodename);
	if (r == 0)
		r = labeling_append(labeling, &body);

	if (r == -E2BIG)
		return complain(reader, -EINVAL, "labels and rules take more than %u bytes",
				LABELING_MAX_BYTES);
	return r < 0 ? complain(reader, r, "%s", strerror(-r)) : 0;
}

static int set_all(struct reader *reader)
{
	const char *config = find_config(reader);
	int r;

	r = set_defaults(reader);
	if (r == 0 && config && *config)
		r = set_from_config(reader, config);
	if (r == 0)
		r = set_from_environment(reader);
	for (size_t i = 0; r == 0 && i < reader->n_arguments; i++)
		r = set_argument(reader, &reader->arguments[i]);
	return r < 0 ? r : check_labeling(reader);
}

static int read_all(struct reader *reader)
{
	while (*reader->next) {
		int r = read_argument(reader);

		if (r < 0)
			return r;
	}
	reader->options.wants_help = is_given(reader, "help");
	reader->options.wants_version = is_given(reader, "version");
	if (reader->options.wants_help || reader->options.wants_version)
		return 0;
	return check_arguments(reader) < 0 ? -EINVAL : set_all(reader);
}

int options_read(int argc, char *const argv[], struct options *ret_options,
		 char ret_complaint[OPTIONS_COMPLAINT_BYTES])
{
	struct reader reader = { .next = argv + (argc > 0), .complaint = ret_complaint };
	int r;

	reader.arguments = calloc((size_t)argc + 1, sizeof(*reader.arguments));
	if (!reader.arguments)
		return complain(&reader, -ENOMEM, "%s", strerror(ENOMEM));
	r = read_all(&reader);
	free(reader.arguments);
	if (r < 0)
		options_fini(&reader.options);
	else
		*ret_options = reader.options;
	return r;
}

int options_keep_config(const struct options *options, int *ret_fd)
{
	const struct buffer *text = &options->config_text;
	_cleanup_(closep) int fd = -1;
	int r;

	*ret_fd = -1;
	if (!text->data)
		return 0;
	fd = memfd_create("pilotlight-config", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = file_write_fd(fd, text->data, text->size);
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}
