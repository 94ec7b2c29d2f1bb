/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/daemon/options_help.h"
#include "profiler/daemon/options_read.h"

#define MAX_WORDS 12

/* What the last read complained about. */
static char complaint[OPTIONS_COMPLAINT_BYTES];

static int read_words(const char *const *words, struct options *ret_options)
{
	static char *argv[MAX_WORDS + 2]; /* what is read points into it */
	int argc = 0;

	memset(argv, 0, sizeof(argv));
	argv[argc++] = (char *)(uintptr_t) "pilotlight";
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	complaint[0] = '\0';
	return options_read(argc, argv, ret_options, complaint);
}

#define READ(ret_options, ...)                                                                     \
	read_words((const char *const[MAX_WORDS + 1]){ __VA_ARGS__ }, ret_options)

#define WORDS(...)                                                                                 \
	(const char *const[MAX_WORDS + 1])                                                         \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

/* Refused with @error, and a complaint that holds @part. */
static void assert_refused(const char *const *words, int error, const char *part)
{
	struct options options = { 0 };

	assert_int_equal(read_words(words, &options), error);
	if (!strstr(complaint, part))
		fail_msg("\"%s\" does not say: %s", complaint, part);
}

static char *write_config(const char *text)
{
	static char path[] = "/tmp/pilotlight-options-XXXXXX";
	_cleanup_(closep) int fd = -1;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return path;
}

/* @text in a config file, beside @words of the command line (or none). */
static int read_config(const char *text, struct options *ret_options, const char *word)
{
	const char *path = write_config(text);
	int r = READ(ret_options, "--config", path, word);

	unlink(path);
	return r;
}

static int clear_environment(void **state)
{
	(void)state;
	for (const struct option_spec *spec = option_specs; spec->name; spec++) {
		char name[64];

		snprintf(name, sizeof(name), "PILOTLIGHT_%s", spec->name);
		for (char *c = name; *c; c++)
			*c = (char)(*c == '-' ? '_' : *c >= 'a' && *c <= 'z' ? *c - 32 : *c);
		unsetenv(name);
	}
	return 0;
}

static void the_defaults_are_those_that_are_documented(void **state)
{
	_cleanup_(options_fini) struct options options = { 0 };
	struct listen_address listen;

	(void)state;
	assert_int_equal(READ(&options, NULL), 0);
	assert_int_equal(listen_address_parse("127.0.0.1:7272", &listen), 0);
	assert_int_equal(options.command, COMMAND_DAEMON);
	assert_int_equal(options.role, ROLE_SAMPLER);
	assert_memory_equal(&options.listen, &listen, sizeof(listen));
	assert_int_equal(options.frequency_hz, 99);
	assert_int_equal(options.memory_bytes, 64 << 20);
	assert_int_equal(options.unwinder, UNWINDER_TABLES);
	assert_int_equal(options.retention_age_ns, 7 * 24 * 3600 * NS_PER_SECOND);
	assert_int_equal(options.retention_bytes, 1ULL << 30);
	assert_string_equal(options.store, "/var/lib/pilotlight");
	assert_string_equal(options.output, "profile.pb.gz");
	assert_null(options.allow_hosts);
	assert_null(options.config);
	assert_null(options.program);
	assert_false(options.wants_help);
}

static void a_value_may_follow_or_be_joined(void **state)
{
	const char *const *const lines[] = {
		WORDS("--frequency", "49"),
		WORDS("--frequency=49"),
		WORDS("-F", "49"),
		WORDS("-F49"),
		WORDS("-F", "7", "--frequency", "49"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		_cleanup_(options_fini) struct options options = { 0 };

		assert_int_equal(read_words(lines[i], &options), 0);
		assert_int_equal(options.frequency_hz, 49);
	}
}

static void sizes_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
		{ "16777216", 16ULL << 20 }, { "16777216B", 16ULL << 20 },
		{ "64M", 64ULL << 20 },      { "1G", 1ULL << 30 },
		{ "16384KiB", 16ULL << 20 }, { "16384k", 16ULL << 20 },
		{ "64MB", 64ULL << 20 },     { "1T", 1ULL << 40 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(options_fini) struct options options = { 0 };

		assert_int_equal(READ(&options, "--memory", cases[i].text), 0);
		assert_int_equal(options.memory_bytes, cases[i].bytes);
	}
}

