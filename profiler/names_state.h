/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names state: how far the resolver has come with a file.
 */

/* How far the names of a file have come: `pilotlight_frames_total{names}`. */
enum names_state {
	NAMES_NONE,      /* there is no file: unmapped pcs, and code of a JIT that says nothing */
	NAMES_PENDING,   /* the resolver has not answered yet, or has had but a glance at it */
	NAMES_FUNCTIONS, /* functions from symbol tables; lines may follow */
	NAMES_LINES,     /* lines and inlined functions too */
	NAMES_FAILED,    /* the file has no names, or could not be read */
	NAMES_STATE_COUNT,
};
