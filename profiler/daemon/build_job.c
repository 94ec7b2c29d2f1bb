/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/build_job.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/base/memory_file.h"
#include "profiler/channel.h"
#include "profiler/container_list.h"
#include "profiler/daemon/sandbox.h"
#include "unwind/debug_reference.h"
#include "unwind/disassembly.h"
#include "unwind/elf_file.h"
#include "unwind/kernel_slide.h"
#include "unwind/symbol_file_build.h"
#include "unwind/symbol_file_jit.h"
#include "unwind/symbol_glance.h"
#include "unwind/unwind_table.h"
#include "unwind/unwind_table_build.h"

enum {
	SYMBOL_FILE_MAX_BYTES = 256 << 20,
	KALLSYMS_MAX_BYTES = 64 << 20,
	KALLSYMS_USUAL_BYTES = 6 << 20,
	SECTIONS_MAX_BYTES = 64 << 10,
	/* Niceness of a child for whom nobody waits, and of one that may take minutes. */
	LOW_PRIORITY = 5,
	LOWEST_PRIORITY = 10,
};

/* Lines of less are read in a moment. */
#define MOMENT_BYTES (4ULL << 20)

DEFINE_CLEANUP(struct elf_file *, elf_file_free)
DEFINE_CLEANUP(struct channel *, channel_free)

/* A sealed memory file with those bytes: whoever maps it knows that it cannot shrink. */
static int make_memfd(const void *bytes, size_t size)
{
	_cleanup_(closep) int fd = memfd_create("findings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = file_write_fd(fd, bytes, size);
	if (r == 0)
		r = memory_file_seal(fd);
	return r < 0 ? r : steal_fd(&fd);
}

/* Send everything, however long the other side takes: a child has nothing else to do. */
static int send_all(struct channel *channel)
{
	int r;

	while ((r = channel_flush(channel)) == -EAGAIN) {
		struct pollfd writable = { .fd = channel_fd(channel), .events = POLLOUT };

		poll(&writable, 1, -1);
	}
	return r;
}

static int send_names(struct channel *channel, const struct build_job *job, enum names_state state,
		      const struct buffer *symbols, const struct symbol_build_report *report)
{
	struct message_names names = { .file = job->what.file, .state = state };
	_cleanup_(closep) int fd = make_memfd(symbols->data, symbols->size);
	int r;

	if (fd < 0)
		return fd;
	memcpy(names.losses, report->losses, sizeof(names.losses));
	r = channel_send_fds(channel, MESSAGE_NAMES, &names, sizeof(names), (int[]){ fd, -1 });
	return r < 0 ? r : send_all(channel);
}

static int send_description(struct channel *channel, const struct build_job *job,
			    const struct elf_file *elf)
{
	struct message_description message = {
		.file = job->what.file,
		.description = *elf_file_describe(elf),
	};
	int r = channel_send(channel, MESSAGE_DESCRIPTION, &message, sizeof(message));

	return r < 0 ? r : send_all(channel);
}

/* That a file has none is told, too, for samples wait. */
static int build_table(struct channel *channel, const struct build_job *job, struct elf_file *elf)
{
	struct message_table message = { .file = job->what.file };
	_cleanup_(buffer_fini) struct buffer table = { .limit = UNWIND_TABLE_MAX_BYTES };
	_cleanup_(closep) int fd = -1;
	struct unwind_table_report report;
	int outcome, r;

	outcome = unwind_table_build(elf, &table, &report);
	memcpy(message.losses, report.losses, sizeof(message.losses));
	if (outcome == 0)
		fd = make_memfd(table.data, table.size);
	r = channel_send_fds(channel, MESSAGE_TABLE, &message, sizeof(message),
			     (int[]){ fd < 0 ? -1 : fd, -1 });
	if (r == 0)
		r = send_all(channel);
	return r < 0 ? r : outcome;
}

/* Ask for what is missing among @files. Returns 0 if there is nothing, -EAGAIN if there is, or
 * -errno. */
static int ask_for_files(struct channel *channel, const struct build_job *job,
			 const struct debug_files *files)
{
	_cleanup_(freep) struct debug_reference *references =
		calloc(BUILD_MAX_DEBUG_FILES, sizeof(*references));
	size_t n;
	int r = references ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	n = debug_references_read(files, references, BUILD_MAX_DEBUG_FILES - job->n_debug_files);
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct message_debug_reference message = {
			.file = job->what.file,
			.is_last = i + 1 == n,
			.reference = references[i],
		};

		r = channel_send(channel, MESSAGE_DEBUG_REFERENCE, &message, sizeof(message));
		if (r == 0)
			r = send_all(channel);
	}
	return r == 0 && n ? -EAGAIN : r;
}