static void stacks_are_walked_as_asked_for(void **state)
{
	_cleanup_(options_fini) struct options options = { 0 };

	(void)state;
	assert_int_equal(READ(&options, "--unwind", "frame-pointers"), 0);
	assert_int_equal(options.unwinder, UNWINDER_FRAME_POINTERS);
	options_fini(&options);
	assert_int_equal(READ(&options, "record", "--unwind=tables"), 0);
	assert_int_equal(options.unwinder, UNWINDER_TABLES);
}

static void times_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = { { "30s", 30 },    { "30", 30 },      { "10m", 600 },
		      { "7d", 604800 }, { "1h30m", 5400 }, { "1.5h", 5400 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(options_fini) struct options options = { 0 };

		assert_int_equal(READ(&options, "--retention-age", cases[i].text), 0);
		assert_int_equal(options.retention_age_ns, cases[i].seconds * NS_PER_SECOND);
	}
}

static void hosts_add_up(void **state)
{
	_cleanup_(options_fini) struct options options = { 0 };

	(void)state;
	assert_int_equal(READ(&options, "--allow-host", "a.example,b-2", "--allow-host=c"), 0);
	assert_string_equal(options.allow_hosts[0], "a.example");
	assert_string_equal(options.allow_hosts[1], "b-2");
	assert_string_equal(options.allow_hosts[2], "c");
	assert_null(options.allow_hosts[3]);
}

static void folders_of_debug_information_add_up(void **state)
{
	_cleanup_(options_fini) struct options options = { 0 };

	(void)state;
	assert_int_equal(READ(&options, "--debug-dir", "/a:/b/c", "--debug-dir=/d"), 0);
	assert_string_equal(options.debug_folders[0], "/a");
	assert_string_equal(options.debug_folders[1], "/b/c");
	assert_string_equal(options.debug_folders[2], "/d");
	assert_null(options.debug_folders[3]);
	assert_int_not_equal(READ(&options, "--debug-dir", "not/absolute"), 0);
	assert_int_not_equal(READ(&options, "--debug-dir", "/a:"), 0);
}

static void pods_are_at_a_url_or_in_a_file(void **state)
{
	_cleanup_(options_fini) struct options options = { 0 };

	(void)state;
	assert_int_equal(READ(&options, "record", "--pods", "/run/pods.json"), 0);
	assert_string_equal(options.pods, "/run/pods.json");
}

static void record_has_options_of_its_own(void **state)
{
	_cleanup_(options_fini) struct options options = { 0 };

	(void)state;
	assert_int_equal(
		READ(&options, "record", "-p", "812", "-F", "199", "-d", "0.5", "-o", "x.folded"),
		0);
	assert_int_equal(options.command, COMMAND_RECORD);
	assert_int_equal(options.pid, 812);
	assert_int_equal(options.frequency_hz, 199);
	assert_int_equal(options.duration_ns, NS_PER_SECOND / 2);
	assert_string_equal(options.output, "x.folded");
	assert_null(options.program);
}

