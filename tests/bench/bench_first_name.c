/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it takes from the order of a file's names, as the sampler gives it, to the first one: the
 * child that reads it, what it sends, and a look-up in that.
 *
 *     bench_first_name ELF [DEBUG]    addresses come from the input: a stack
 *
 * Prints a figure a line, each the median of some rounds:
 *
 *     cpu_ms     CPU time of this process and of the child, until a name was there
 *     wall_ms    time by the clock until then
 *     named      how many of the addresses had one
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/channel.h"
#include "profiler/daemon/build_job.h"
#include "unwind/symbol_file.h"

enum { ROUNDS = 7, WAIT_MS = 10000 };

DEFINE_CLEANUP(struct build_job *, build_job_free)
DEFINE_CLEANUP(struct channel *, channel_free)

struct stack {
	uint64_t vaddrs[BUILD_MAX_PLACES];
	size_t n;
};

struct answer {
	const struct stack *stack;
	size_t n_named;
};

struct figures {
	double cpu_ms[ROUNDS], wall_ms[ROUNDS];
	size_t n_named;
};

static int on_message(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	struct symbol_frame frames[SYMBOL_MAX_INLINE];
	struct answer *answer = context;
	struct symbol_file *symbols;

	if (message->type != MESSAGE_NAMES || answer->n_named ||
	    symbol_file_map(fds[0], &symbols) < 0)
		return 0;
	for (size_t i = 0; i < answer->stack->n; i++)
		answer->n_named += symbol_file_find(symbols, answer->stack->vaddrs[i], frames,
						    ARRAY_SIZE(frames)) > 0;
	symbol_file_free(symbols);
	return 0;
}

/* The addresses of @stack as file offsets. */
static int find_places(const struct stack *stack, int fd, struct message_build *order)
{
	const struct elf_description *description;
	struct elf_file *file;
	int r = elf_file_open(fd, &file);

	if (r < 0)
		return r;
	description = elf_file_describe(file);
	for (size_t i = 0; i < stack->n; i++) {
		for (uint32_t k = 0; k < description->n_segments; k++) {
			const struct elf_segment *segment = &description->segments[k];
			uint64_t off = stack->vaddrs[i] - segment->elf_vaddr;

			if (off < segment->size_bytes && order->n_places < BUILD_MAX_PLACES)
				order->places[order->n_places++] = segment->file_off + off;
		}
	}
	elf_file_free(file);
	return 0;
}

static int make_job(char **paths, const struct stack *stack, struct build_job **ret_job)
{
	_cleanup_(build_job_freep) struct build_job *job = calloc(1, sizeof(*job));
	_cleanup_(closep) int debug_fd = -1;
	int r;

	if (!job)
		return -ENOMEM;
	job->what.kind = BUILD_NAMES;
	job->what.is_urgent = true;
	job->step = BUILD_STEP_FUNCTIONS;
	job->second_fd = -1;
	job->fd = open(paths[0], O_RDONLY | O_CLOEXEC);
	if (job->fd < 0)
		return -errno;
	if (paths[1])
		debug_fd = open(paths[1], O_RDONLY | O_CLOEXEC);
	r = debug_fd < 0 ? 0 : build_job_add_debug_file(job, DEBUG_REFERENCE_LINK, &debug_fd);
	if (r == 0)
		r = find_places(stack, job->fd, &job->what);
	if (r < 0)
		return r;
	*ret_job = steal(job);
	return 0;
}

static int64_t cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static double ms_of(const struct timeval *time)
{
	return (double)time->tv_sec * 1e3 + (double)time->tv_usec / 1e3;
}

/* Run @job until there is a name. */
static int run(struct build_job *job, struct figures *figures, size_t round,
	       const struct stack *stack)
{
	int64_t start_ns = clock_monotonic_ns(), start_cpu_ns = cpu_ns();
	_cleanup_(channel_freep) struct channel *channel = NULL;
	struct answer answer = { .stack = stack };
	struct pollfd readable;
	struct rusage usage;
	int fds[2], r;

	r = channel_pair(fds);
	if (r == 0)
		r = channel_new(fds[0], 1 << 20, &channel);
	if (r == 0)
		r = build_job_start(job, fds[1]);
	close(fds[1]);
	if (r < 0)
		return r;
	readable = (struct pollfd){ .fd = channel_fd(channel), .events = POLLIN };
	while (r == 0 && !answer.n_named && poll(&readable, 1, WAIT_MS) > 0)
		r = channel_receive(channel, on_message, &answer);
	figures->wall_ms[round] = (double)(clock_monotonic_ns() - start_ns) / 1e6;
	kill(job->pid, SIGKILL);
	wait4(job->pid, NULL, 0, &usage);
	figures->cpu_ms[round] = (double)(cpu_ns() - start_cpu_ns) / 1e6 + ms_of(&usage.ru_utime) +
				 ms_of(&usage.ru_stime);
	figures->n_named = answer.n_named;
	return answer.n_named ? 0 : -ENODATA;
}

static int compare_figures(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static double median(double figures[ROUNDS])
{
	qsort(figures, ROUNDS, sizeof(*figures), compare_figures);
	return figures[ROUNDS / 2];
}

int main(int argc, char **argv)
{
	_cleanup_(build_job_freep) struct build_job *job = NULL;
	struct stack stack = { .n = 0 };
	struct figures figures;
	int r = argc == 2 || argc == 3 ? 0 : -EINVAL;

	while (stack.n < ARRAY_SIZE(stack.vaddrs) && scanf("%" SCNx64, &stack.vaddrs[stack.n]) == 1)
		stack.n++;
	/* As the resolver has set it, for a filter of system calls. */
	if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = -errno;
	if (r == 0)
		r = make_job(argv + 1, &stack, &job);
	for (size_t i = 0; r == 0 && i < ROUNDS; i++)
		r = run(job, &figures, i, &stack);
	if (r < 0)
		return 1;
	printf("cpu_ms %.3f\nwall_ms %.3f\nnamed %zu\n", median(figures.cpu_ms),
	       median(figures.wall_ms), figures.n_named);
	return 0;
}