/* What samples wait for, before the rest. If there is none of it, that will come, too. */
static int build_first_names(struct channel *channel, const struct build_job *job,
			     const struct debug_files *files)
{
	_cleanup_(buffer_fini) struct buffer symbols = { .limit = SYMBOL_FILE_MAX_BYTES };
	const struct symbol_build_report no_losses = { .n_functions = 0 };
	const struct message_build *what = &job->what;

	if (!what->n_places ||
	    symbol_glance_build(files, what->places, what->n_places, &symbols) < 0)
		return 0;
	return send_names(channel, job, NAMES_PENDING, &symbols, &no_losses);
}

static int build_names(struct channel *channel, const struct build_job *job, struct elf_file *elf)
{
	_cleanup_(buffer_fini) struct buffer symbols = { .limit = SYMBOL_FILE_MAX_BYTES };
	_cleanup_(debug_file_set_fini) struct debug_file_set set = { 0 };
	const bool has_lines = job->step == BUILD_STEP_LINES;
	struct symbol_build_report report;
	int r = debug_file_set_init(&set, elf, job->debug_files, job->n_debug_files);

	if (r == 0 && has_lines && job->may_ask)
		r = ask_for_files(channel, job, &set.files);
	if (r == 0 && !has_lines)
		r = build_first_names(channel, job, &set.files);
	if (r == 0)
		r = symbol_file_build(&set.files, has_lines ? SYMBOL_LINES : SYMBOL_FUNCTIONS,
				      &symbols, &report);
	if (r < 0)
		return r;
	return send_names(channel, job, has_lines ? NAMES_LINES : NAMES_FUNCTIONS, &symbols,
			  &report);
}

static int build_elf(struct channel *channel, const struct build_job *job)
{
	_cleanup_(elf_file_freep) struct elf_file *elf = NULL;
	int r = elf_file_open(job->fd, &elf);

	if (r < 0)
		return r;
	if (job->step == BUILD_STEP_TABLE)
		return build_table(channel, job, elf);
	if (job->step == BUILD_STEP_FUNCTIONS)
		r = send_description(channel, job, elf);
	return r < 0 ? r : build_names(channel, job, elf);
}

/* Where there is none, the names are as good without the kernel's own file. */
static void find_slide(const struct build_job *job, const struct buffer *kallsyms,
		       struct message_kernel_names *names)
{
	_cleanup_(elf_file_freep) struct elf_file *vmlinux = NULL;

	if (job->second_fd >= 0 && elf_file_open(job->second_fd, &vmlinux) == 0)
		names->has_slide = kernel_slide_find(kallsyms->data, kallsyms->size, vmlinux,
						     &names->slide) == 0;
}

static int build_kernel(struct channel *channel, const struct build_job *job)
{
	_cleanup_(buffer_fini) struct buffer symbols = { .limit = SYMBOL_FILE_MAX_BYTES };
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	_cleanup_(freep) struct kernel_range *ranges = NULL;
	_cleanup_(closep) int symbols_fd = -1;
	_cleanup_(closep) int ranges_fd = -1;
	struct message_kernel_names names = { 0 };
	size_t n_ranges;
	int r;

	buffer_prepare(&text, KALLSYMS_USUAL_BYTES);
	r = file_read_fd(job->fd, KALLSYMS_MAX_BYTES, &text);
	if (r < 0)
		return r;
	r = symbol_file_build_kernel(text.data, text.size, &symbols, &ranges, &n_ranges);
	if (r < 0)
		return r;
	symbols_fd = make_memfd(symbols.data, symbols.size);
	ranges_fd = make_memfd(ranges, n_ranges * sizeof(*ranges));
	if (symbols_fd < 0 || ranges_fd < 0)
		return -ENOMEM;
	find_slide(job, &text, &names);
	r = channel_send_fds(channel, MESSAGE_KERNEL_NAMES, &names, sizeof(names),
			     (int[]){ symbols_fd, ranges_fd });
	return r < 0 ? r : send_all(channel);
}

