/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pilotlight's unwinder, for a debugger that has a process stopped. It asks by a line of numbers in
 * hexadecimal and is answered by one:
 *
 *     walk_stopped PID
 *     walk PC THREAD_POINTER REGISTER…  the 16 registers in the order of DWARF; the answer is the
 *                                       enum stack_outcome, how many frames were left by a rule
 *                                       before one was not, and PC:SP:FP of each frame
 *     interrupt US                      send SIGINT to the process after so many µs; no answer
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/oracle/stopped_process.h"

enum {
	LINE_BYTES = 1024,
};

static void answer(const struct found_stack *stack)
{
	printf("%x %zx", (unsigned int)stack->outcome, stack->n_by_rule);
	for (size_t i = 0; i < stack->n_frames; i++)
		printf(" %" PRIx64 ":%" PRIx64 ":%" PRIx64, stack->frames[i].pc,
		       stack->frames[i].sp, stack->frames[i].fp);
	printf("\n");
	fflush(stdout);
}

static void walk(struct stopped_process *process, char *numbers)
{
	struct stopped_registers registers;
	static struct found_stack stack;

	registers.pc = strtoull(numbers, &numbers, 16);
	registers.thread_pointer = strtoull(numbers, &numbers, 16);
	for (int i = 0; i < STOPPED_REGISTERS; i++)
		registers.dwarf[i] = strtoull(numbers, &numbers, 16);
	stopped_process_refresh(process);
	stopped_process_walk(process, &registers, &stack);
	answer(&stack);
}

static void interrupt(int pid, const char *delay_us)
{
	usleep((useconds_t)strtoul(delay_us, NULL, 16));
	kill(pid, SIGINT);
}

int main(int argc, char **argv)
{
	struct stopped_process *process;
	char line[LINE_BYTES];
	int pid = argc == 2 ? (int)strtol(argv[1], NULL, 10) : 0;
	int r = stopped_process_open(pid, &process);

	if (r < 0) {
		fprintf(stderr, "walk_stopped: process %d: %s\n", pid, strerror(-r));
		return EXIT_FAILURE;
	}
	while (fgets(line, sizeof(line), stdin)) {
		char *numbers = strchr(line, ' ');

		if (numbers && strncmp(line, "walk ", 5) == 0)
			walk(process, numbers);
		else if (numbers)
			interrupt(pid, numbers);
	}
	stopped_process_free(process);
	return EXIT_SUCCESS;
}