static void the_words_of_a_program_are_its_own(void **state)
{
	const char *const *const lines[] = {
		WORDS("record", "--", "ls", "-d", "--help"),
		WORDS("record", "ls", "-d", "--help"),
		WORDS("record", "-d", "5", "ls", "-d", "--help"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		_cleanup_(options_fini) struct options options = { 0 };

		assert_int_equal(read_words(lines[i], &options), 0);
		assert_string_equal(options.program[0], "ls");
		assert_string_equal(options.program[1], "-d");
		assert_string_equal(options.program[2], "--help");
		assert_null(options.program[3]);
		assert_false(options.wants_help);
	}
}

static void help_and_version_are_found_beside_a_command(void **state)
{
	_cleanup_(options_fini) struct options help = { 0 };
	_cleanup_(options_fini) struct options version = { 0 };

	(void)state;
	assert_int_equal(READ(&help, "record", "--help"), 0);
	assert_int_equal(help.command, COMMAND_RECORD);
	assert_true(help.wants_help);
	assert_int_equal(READ(&version, "--version"), 0);
	assert_true(version.wants_version);
}

static void a_role_is_the_first_word_of_its_process(void **state)
{
	_cleanup_(options_fini) struct options options = { 0 };

	(void)state;
	assert_int_equal(READ(&options, "--role", "resolver", "record", "-d", "5", "--", "ls"), 0);
	assert_int_equal(options.role, ROLE_RESOLVER);
	assert_int_equal(options.command, COMMAND_RECORD);
	assert_string_equal(options.program[0], "ls");
	assert_refused(WORDS("--role", "cook"), -EINVAL, "cook");
}

static void convert_takes_two_files(void **state)
{
	const struct {
		const char *const *words;
		const char *part;
	} cases[] = {
		{ WORDS("convert"), "needs two files" },
		{ WORDS("convert", "a"), "needs two files" },
		{ WORDS("convert", "a", "b.jpeg"), "'b.jpeg' has no ending" },
		{ WORDS("convert", "a", "b.svg", "c"), "unexpected argument 'c'" },
		{ WORDS("convert", "-F", "9", "a", "b.svg"), "option '-F' means nothing" },
	};
	struct options options = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i].words, -EINVAL, cases[i].part);
	assert_int_equal(READ(&options, "convert", "a", "b.svg"), 0);
	assert_int_equal(options.command, COMMAND_CONVERT);
	assert_string_equal(options.convert_from, "a");
	assert_string_equal(options.convert_to, "b.svg");
	options_fini(&options);
}

