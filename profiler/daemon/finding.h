/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Finding: what a probe of `pilotlight doctor` found out, in one line.
 *
 *     ok    perf event      cpu-cycles
 *     warn  kallsyms        addresses are hidden: frames of the kernel have no names
 *     fail  CAP_BPF         missing: it is needed to load the sampling program
 */

enum verdict {
	VERDICT_OK,
	VERDICT_WARN, /* something is used instead, or is missing from profiles */
	VERDICT_FAIL, /* sampling cannot work */
};

struct finding {
	enum verdict verdict;
	char text[256];
};

/* @format and what follows make one sentence, without its full stop. */
void finding_set(struct finding *finding, enum verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