static int build_module(struct channel *channel, const struct build_job *job)
{
	_cleanup_(buffer_fini) struct buffer sections = { 0 };
	_cleanup_(elf_file_freep) struct elf_file *elf = NULL;
	struct message_module message = { .file = job->what.file };
	size_t n = 0;
	int r = elf_file_open(job->fd, &elf);

	if (r == 0)
		r = file_read_fd(job->second_fd, SECTIONS_MAX_BYTES, &sections);
	if (r == 0)
		r = module_places_find(elf, sections.data, sections.size, message.places, &n);
	if (r < 0)
		return r;
	message.n_places = (uint32_t)n;
	r = channel_send(channel, MESSAGE_MODULE, &message, sizeof(message));
	return r < 0 ? r : send_all(channel);
}

/* What was met is told even if there are no names. */
static int build_jit(struct channel *channel, const struct build_job *job)
{
	_cleanup_(buffer_fini) struct buffer symbols = { .limit = SYMBOL_FILE_MAX_BYTES };
	const struct symbol_build_report no_losses = { .n_functions = 0 };
	struct message_jit_read message = { .file = job->what.file };
	const int fds[] = { job->fd, job->second_fd };
	int outcome, r;

	outcome = symbol_file_build_jit(fds, job->second_fd < 0 ? 1 : 2, &symbols, &message.report);
	r = channel_send(channel, MESSAGE_JIT_READ, &message, sizeof(message));
	if (r == 0 && outcome == 0)
		r = send_names(channel, job, NAMES_FUNCTIONS, &symbols, &no_losses);
	else if (r == 0)
		r = send_all(channel);
	return r < 0 ? r : outcome;
}

static int build_containers(struct channel *channel, const struct build_job *job)
{
	_cleanup_(buffer_fini) struct buffer records = { .limit = CONTAINER_RECORDS_MAX_BYTES };
	_cleanup_(buffer_fini) struct buffer json = { 0 };
	struct message_containers message = { .report = { 0 } };
	_cleanup_(closep) int fd = -1;
	int r = file_read_fd(job->fd, CONTAINER_LIST_MAX_BYTES, &json);

	if (r == 0)
		r = container_list_parse(json.data, json.size, &records, &message.report);
	if (r < 0)
		return r;
	fd = make_memfd(records.data, records.size);
	if (fd < 0)
		return fd;
	r = channel_send_fds(channel, MESSAGE_CONTAINERS, &message, sizeof(message),
			     (int[]){ fd, -1 });
	return r < 0 ? r : send_all(channel);
}

/* Whoever asked is told, also of what went wrong. */
static int build_code(struct channel *channel, const struct build_job *job)
{
	const struct code_range range = { job->code.start_vaddr, job->code.end_vaddr };
	_cleanup_(buffer_fini) struct buffer lines = { .limit = SYMBOL_FILE_MAX_BYTES };
	struct message_reply reply = { .ticket = job->code.ticket };
	_cleanup_(elf_file_freep) struct elf_file *elf = NULL;
	_cleanup_(closep) int fd = -1;
	int r;

	reply.result = elf_file_open(job->fd, &elf);
	if (reply.result == 0)
		reply.result = disassembly_append(elf, range, &lines);
	if (reply.result == 0)
		fd = make_memfd(lines.data, lines.size);
	if (reply.result == 0 && fd < 0)
		reply.result = fd;
	r = channel_send_fds(channel, MESSAGE_REPLY, &reply, sizeof(reply),
			     (int[]){ fd < 0 ? -1 : fd, -1 });
	return r < 0 ? r : send_all(channel);
}

/* The exit status says what came of it: an enum build_outcome, or BUILD_WANTS_FILES. */
static unsigned int outcome_of_error(int error)
{
	switch (error) {
	case 0:
		return BUILD_OK;
	case -EAGAIN:
		return BUILD_WANTS_FILES;
	case -ENODATA:
		return BUILD_NO_NAMES;
	case -ENOMEM:
		return BUILD_NO_MEMORY;
	case -EFBIG:
		return BUILD_TOO_LARGE;
	default:
		return BUILD_DAMAGED;
	}
}

static int priority_of(const struct build_job *job)
{
	switch (job->step) {
	case BUILD_STEP_TABLE:
	case BUILD_STEP_FUNCTIONS:
		return job->what.is_urgent ? 0 : LOW_PRIORITY;
	case BUILD_STEP_LINES:
		return job->read_bytes > MOMENT_BYTES ? LOWEST_PRIORITY : LOW_PRIORITY;
	default: /* somebody has asked for code */
		return 0;
	}
}