static void an_error_repeats_the_wrong_word(void **state)
{
	const struct {
		const char *const *words;
		const char *part;
	} cases[] = {
		{ WORDS("--frobnicate"), "unknown option '--frobnicate'" },
		{ WORDS("--frobnicate=7"), "'--frobnicate=7'" },
		{ WORDS("--a-name-that-is-longer-than-any-option"), "unknown option '--a-" },
		{ WORDS("-x"), "unknown option '-x'" },
		{ WORDS("frobnicate"), "unknown command 'frobnicate'" },
		{ WORDS(""), "unknown command ''" },
		{ WORDS("-"), "unknown command '-'" },
		{ WORDS("--", "x"), "unexpected argument 'x'" },
		{ WORDS("doctor", "x"), "unexpected argument 'x'" },
		{ WORDS("--metrics-services", "a(b"), "--metrics-services a(b: must be a regular" },
		{ WORDS("--metrics-functions", "0"), "--metrics-functions 0: must be a number" },
		{ WORDS("--metrics-functions", "101"), "--metrics-functions 101: must be" },
		{ WORDS("--pods", "ftp://host/x"), "--pods ftp://host/x: must be an http or" },
		{ WORDS("record", "--"), "no command follows '--'" },
		{ WORDS("--frequency"), "option '--frequency' needs a value: HZ" },
		{ WORDS("-F"), "option '-F' needs a value: HZ" },
		{ WORDS("--help=yes"), "option '--help=yes' takes no value" },
		{ WORDS("--frequency", "0"), "--frequency 0: must be samples per second" },
		{ WORDS("--frequency", "10001"), "--frequency 10001: must be" },
		{ WORDS("-F9x"), "-F9x: must be" },
		{ WORDS("--frequency=-9"), "--frequency=-9: must be" },
		{ WORDS("--frequency", "99999999999999999999"), "99999999999999999999" },
		{ WORDS("--listen", "7272"), "--listen 7272: must be an address and a port" },
		{ WORDS("--memory", "64X"), "--memory 64X: must be a size" },
		{ WORDS("--memory", "7M"), "--memory 7M: must be a size" },
		{ WORDS("--memory", "M"), "--memory M: must be a size" },
		{ WORDS("--memory", "64MiBs"), "--memory 64MiBs" },
		{ WORDS("--memory", "99999999999T"), "--memory 99999999999T" },
		{ WORDS("--retention-age", "7x"), "--retention-age 7x: must be a time" },
		{ WORDS("--retention-age", "1s"), "--retention-age 1s: must be a time" },
		{ WORDS("--allow-host", "a,,b"), "--allow-host a,,b: must be names" },
		{ WORDS("--allow-host", "a:80"), "--allow-host a:80: must be names" },
		{ WORDS("--unwind", "frames"),
		  "--unwind frames: must be tables or frame-pointers" },
		{ WORDS("--store", ""), "--store : must be" },
		{ WORDS("--config", ""), "--config : must be a path" },
		{ WORDS("--pid", "1"), "option '--pid' means nothing to 'pilotlight'" },
		{ WORDS("record", "--listen", ":1"), "means nothing to 'pilotlight record'" },
		{ WORDS("doctor", "-F", "9"), "option '-F' means nothing to 'pilotlight doctor'" },
		{ WORDS("record", "-p", "p"), "-p p: must be the number of a process" },
		{ WORDS("record", "-p", "0"), "-p 0: must be" },
		{ WORDS("record", "-p", "2147483648"), "-p 2147483648: must be" },
		{ WORDS("record", "-d", "0"), "-d 0: must be a number of seconds" },
		{ WORDS("record", "-d", "-1"), "-d -1: must be" },
		{ WORDS("record", "-d", "soon"), "-d soon: must be" },
		{ WORDS("record", "-o", "x.txt"), "-o x.txt: must be a file whose ending" },
		{ WORDS("record", "-p", "1", "ls"), "'ls' cannot be run beside" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i].words, -EINVAL, cases[i].part);
}

static void history_is_kept_in_a_folder_or_in_memory(void **state)
{
	_cleanup_(options_fini) struct options options = { 0 };

	(void)state;
	assert_int_equal(READ(&options, "--store", ":memory:", "--retention-bytes", "500M"), 0);
	assert_string_equal(options.store, ":memory:");
	assert_int_equal(options.retention_bytes, 500ULL << 20);
	assert_refused(WORDS("--store", ""), -EINVAL, "--store : must be a folder or :memory:");
	assert_refused(WORDS("--retention-bytes", "1K"), -EINVAL,
		       "--retention-bytes 1K: must be a size from 1M to 1024G");
}

static void the_cache_is_a_folder_or_none(void **state)
{
	_cleanup_(options_fini) struct options options = { 0 };
	_cleanup_(options_fini) struct options none = { 0 };
	_cleanup_(options_fini) struct options other = { 0 };

	(void)state;
	assert_int_equal(READ(&options, NULL), 0);
	assert_string_equal(options.cache, "/var/cache/pilotlight");
	assert_int_equal(READ(&none, "record", "--cache=none"), 0);
	assert_null(none.cache);
	assert_int_equal(READ(&other, "--cache", "none", "--cache", "tables"), 0);
	assert_string_equal(other.cache, "tables");
	assert_refused(WORDS("--cache", ""), -EINVAL, "--cache : must be a folder or none");
}

static void the_environment_sets_options(void **state)
{
	_cleanup_(options_fini) struct options options = { 0 };

	(void)state;
	setenv("PILOTLIGHT_RETENTION_AGE", "20m", 1);
	setenv("PILOTLIGHT_ALLOW_HOST", "a,b", 1);
	setenv("PILOTLIGHT_FREQUENCY", "", 1);
	setenv("PILOTLIGHT_PID", "nonsense", 1); /* not one that the environment sets */
	assert_int_equal(READ(&options, NULL), 0);
	unsetenv("PILOTLIGHT_PID");
	assert_int_equal(options.retention_age_ns, 1200 * NS_PER_SECOND);
	assert_string_equal(options.allow_hosts[1], "b");
	assert_int_equal(options.frequency_hz, 99);
}

