/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbol tool: symbol files from a shell, for tests that compare them with what other programs say.
 *
 *     build ELF OUT [KIND=PATH]...   write the symbol file of ELF, print what the build met, the
 *                                    CPU time that it took and the memory; other files as in
 *                                    opened_files.h
 *     missing ELF [KIND=PATH]...     print which debug files are named, but not given
 *     kernel OUT                     as build, from kallsyms, which it reads from its input
 *     glance ELF OUT                 read file offsets, write the symbol file of what is there
 *     find FILE                      read addresses, print the frames of each and an empty line:
 *                                    function, then directory/filename:line
 *     time FILE                      read addresses, print the CPU time that a look-up takes
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "opened_files.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "unwind/debug_reference.h"
#include "unwind/demangle.h"
#include "unwind/symbol_file.h"
#include "unwind/symbol_file_build.h"
#include "unwind/symbol_glance.h"

#define KALLSYMS_MAX_BYTES   (256UL << 20)
#define KALLSYMS_USUAL_BYTES (6 << 20)
#define STATUS_MAX_BYTES     (64UL << 10)
#define MAX_MISSING          256

DEFINE_CLEANUP(struct symbol_file *, symbol_file_free)

static int write_file(const char *path, const struct buffer *bytes)
{
	_cleanup_(closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	return fd < 0 ? -errno : file_write_fd(fd, bytes->data, bytes->size);
}

/* Most memory that this process had at any time, of its own and of files: getrusage(2) would count
 * what its parent had, too. */
static unsigned long peak_kilobytes(void)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	const char *peak;

	if (file_read(AT_FDCWD, "/proc/self/status", STATUS_MAX_BYTES, &text) < 0)
		return 0;
	peak = strstr(text.data, "VmHWM:");
	return peak ? strtoul(peak + strlen("VmHWM:"), NULL, 10) : 0;
}

static int build(char **args, size_t n_args)
{
	_cleanup_(opened_files_fini) struct opened_files opened = { .n = 0 };
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct symbol_build_report report = { 0 };
	int64_t start_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	const char *out = args[1];
	int r;

	args[1] = args[0];
	r = opened_files_open(&opened, args + 1, n_args - 1);
	if (r == 0)
		r = symbol_file_build(&opened.files, SYMBOL_LINES, &bytes, &report);
	if (r == -ENODATA)
		r = symbol_file_build(&opened.files, SYMBOL_FUNCTIONS, &bytes, &report);
	if (r < 0)
		return r;
	printf("%u functions, %u with lines, %u dropped ranges; lost %u sections, %u units, %u "
	       "split units, %u names; %zu bytes, %.1f ms, %.1f MB\n",
	       report.n_functions, report.n_with_lines, report.n_dropped_ranges,
	       report.losses[SYMBOL_LOSS_SECTION], report.losses[SYMBOL_LOSS_UNIT],
	       report.losses[SYMBOL_LOSS_SPLIT], report.losses[SYMBOL_LOSS_NAME], bytes.size,
	       (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start_ns) / 1e6,
	       (double)peak_kilobytes() / 1e3);
	return write_file(out, &bytes);
}

static int read_addresses(uint64_t **ret_addresses, size_t *ret_n)
{
	size_t capacity = 0;
	uint64_t elf_vaddr;
	int r = 0;

	while (r == 0 && scanf("%" SCNx64, &elf_vaddr) == 1) {
		r = array_reserve((void **)ret_addresses, &capacity, *ret_n + 1, sizeof(elf_vaddr));
		if (r == 0)
			(*ret_addresses)[(*ret_n)++] = elf_vaddr;
	}
	return r;
}

static int glance(char **args, size_t n_args)
{
	_cleanup_(opened_files_fini) struct opened_files opened = { .n = 0 };
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	_cleanup_(freep) uint64_t *file_offs = NULL;
	const char *out = args[1];
	int64_t start_ns;
	size_t n = 0;
	int r = read_addresses(&file_offs, &n);

	args[1] = args[0];
	start_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	if (r == 0)
		r = opened_files_open(&opened, args + 1, n_args - 1);
	if (r == 0)
		r = symbol_glance_build(&opened.files, file_offs, n, &bytes);
	if (r < 0)
		return r;
	printf("%zu bytes, %.2f ms\n", bytes.size,
	       (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start_ns) / 1e6);
	return write_file(out, &bytes);
}

