/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Known profile: built by hand, for tests of what is made of profiles. Each test folder's files say
 * what is expected.
 */

#include <stdint.h>

struct profile;

/*
 * Two processes, "api" and "evil;\n"; native, inlined, kernel and JIT frames; a name that is no
 * UTF-8; a sample of nothing; a sample without a stack. 61 samples of 10 ms. Owned by the caller;
 * failures end the program.
 */
struct profile *known_profile_new(void);

/* As above, with its samples one by one: a tick every 10 ms, from 10 ms on, of CPUs 0 and 1 by
 * turns; the samples take turns, too, until they have no more ticks. */
struct profile *known_profile_new_timed(void);

/* @n_samples of one count each, in stacks of @depth frames that share their upper halves. */
struct profile *known_profile_new_large(uint32_t n_samples, uint32_t depth);
