/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pilotlight's unwinder, beside a stack that is known without any table: a program is run one
 * instruction at a time from its very first one, and each call that it makes is written down, with
 * the frame pointer that the caller had, until it has returned.
 *
 *     walk_stepped MAX_STEPS PROGRAM [ARGUMENT…]
 *
 * At each instruction, but only so often at the same one, the stack is walked and must be the one
 * that was written down; if it is about to be left for a landing pad, so far as that leaves of it,
 * and the landing pad is where it then goes. Prints how many steps, walks and landings there were,
 * and a line for each place where a walk was wrong: how often, the place, and what was wrong.
 *
 * Neither threads nor children nor signals are followed: a signal ends it.
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/status.h"
#include "tests/oracle/stopped_process.h"

enum {
	MAX_CALLS = 2048,
	MAX_FAULTS = 256,
	MAX_VISITS = 4, /* walks from one place; in a loop all are alike, but before a landing */
	VISIT_COUNTS = 1 << 20, /* places that share one are walked from less often */
};

struct call {
	uint64_t return_pc;
	uint64_t sp; /* where the return address is */
	uint64_t fp; /* of the caller */
};

/* Where a frame was left in a wrong way. */
struct fault {
	uint64_t pc;
	uint64_t count;
	const char *what;
	enum stack_outcome outcome;
};

struct stepped {
	int pid;
	struct stopped_process *process;
	struct stopped_registers now;
	struct found_stack found;
	struct call calls[MAX_CALLS];
	size_t n_calls;
	uint8_t visits[VISIT_COUNTS];
	struct fault faults[MAX_FAULTS];
	size_t n_faults;
	struct found_frame landing; /* the frame that is about to be entered; pc 0: none */
	uint64_t landing_step;      /* when that was found */
	uint64_t n_steps, n_walks, n_landings;
};

static void read_registers(struct stepped *stepped)
{
	struct user_regs_struct from;
	struct stopped_registers *to = &stepped->now;

	if (ptrace(PTRACE_GETREGS, stepped->pid, NULL, &from) < 0)
		return;
	*to = (struct stopped_registers){
		.pc = from.rip,
		.thread_pointer = from.fs_base,
		.dwarf = { from.rax, from.rdx, from.rcx, from.rbx, from.rsi, from.rdi, from.rbp,
			   from.rsp, from.r8, from.r9, from.r10, from.r11, from.r12, from.r13,
			   from.r14, from.r15 },
	};
}

static uint64_t sp_of(const struct stopped_registers *registers)
{
	return registers->dwarf[7];
}

static uint64_t fp_of(const struct stopped_registers *registers)
{
	return registers->dwarf[6];
}

static bool is_prefix(uint8_t byte)
{
	return byte == 0x66 || byte == 0x67 || byte == 0xf2 || byte == 0xf3 || byte == 0x3e ||
	       (byte & 0xf0) == 0x40; /* REX */
}

/* Is an instruction that begins with these bytes a call? */
static bool is_call(uint64_t word)
{
	uint8_t bytes[sizeof(word)];
	size_t i = 0;

	memcpy(bytes, &word, sizeof(word));
	while (i < 4 && is_prefix(bytes[i]))
		i++;
	return bytes[i] == 0xe8 || (bytes[i] == 0xff && (bytes[i + 1] >> 3 & 7) == 2);
}

static bool is_system_call(uint64_t word)
{
	return (uint16_t)word == 0x050f;
}

/* What the instruction at @before, which begins with @word, did to the calls. */
static void follow(struct stepped *stepped, const struct stopped_registers *before, uint64_t word)
{
	uint64_t sp = sp_of(&stepped->now);

	while (stepped->n_calls && stepped->calls[stepped->n_calls - 1].sp < sp)
		stepped->n_calls--;
	if (is_call(word) && stepped->n_calls < MAX_CALLS)
		stepped->calls[stepped->n_calls++] =
			(struct call){ stopped_process_word(stepped->process, sp), sp,
				       fp_of(before) };
	if (is_system_call(word))
		stopped_process_refresh(stepped->process);
}

/* What is wrong with a caller's frame, or NULL. */
static const char *fault_of_frame(const struct found_frame *frame, const struct call *call)
{
	if (frame->pc != call->return_pc && !frame->lands)
		return "it returns elsewhere";
	if (frame->sp != call->sp + 8)
		return "its stack pointer is another";
	return frame->fp == call->fp ? NULL : "its frame pointer is another";
}

/* What is wrong with the end of the stack that was found, or NULL. */
static const char *fault_of_end(const struct found_stack *found, bool has_callers)
{
	if (found->n_frames == STOPPED_MAX_FRAMES)
		return NULL;
	if (found->outcome != STACK_WHOLE)
		return "it is cut";
	return has_callers ? "it has another end" : NULL;
}

