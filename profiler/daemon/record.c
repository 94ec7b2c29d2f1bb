/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "export/encoder.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/daemon/log.h"
#include "profiler/daemon/loop.h"
#include "profiler/daemon/options.h"
#include "profiler/daemon/program.h"
#include "profiler/daemon/sampler.h"

enum {
	PROGRESS_INTERVAL_MS = 250,
	NAMES_WAIT_MS = 30000, /* for files that are still being read at the end */
};

struct recording {
	const struct options *options;
	struct sampler *sampler;
	struct program program;
	int output_fd;
	int pid_fd; /* of the process that -p names, or −1 */
	int64_t start_ns;
	bool is_output_vain; /* made by us, and nothing written yet: it goes away again */
	bool shows_progress;
	bool is_over; /* what follows is to name and to write */
};

DEFINE_CLEANUP(struct sampler *, sampler_free)

static void show_progress(const struct recording *recording)
{
	double seconds = (double)(clock_monotonic_ns() - recording->start_ns) / NS_PER_SECOND;

	if (recording->shows_progress)
		fprintf(stderr, "\r\033[K%s: %.1f s, %" PRIu64 " samples",
			recording->is_over ? "reading names" : "recording", seconds,
			sampler_stored_count(recording->sampler));
}

static int on_progress_timer(void *context)
{
	struct recording *recording = context;
	int64_t duration_ns = recording->options->duration_ns;

	show_progress(recording);
	if (duration_ns && clock_monotonic_ns() - recording->start_ns >= duration_ns)
		loop_quit(sampler_loop(recording->sampler));
	return 0;
}

static int on_end(void *context)
{
	struct recording *recording = context;

	loop_quit(sampler_loop(recording->sampler));
	return 0;
}

/* The process whose end is the recording's: a descriptor of it, or −1. */
static int watched_pid_fd(const struct recording *recording)
{
	return recording->options->program ? recording->program.pid_fd : recording->pid_fd;
}

/* Its descriptor stays readable from now on, and would keep the loop from ever waiting. */
static int on_process_end(void *context)
{
	struct recording *recording = context;

	loop_remove_fd(sampler_loop(recording->sampler), watched_pid_fd(recording));
	return on_end(recording);
}

/* Ctrl-C reaches the command too; we write what there is, and at a second one, with the names that
 * there are. A closed terminal likewise. */
static int on_signal(void *context, int signal)
{
	struct recording *recording = context;

	(void)signal;
	if (recording->is_over)
		sampler_hurry(recording->sampler);
	return on_end(recording);
}

/* What ends the recording: signals, the time, and the end of what is recorded. */
static int add_ends(struct recording *recording)
{
	const int signals[] = { SIGINT, SIGTERM, SIGHUP, 0 };
	struct loop *loop = sampler_loop(recording->sampler);
	int pid_fd = watched_pid_fd(recording);
	int r;

	r = loop_add_signals(loop, signals, on_signal, recording);
	if (r == 0)
		r = loop_add_timer(loop, PROGRESS_INTERVAL_MS, on_progress_timer, recording);
	if (r == 0 && pid_fd >= 0)
		r = loop_add_fd(loop, pid_fd, EPOLLIN, on_process_end, recording);
	return r;
}

/* A file that is there already keeps what is in it until there is something better. */
static int open_output(struct recording *recording)
{
	const char *path = recording->options->output;
	const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY;
	int fd = open(path, flags | O_EXCL, 0666);

	recording->is_output_vain = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(path, flags, 0666);
	if (fd < 0) {
		log_line("cannot write %s: %s", path, strerror(errno));
		return -errno;
	}
	recording->output_fd = fd;
	return 0;
}

