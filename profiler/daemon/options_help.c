/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/options_help.h"

#include <stdio.h>

#include "export/encoder.h"
#include "profiler/base/buffer.h"

enum { PURPOSE_COLUMN = 28 };

struct command_help {
	const char *usage;
	const char *purpose;
	const char *notes; /* after the options; NULL: none */
};

static const struct command_help helps[COMMAND_COUNT] = {
	[COMMAND_DAEMON] = {
		.usage = "pilotlight [OPTION…]\n"
			 "       pilotlight record [OPTION…] [[--] COMMAND [ARGUMENT…]]\n"
			 "       pilotlight doctor\n"
			 "       pilotlight convert IN OUT\n",
		.purpose = "Samples where time goes on this host, always, and shows it in a browser.\n"
			   "\n"
			   "Without a command it runs in the foreground until SIGTERM or SIGINT, and reads\n"
			   "its config file again at SIGHUP. `record` profiles once, into a file; `doctor`\n"
			   "says what works on this host; `convert` writes a profile in another format.\n"
			   "Each of them has a --help of its own.\n",
		.notes = "Each option can be set by the environment as well (PILOTLIGHT_LISTEN=…), and, but\n"
			 "for --config, by the config file (listen = …). See pilotlight(1).\n",
	},
	[COMMAND_RECORD] = {
		.usage = "pilotlight record [OPTION…] [[--] COMMAND [ARGUMENT…]]\n",
		.purpose = "Profiles a process, a command with all that it starts, or, with neither, the\n"
			   "whole host, until it ends or Ctrl-C is pressed. A command's exit status is\n"
			   "passed on.\n",
	},
	[COMMAND_DOCTOR] = {
		.usage = "pilotlight doctor\n",
		.purpose = "Tries what sampling needs on this host, and says what works, what does not,\n"
			   "why, and what is used instead. The exit status is 1 if sampling cannot work.\n",
	},
	[COMMAND_CONVERT] = {
		.usage = "pilotlight convert IN OUT\n",
		.purpose = "Reads a profile and writes it in the format that the ending of OUT names. IN may\n"
			   "be of pprof, compressed or not, of folded stacks, of perf script, or of\n"
			   "speedscope; which, its bytes tell.\n",
	},
};

static void append_option(struct buffer *text, const struct option_spec *spec)
{
	char names[64];
	int length;

	length = snprintf(names, sizeof(names), "  %c%c%s --%s%s%s", spec->letter ? '-' : ' ',
			  spec->letter ? spec->letter : ' ', spec->letter ? "," : " ", spec->name,
			  spec->argument ? " " : "", spec->argument ? spec->argument : "");
	if (length < PURPOSE_COLUMN)
		buffer_printf(text, "%-*s", PURPOSE_COLUMN, names);
	else
		buffer_printf(text, "%s\n%*s", names, PURPOSE_COLUMN, "");
	buffer_append_string(text, spec->purpose);
	if (spec->default_value)
		buffer_printf(text, " (%s)", spec->default_value);
	buffer_append_char(text, '\n');
}

static void append_endings(struct buffer *text, const char *file)
{
	buffer_printf(text, "\nEndings of %s and their formats:", file);
	for (const struct encoder *encoder = encoders; encoder->name; encoder++)
		buffer_printf(text, "%s %s (%s)", encoder == encoders ? "" : ",",
			      encoder->file_ending, encoder->name);
	buffer_append_string(text, ".\n");
}

void options_help(enum command command, struct buffer *text)
{
	const struct command_help *help = &helps[command];

	buffer_printf(text, "Usage: %s\n%s\nOptions:\n", help->usage, help->purpose);
	for (const struct option_spec *spec = option_specs; spec->name; spec++) {
		if (!(spec->flags & OPTION_HIDDEN) && spec->commands & 1U << command)
			append_option(text, spec);
	}
	if (help->notes)
		buffer_printf(text, "\n%s", help->notes);
	if (command == COMMAND_RECORD)
		append_endings(text, "FILE");
	if (command == COMMAND_CONVERT)
		append_endings(text, "OUT");
}
