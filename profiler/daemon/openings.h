/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Openings: files are looked for and opened where strangers decide, by threads that may hang.
 *
 *     openings_run ──► thread: open(2), on a file system whose server is gone, perhaps
 *          ◄── a descriptor, or -ETIMEDOUT after a tenth of a second: it is left to its thread
 *
 * So whoever asks goes on. A place where a thread hangs is not opened again until it is back, nor
 * any of a user for whom two hang, however many places he makes: there are some left for others.
 * When as many hang as there may be, none is.
 */

#include <stdint.h>

#include "profiler/status.h"

struct openings;

struct opening {
	/* Open it, by a thread. Returns a descriptor or -errno. */
	int (*open)(struct opening *opening);
	void (*free)(struct opening *opening);
	uint64_t place; /* those of one place hang together */
	uint32_t user;  /* who may have made it hang */
};

/* Returns 0 and sets *@ret_openings (owned by the caller), or -ENOMEM. */
int openings_new(struct openings **ret_openings);

/* Threads that hang, and what they need, are left to the end of the process. Accepts NULL. Always
 * returns NULL. */
struct openings *openings_free(struct openings *openings);

/*
 * Have *@opening done. Without @openings, NULL, it is done at once, however long that takes.
 *
 * Returns what its open() returns; -EBUSY if it was refused, -EAGAIN if there is no thread; or
 * -ETIMEDOUT: then it is not the caller's any more, and *@opening NULL.
 */
int openings_run(struct openings *openings, struct opening **opening);

void openings_get_status(const struct openings *openings, struct openings_status *ret_status);