static void an_error_names_the_variable(void **state)
{
	(void)state;
	setenv("PILOTLIGHT_LISTEN", "nowhere", 1);
	assert_refused(WORDS(NULL), -EINVAL, "PILOTLIGHT_LISTEN=nowhere: must be an address");
}

static void a_config_file_sets_options(void **state)
{
	_cleanup_(options_fini) struct options options = { 0 };

	(void)state;
	assert_int_equal(read_config("frequency = 49\n"
				     "# a comment\n"
				     "[pilotlight]\n"
				     "retention-age = 1h ; another\n"
				     "allow-host = a\n"
				     "allow-host = b\n",
				     &options, NULL),
			 0);
	assert_int_equal(options.frequency_hz, 49);
	assert_int_equal(options.retention_age_ns, 3600 * NS_PER_SECOND);
	assert_string_equal(options.allow_hosts[0], "a");
	assert_string_equal(options.allow_hosts[1], "b");
}

static void an_error_names_the_file_and_the_line(void **state)
{
	static const struct {
		const char *text;
		const char *part;
	} cases[] = {
		{ "\nfrequency = 0\n", ":2: frequency = 0: must be samples per second" },
		{ "frobnicate = 7\nfrequency = 0\n", ":1: unknown option 'frobnicate'" },
		{ "pid = 1\n", ":1: unknown option 'pid'" },
		{ "config = x\n", ":1: unknown option 'config'" },
		{ "[server]\nlisten = :1\n", ":2: unknown section '[server]'" },
		{ "listen\n", ":1: must be 'option = value'" },
		{ "label = 7up=x\n", ":1: label = 7up=x: must be the name of a label" },
		{ "[rule a]\ncolour = x\n", ":2: unknown field 'colour' of a rule" },
		{ "[rule a]\nregex = x\nregex = y\n", ":3: regex = y: the rule 'a' has that" },
		{ "[rule a]\nregex = \"x\n", ":2: regex = \"x: the closing \" is missing" },
		{ "[rule a]\naction = rename\n", ":2: [rule a]: action = rename: is no action" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options options;

		assert_int_equal(read_config(cases[i].text, &options, NULL), -EINVAL);
		if (!strstr(complaint, cases[i].part))
			fail_msg("\"%s\" does not say: %s", complaint, cases[i].part);
	}
}

static void a_config_file_has_labels_and_rules(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(read_config("label = team=web\nlabel = host=a\n"
				     "[rule a b]\ntarget_label = x\nseparator = \";\"\n"
				     "[rule c]\naction = drop\nregex = a:b=c\n",
				     &options, NULL),
			 0);
	assert_string_equal(label_set_get(&options.labeling.labels, "team"), "web");
	assert_string_equal(label_set_get(&options.labeling.labels, "host"), "a");
	assert_int_equal(options.labeling.n_rules, 2);
	assert_string_equal(options.labeling.rules[0].name, "a b");
	assert_string_equal(options.labeling.rules[0].fields[RULE_SEPARATOR], ";");
	assert_string_equal(options.labeling.rules[1].fields[RULE_REGEX], "a:b=c");
	options_fini(&options);
}

static void a_config_file_that_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	assert_refused(WORDS("--config", "/nonexistent/x"), -ENOENT,
		       "cannot read /nonexistent/x: No such file or directory");
	assert_refused(WORDS("--config", "/"), -EISDIR, "cannot read /: Is a directory");
}