/* Everything that can be wrong with what was asked for, before anything is started. */
static int check(struct recording *recording)
{
	const struct options *options = recording->options;
	int r;

	if (options->pid) {
		recording->pid_fd = (int)syscall(SYS_pidfd_open, options->pid, 0);
		if (recording->pid_fd < 0) {
			log_line("cannot record process %d: %s", options->pid, strerror(errno));
			return -errno;
		}
	}
	r = open_output(recording);
	if (r < 0 || !options->program)
		return r;
	r = program_prepare(options->program, &recording->program);
	if (r < 0)
		log_line("cannot start %s: %s", options->program[0], strerror(-r));
	return r;
}

static int start(struct recording *recording, char *const args[])
{
	const struct options *options = recording->options;
	const struct sampler_setup setup = {
		.options = options,
		.args = args,
		.listen_fd = -1,
		.selects_processes = options->pid || options->program,
	};
	int r;

	r = sampler_new(&setup, &recording->sampler);
	if (r == 0 && options->pid)
		r = sampler_select(recording->sampler, (uint32_t)options->pid);
	if (r == 0 && options->program)
		r = sampler_select(recording->sampler, (uint32_t)recording->program.pid);
	if (r == 0)
		r = add_ends(recording);
	recording->start_ns = clock_monotonic_ns();
	return r;
}

static int empty_output(const struct recording *recording)
{
	if (ftruncate(recording->output_fd, 0) < 0 && errno != EINVAL) /* EINVAL: is no file */
		return -errno;
	return 0;
}

/* Whoever stored samples may not have them any more. */
static void tell_written(const struct recording *recording, uint64_t n_samples)
{
	uint64_t n_stored = sampler_stored_count(recording->sampler);

	log_line("%" PRIu64 " samples in %s", n_samples, recording->options->output);
	if (n_stored > n_samples)
		log_line("%" PRIu64 " more are missing: they did not fit into --memory, or ended "
			 "with a server",
			 n_stored - n_samples);
}

static const char *complaint(int error)
{
	if (error == -ECONNRESET)
		return "the server, which had the samples, has ended";
	if (error == -ETIMEDOUT)
		return "the server does not answer";
	return strerror(-error);
}

static int write_profile(struct recording *recording)
{
	const struct options *options = recording->options;
	uint64_t n_samples;
	uint32_t n_left;
	int r;

	recording->is_over = true;
	show_progress(recording);
	sampler_finish(recording->sampler);
	n_left = sampler_await_names(recording->sampler, NAMES_WAIT_MS);
	if (recording->shows_progress)
		fputs("\r\033[K", stderr);
	if (n_left)
		log_line("%" PRIu32 " files were not read in time; their functions have no lines",
			 n_left);
	r = empty_output(recording);
	if (r == 0)
		r = sampler_encode(recording->sampler, encoder_find_by_path(options->output)->name,
				   recording->output_fd, &n_samples);
	if (r < 0)
		log_line("cannot write %s: %s", options->output, complaint(r));
	else
		tell_written(recording, n_samples);
	recording->is_output_vain &= r < 0;
	return r;
}

/* Run what is to be recorded until something ends it. Returns an exit status. */
static int record(struct recording *recording)
{
	bool runs_program = recording->options->program != NULL;
	int r;

	if (runs_program) {
		r = program_go(&recording->program);
		if (r < 0) {
			log_line("cannot run %s: %s", recording->options->program[0], strerror(-r));
			return program_exit_status_of_error(r);
		}
	}
	r = loop_run(sampler_loop(recording->sampler));
	if (r == 0)
		r = write_profile(recording);
	if (r < 0)
		return 1;
	return runs_program ? program_wait(&recording->program) : 0;
}

int record_main(const struct options *options, char *const args[])
{
	struct recording recording = {
		.options = options,
		.output_fd = -1,
		.pid_fd = -1,
		.shows_progress = isatty(STDERR_FILENO),
	};
	int status = 1;

	if (check(&recording) == 0 && start(&recording, args) == 0)
		status = record(&recording);
	sampler_free(recording.sampler);
	program_fini(&recording.program);
	if (recording.is_output_vain)
		unlink(options->output);
	closep(&recording.output_fd);
	closep(&recording.pid_fd);
	return status;
}
