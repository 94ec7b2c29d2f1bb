/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Victim: a program with a stack of so many frames, which works at its leaf. Built with frame
 * pointers, so that the kernel can walk it too.
 *
 *     victim N_FRAMES [CPU_SECONDS [KIB]]
 *
 * Its work reads and writes KIB of memory, in no order. At its end it prints how many rounds of it
 * were done in a second of CPU time.
 */

#include <stdint.h>
#include <stdio.h>

#include "tests/fixtures/cpu_clock.h"

enum {
	ENTRY_FRAMES = 5, /* _start, the C library's two, main, and the leaf */
	ROUND_STEPS = 1000,
	BURST = 300, /* calls of pass() in a row */
};

#define BURST_EACH_S 0.05

struct work {
	double cpu_seconds;
	uint32_t *memory;
	uint32_t n_words; /* a power of two */
	uint32_t position;
	uint64_t n_rounds;
};

/* What a benchmark probes: nothing happens here. */
static FIXTURE_NOINLINE void pass(volatile long *n)
{
	(*n)++;
}

static void do_round(struct work *work)
{
	for (int i = 0; i < ROUND_STEPS; i++) {
		work->position = work->position * 1664525 + 1013904223;
		work->memory[work->position >> 7 & (work->n_words - 1)] += work->position;
	}
}

static FIXTURE_NOINLINE long work_on(struct work *work)
{
	double burst_s = cpu_clock_seconds(), now_s = burst_s;
	volatile long n_passed = 0;

	while (now_s < work->cpu_seconds) {
		for (int i = 0; i < 100; i++)
			do_round(work);
		work->n_rounds += 100;
		now_s = cpu_clock_seconds();
		if (now_s - burst_s < BURST_EACH_S)
			continue;
		for (int i = 0; i < BURST; i++)
			pass(&n_passed);
		burst_s = now_s;
	}
	return n_passed;
}

static long call_next(struct work *work, int n_frames);

/* Functions of their own, with frames of several sizes: a stack of one function would always need
 * the same rule. Only a macro makes many of them. */
#define DEFINE_CALLER(name, bytes)                                                                 \
	static FIXTURE_NOINLINE long name(struct work *work, int n_frames)                         \
	{                                                                                          \
		volatile char room[bytes];                                                         \
                                                                                                   \
		room[0] = (char)n_frames;                                                          \
		return call_next(work, n_frames - 1) + room[0];                                    \
	}

DEFINE_CALLER(call_in_16, 16)
DEFINE_CALLER(call_in_24, 24)
DEFINE_CALLER(call_in_40, 40)
DEFINE_CALLER(call_in_48, 48)
DEFINE_CALLER(call_in_72, 72)
DEFINE_CALLER(call_in_96, 96)
DEFINE_CALLER(call_in_152, 152)
DEFINE_CALLER(call_in_200, 200)

static inline __attribute__((always_inline)) long call_next(struct work *work, int n_frames)
{
	static long (*const callers[])(struct work *, int) = {
		call_in_16, call_in_24, call_in_40,  call_in_48,
		call_in_72, call_in_96, call_in_152, call_in_200,
	};

	return n_frames > 0 ? callers[n_frames & 7](work, n_frames) : work_on(work);
}

int main(int argc, char **argv)
{
	static struct work work;
	uint32_t kib = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1024;

	if (argc < 2)
		return 1;
	work.cpu_seconds = cpu_clock_budget(argv[2]);
	work.n_words = kib * 256;
	work.memory = calloc(work.n_words, sizeof(*work.memory));
	if (!work.memory)
		return 1;
	call_next(&work, (int)strtol(argv[1], NULL, 10) - ENTRY_FRAMES);
	printf("%.3f\n", (double)work.n_rounds / cpu_clock_seconds());
	free(work.memory);
	return 0;
}