static int list_missing(char **args, size_t n_args)
{
	static const char *const kinds[] = { "debuglink", "alternate", "package", "object" };
	_cleanup_(opened_files_fini) struct opened_files opened = { .n = 0 };
	struct debug_reference references[MAX_MISSING];
	size_t n;
	int r = opened_files_open(&opened, args, n_args);

	if (r < 0)
		return r;
	n = debug_references_read(&opened.files, references, ARRAY_SIZE(references));
	for (size_t i = 0; i < n; i++)
		printf("%s %s%s%s\n", kinds[references[i].kind], references[i].directory,
		       references[i].directory[0] ? "/" : "", references[i].name);
	return 0;
}

static int build_kernel(char **args, size_t n_args)
{
	(void)n_args;
	_cleanup_(buffer_fini) struct buffer text = { 0 }, bytes = { 0 };
	_cleanup_(freep) struct kernel_range *ranges = NULL;
	size_t n_ranges = 0;
	int64_t start_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	int r;

	buffer_prepare(&text, KALLSYMS_USUAL_BYTES);
	r = file_read_fd(STDIN_FILENO, KALLSYMS_MAX_BYTES, &text);

	if (r == 0)
		r = symbol_file_build_kernel(text.data, text.size, &bytes, &ranges, &n_ranges);
	if (r < 0)
		return r;
	printf("%zu bytes, %.1f ms\n", bytes.size,
	       (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start_ns) / 1e6);
	for (size_t i = 0; i < n_ranges; i++)
		printf("%#" PRIx64 " %#" PRIx64 " %s\n", ranges[i].start_addr, ranges[i].end_addr,
		       ranges[i].name);
	return write_file(args[0], &bytes);
}

static int map(const char *path, struct symbol_file **ret_file)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : symbol_file_map(fd, ret_file);
}

static int find(char **args, size_t n_args)
{
	(void)n_args;
	_cleanup_(symbol_file_freep) struct symbol_file *file = NULL;
	struct symbol_frame frames[SYMBOL_MAX_INLINE];
	uint64_t elf_vaddr;
	int r = map(args[0], &file);

	while (r == 0 && scanf("%" SCNx64, &elf_vaddr) == 1) {
		size_t n = symbol_file_find(file, elf_vaddr, frames, ARRAY_SIZE(frames));

		for (size_t i = 0; i < n; i++)
			printf("%s\n%s%s%s:%u\n", frames[i].function, frames[i].directory,
			       frames[i].directory[0] ? "/" : "", frames[i].filename,
			       frames[i].line);
		printf("\n");
	}
	return r;
}

/* Returns the CPU time of all look-ups. */
static int64_t look_up(const struct symbol_file *file, const uint64_t *addresses, size_t n,
		       bool do_demangle)
{
	int64_t start_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	struct symbol_frame frames[SYMBOL_MAX_INLINE];
	char name[DEMANGLE_MAX_BYTES];

	for (size_t i = 0; i < n; i++) {
		size_t n_found = symbol_file_find(file, addresses[i], frames, ARRAY_SIZE(frames));

		for (size_t k = 0; do_demangle && k < n_found; k++)
			demangle(frames[k].function, name);
	}
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start_ns;
}

static int time_look_ups(char **args, size_t n_args)
{
	(void)n_args;
	_cleanup_(symbol_file_freep) struct symbol_file *file = NULL;
	_cleanup_(freep) uint64_t *addresses = NULL;
	size_t n = 0;
	int r = read_addresses(&addresses, &n);

	if (r == 0)
		r = map(args[0], &file);
	if (r < 0 || !n)
		return r;
	printf("%.3f us cold, ", (double)look_up(file, addresses, n, false) / 1e3 / (double)n);
	printf("%.3f us warm, ", (double)look_up(file, addresses, n, false) / 1e3 / (double)n);
	printf("%.3f us demangled\n", (double)look_up(file, addresses, n, true) / 1e3 / (double)n);
	return 0;
}

static const struct command {
	const char *name;
	size_t min_args;
	size_t max_args;
	int (*run)(char **args, size_t n_args);
} commands[] = {
	{ "build", 2, OPENED_FILES_MAX + 1, build },
	{ "glance", 2, OPENED_FILES_MAX + 1, glance },
	{ "missing", 1, OPENED_FILES_MAX, list_missing },
	{ "kernel", 1, 1, build_kernel },
	{ "find", 1, 1, find },
	{ "time", 1, 1, time_look_ups },
};

int main(int argc, char **argv)
{
	size_t n_args = argc > 2 ? (size_t)argc - 2 : 0;
	int r = -EINVAL;

	for (size_t i = 0; n_args && i < ARRAY_SIZE(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0 && n_args >= commands[i].min_args &&
		    n_args <= commands[i].max_args)
			r = commands[i].run(argv + 2, n_args);
	if (r < 0)
		fprintf(stderr, "symbol_tool: %s\n", strerror(-r));
	return r < 0;
}
