/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cleanup: a local variable that frees what it owns when its scope ends.
 *
 *     _cleanup_(buffer_fini) struct buffer text = { 0 };
 *     _cleanup_(closep) int fd = open(...);
 *     *ret_fd = steal_fd(&fd);
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* Defines fn##p, which frees what a pointer points to, for use with _cleanup_. */
#define DEFINE_CLEANUP(type, fn)                                                                   \
	__attribute__((unused)) static inline void fn##p(type *object)                             \
	{                                                                                          \
		if (*object)                                                                       \
			fn(*object);                                                               \
	}

static inline void freep(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

static inline void closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

DEFINE_CLEANUP(FILE *, fclose)
DEFINE_CLEANUP(DIR *, closedir)

/* Returns *@fd, and leaves -1 there: the caller owns it now. */
static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/* The value of the pointer variable @p, which becomes NULL: the caller owns it now. */
#define steal(p)                                                                                   \
	({                                                                                         \
		__typeof__(p) stolen_ = (p);                                                       \
		(p) = NULL;                                                                        \
		stolen_;                                                                           \
	})