static int limit_child(const struct build_job *job)
{
	const struct rlimit memory = { BUILD_MEMORY_BYTES, BUILD_MEMORY_BYTES };
	const rlim_t cpu_seconds = build_budget_seconds(job->step, job->read_bytes);
	const struct rlimit seconds = { cpu_seconds, cpu_seconds };

	/* Nobody else would end it, if the resolver were killed. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	if (setrlimit(RLIMIT_DATA, &memory) < 0 || setrlimit(RLIMIT_CPU, &seconds) < 0)
		return -errno;
	/* It is refused if the whole daemon has less already. */
	if (priority_of(job))
		(void)setpriority(PRIO_PROCESS, 0, priority_of(job));
	return sandbox_filter(FILTER_BUILD);
}

static int run_child(const struct build_job *job, int channel_fd)
{
	_cleanup_(channel_freep) struct channel *channel = NULL;
	int r;

	r = channel_new(channel_fd, 2 * MESSAGE_MAX_PACKET_BYTES, &channel);
	if (r == 0)
		r = limit_child(job);
	if (r < 0)
		return r;
	if (job->step == BUILD_STEP_CODE)
		return build_code(channel, job);
	if (job->what.kind == BUILD_KERNEL)
		return build_kernel(channel, job);
	if (job->what.kind == BUILD_MODULE)
		return build_module(channel, job);
	if (job->what.kind == BUILD_CONTAINERS)
		return build_containers(channel, job);
	return job->what.kind == BUILD_JIT ? build_jit(channel, job) : build_elf(channel, job);
}

int build_job_start(struct build_job *job, int channel_fd)
{
	job->cpu_ns = 0;
	job->advanced_ns = job->start_ns;
	job->is_answered = false;
	job->n_files_before = job->n_debug_files;
	job->pid = fork();
	if (job->pid == 0)
		_exit((int)outcome_of_error(run_child(job, channel_fd)));
	return job->pid < 0 ? -errno : 0;
}

static uint64_t cpu_ns_of(pid_t pid)
{
	struct timespec time = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0)
		(void)clock_gettime(clock, &time);
	return (uint64_t)(time.tv_sec * NS_PER_SECOND + time.tv_nsec);
}

bool build_job_is_overdue(struct build_job *job, int64_t now_ns)
{
	uint64_t cpu_ns = cpu_ns_of(job->pid);

	if (cpu_ns > job->cpu_ns) {
		job->cpu_ns = cpu_ns;
		job->advanced_ns = now_ns;
	}
	return now_ns - job->start_ns > BUILD_WALL_NS || now_ns - job->advanced_ns > BUILD_IDLE_NS;
}

unsigned int build_job_outcome(const struct build_job *job, int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGXCPU ? BUILD_TIMED_OUT
										  : BUILD_CRASHED;
	if (WEXITSTATUS(status) == BUILD_WANTS_FILES && job->may_ask)
		return BUILD_WANTS_FILES;
	if (WEXITSTATUS(status) >= BUILD_OUTCOME_COUNT)
		return BUILD_CRASHED;
	return (unsigned int)WEXITSTATUS(status);
}

void build_job_ask(struct build_job *job, const struct message_code *code)
{
	job->code = *code;
	job->step = BUILD_STEP_CODE;
	job->what = (struct message_build){
		.file = code->file,
		.user = code->user,
		.device = code->device,
		.n_bytes = code->n_bytes,
	};
	job->read_bytes = code->n_bytes;
}

int build_job_add_debug_file(struct build_job *job, uint32_t kind, int *fd)
{
	int r;

	if (job->n_debug_files == BUILD_MAX_DEBUG_FILES)
		return 0;
	r = array_reserve((void **)&job->debug_files, &job->capacity, job->n_debug_files + 1,
			  sizeof(*job->debug_files));
	if (r < 0)
		return r;
	job->debug_files[job->n_debug_files++] = (struct debug_offer){ kind, steal_fd(fd) };
	return 0;
}

struct build_job *build_job_free(struct build_job *job)
{
	if (!job)
		return NULL;
	for (size_t i = 0; i < job->n_debug_files; i++)
		close(job->debug_files[i].fd);
	free(job->debug_files);
	closep(&job->fd);
	closep(&job->second_fd);
	free(job);
	return NULL;
}