static void the_command_line_counts_more_than_the_environment_than_the_file(void **state)
{
	static const char config[] = "frequency = 1\nmemory = 9M\nretention-age = 11m\n"
				     "allow-host = file\n";
	_cleanup_(options_fini) struct options options = { 0 };

	(void)state;
	setenv("PILOTLIGHT_FREQUENCY", "2", 1);
	setenv("PILOTLIGHT_MEMORY", "10M", 1);
	setenv("PILOTLIGHT_ALLOW_HOST", "environment", 1);
	assert_int_equal(read_config(config, &options, "--frequency=3"), 0);
	assert_int_equal(options.frequency_hz, 3);
	assert_int_equal(options.memory_bytes, 10 << 20);
	assert_int_equal(options.retention_age_ns, 660 * NS_PER_SECOND);
	assert_string_equal(options.allow_hosts[0], "environment");
	assert_null(options.allow_hosts[1]);
}

static void the_environment_can_name_the_config_file(void **state)
{
	_cleanup_(options_fini) struct options options = { 0 };
	const char *path = write_config("frequency = 7\n");
	int r;

	(void)state;
	setenv("PILOTLIGHT_CONFIG", path, 1);
	r = READ(&options, NULL);
	unlink(path);
	assert_int_equal(r, 0);
	assert_int_equal(options.frequency_hz, 7);
	assert_string_equal(options.config, path);
}

static void it_can_be_read_again(void **state)
{
	const char *path = write_config("frequency = 7\n");
	_cleanup_(options_fini) struct options first = { 0 };
	_cleanup_(options_fini) struct options second = { 0 };
	FILE *file;

	(void)state;
	assert_int_equal(READ(&first, "--config", path), 0);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("frequency = 8\n", file);
	fclose(file);
	assert_int_equal(READ(&second, "--config", path), 0);
	unlink(path);
	assert_int_equal(first.frequency_hz, 7);
	assert_int_equal(second.frequency_hz, 8);
}

static void help_names_the_options_of_a_command(void **state)
{
	(void)state;
	for (enum command command = 0; command < COMMAND_COUNT; command++) {
		_cleanup_(buffer_fini) struct buffer text = { 0 };

		options_help(command, &text);
		buffer_append_char(&text, '\0');
		assert_int_equal(buffer_error(&text), 0);
		for (const struct option_spec *spec = option_specs; spec->name; spec++) {
			bool is_expected =
				!(spec->flags & OPTION_HIDDEN) && spec->commands & 1U << command;
			char word[64];

			snprintf(word, sizeof(word), " --%s", spec->name);
			assert_int_equal(strstr(text.data, word) != NULL, is_expected);
		}
	}
}

int main(void)
{
#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, clear_environment, clear_environment)
	const struct CMUnitTest tests[] = {
		TEST(the_defaults_are_those_that_are_documented),
		TEST(a_value_may_follow_or_be_joined),
		TEST(sizes_are_read_as_people_write_them),
		TEST(stacks_are_walked_as_asked_for),
		TEST(times_are_read_as_people_write_them),
		TEST(hosts_add_up),
		TEST(folders_of_debug_information_add_up),
		TEST(pods_are_at_a_url_or_in_a_file),
		TEST(record_has_options_of_its_own),
		TEST(the_words_of_a_program_are_its_own),
		TEST(help_and_version_are_found_beside_a_command),
		TEST(a_role_is_the_first_word_of_its_process),
		TEST(convert_takes_two_files),
		TEST(an_error_repeats_the_wrong_word),
		TEST(history_is_kept_in_a_folder_or_in_memory),
		TEST(the_cache_is_a_folder_or_none),
		TEST(the_environment_sets_options),
		TEST(an_error_names_the_variable),
		TEST(a_config_file_sets_options),
		TEST(an_error_names_the_file_and_the_line),
		TEST(a_config_file_has_labels_and_rules),
		TEST(a_config_file_that_cannot_be_read_is_an_error),
		TEST(the_command_line_counts_more_than_the_environment_than_the_file),
		TEST(the_environment_can_name_the_config_file),
		TEST(it_can_be_read_again),
		TEST(help_names_the_options_of_a_command),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
