/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sampler: the role that holds the privileges, and the parent of the others. It reads the ring and
 * passes on what it says; it opens files and never reads them.
 */

#include <stdbool.h>
#include <stdint.h>

struct labeling;
struct options;
struct sampler;

struct sampler_setup {
	const struct options *options; /* borrowed */
	char *const *args;             /* this program's: handed on to the roles; borrowed */
	int listen_fd;                 /* for the server, or −1; borrowed */
	bool selects_processes;        /* only those of sampler_select() */
};

/*
 * Load the kernel half, start the roles, begin to sample, and give up what privileges are not
 * needed any more. What fails is logged as a sentence.
 *
 * Returns 0 and sets *@ret_sampler (owned by the caller), or -errno.
 */
int sampler_new(const struct sampler_setup *setup, struct sampler **ret_sampler);

/* Ends the roles. Accepts NULL. Always returns NULL. */
struct sampler *sampler_free(struct sampler *sampler);

/* Follow the process @pid, and those that it will start. Returns 0 or -errno. */
int sampler_select(struct sampler *sampler, uint32_t pid);

/* The loop that everything runs on. Borrowed: lives as long as @sampler. */
struct loop *sampler_loop(const struct sampler *sampler);

/* Read options anew: the rate may have changed. */
int sampler_set_frequency(struct sampler *sampler, unsigned int frequency_hz);

/* Have the server do from now on what @labeling says (copied). Returns 0 or -errno. */
int sampler_set_labeling(struct sampler *sampler, const struct labeling *labeling);

/*
 * Stop sampling, and see to it that all samples taken are stored, within a few seconds. Logs what
 * is missing then.
 */
void sampler_finish(struct sampler *sampler);

/* Wait until the resolver has read all files, at most @wait_ms, or until sampler_hurry(). Returns
 * how many are left. */
uint32_t sampler_await_names(struct sampler *sampler, int wait_ms);

/* Names are not waited for any more. To be called from within the loop. */
void sampler_hurry(struct sampler *sampler);

/*
 * Have the server write all that was sampled to @fd, by the encoder of that name.
 *
 * Returns 0 and sets *@ret_n_samples, or -errno: what the server met, -ECONNRESET if it has ended,
 * or -ETIMEDOUT.
 */
int sampler_encode(struct sampler *sampler, const char *encoder, int fd, uint64_t *ret_n_samples);

/* Samples that are in the store, as far as the server has said. */
uint64_t sampler_stored_count(const struct sampler *sampler);