/* What is wrong with the stack that was found, or NULL; and the frame that was left so. */
static const char *fault_of_stack(const struct stepped *stepped, const struct found_frame **ret_at)
{
	const struct found_stack *found = &stepped->found;
	const struct call *calls = stepped->calls;
	size_t n = stepped->n_calls;
	const char *what;

	for (size_t i = 1; i < found->n_frames; i++) {
		const struct found_frame *frame = &found->frames[i];

		*ret_at = frame - 1;
		if (frame->lands && frame->sp == frame[-1].sp)
			continue; /* at its last instruction it has left the frames between */
		while (frame->lands && n && calls[n - 1].sp + 8 < frame->sp)
			n--;
		if (n == 0)
			return "it has another end";
		what = fault_of_frame(frame, &calls[--n]);
		if (what)
			return what;
	}
	*ret_at = &found->frames[found->n_frames - 1];
	return fault_of_end(found, n > 0);
}

static const struct found_frame *find_landing(const struct found_stack *found)
{
	for (size_t i = 1; i < found->n_frames; i++)
		if (found->frames[i].lands)
			return &found->frames[i];
	return NULL;
}

/* Was it on the way to a landing pad one step ago? */
static bool is_landing(const struct stepped *stepped)
{
	return stepped->landing.pc && stepped->landing_step + 1 == stepped->n_steps;
}

/* What is wrong with where it has landed, if it has, or NULL. */
static const char *fault_of_landing(struct stepped *stepped)
{
	const struct found_frame *next = find_landing(&stepped->found);
	const struct found_frame due = stepped->landing;
	const struct found_frame *now = &stepped->found.frames[0];
	bool is_there = is_landing(stepped) && !next;

	stepped->landing = next ? *next : (struct found_frame){ 0 };
	stepped->landing_step = stepped->n_steps;
	stepped->n_landings += is_there;
	if (!is_there || (now->pc == due.pc && now->sp == due.sp && now->fp == due.fp))
		return NULL;
	return "it lands elsewhere";
}

static void note_fault(struct stepped *stepped, uint64_t pc, const char *what)
{
	struct fault *fault = stepped->faults;
	size_t i;

	for (i = 0; i < stepped->n_faults; i++, fault++)
		if (fault->pc == pc && fault->what == what)
			break;
	if (i == MAX_FAULTS)
		return;
	stepped->n_faults += i == stepped->n_faults;
	*fault = (struct fault){ pc, fault->count + 1, what, stepped->found.outcome };
}

static void compare(struct stepped *stepped)
{
	uint8_t *visits =
		&stepped->visits[(stepped->now.pc ^ stepped->now.pc >> 20) % VISIT_COUNTS];
	const struct found_frame *at;
	const char *what;

	if (*visits == MAX_VISITS && !is_landing(stepped))
		return;
	*visits += *visits < MAX_VISITS;
	stepped->n_walks++;
	stopped_process_walk(stepped->process, &stepped->now, &stepped->found);
	what = fault_of_stack(stepped, &at);
	if (what)
		note_fault(stepped, at->pc, what);
	what = fault_of_landing(stepped);
	if (what)
		note_fault(stepped, stepped->now.pc, what);
}

/* Returns whether it is still there. */
static bool step(struct stepped *stepped)
{
	int status;

	if (ptrace(PTRACE_SINGLESTEP, stepped->pid, NULL, NULL) < 0 ||
	    waitpid(stepped->pid, &status, 0) < 0)
		return false;
	return WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP;
}

static void run(struct stepped *stepped, uint64_t max_steps)
{
	read_registers(stepped);
	while (stepped->n_steps < max_steps) {
		struct stopped_registers before = stepped->now;
		uint64_t word = stopped_process_word(stepped->process, before.pc);

		compare(stepped);
		if (!step(stepped))
			break;
		stepped->n_steps++;
		read_registers(stepped);
		follow(stepped, &before, word);
	}
}

static void report(const struct stepped *stepped)
{
	printf("%" PRIu64 " steps, %" PRIu64 " walks, %" PRIu64 " landings\n", stepped->n_steps,
	       stepped->n_walks, stepped->n_landings);
	for (size_t i = 0; i < stepped->n_faults; i++) {
		const struct fault *fault = &stepped->faults[i];

		printf("%" PRIu64 " ", fault->count);
		stopped_process_print_place(stepped->process, fault->pc);
		printf(": %s (%s)\n", fault->what, stack_outcome_names[fault->outcome]);
	}
}

static int start(char **command)
{
	int pid = fork(), status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execv(command[0], command);
		_exit(EXIT_FAILURE);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		return -1;
	ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_EXITKILL);
	return pid;
}

/* Let this and the program run on the CPU where this is: it is much the fastest. */
static void stay_here(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	sched_setaffinity(0, sizeof(here), &here);
}

int main(int argc, char **argv)
{
	static struct stepped stepped;
	int r;

	if (argc < 3)
		return EXIT_FAILURE;
	stay_here();
	stepped.pid = start(argv + 2);
	r = stepped.pid < 0 ? -ECHILD : stopped_process_open(stepped.pid, &stepped.process);
	if (r < 0) {
		fprintf(stderr, "walk_stepped: %s: %s\n", argv[2], strerror(-r));
		return EXIT_FAILURE;
	}
	run(&stepped, strtoull(argv[1], NULL, 10));
	report(&stepped);
	stopped_process_free(stepped.process);
	return EXIT_SUCCESS;
}
