/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Status reader: the sampler's half of the status, from where it is counted.
 */

struct container_describer;
struct describer;
struct kernel_half;
struct sampler_status;
struct table_cache;
struct table_store;

/* All is borrowed. */
struct status_sources {
	const struct kernel_half *half;
	const struct table_store *tables;
	const struct table_cache *cache;
	const struct describer *describer;
	const struct container_describer *containers;
};

/*
 * Fill in what samples and ticks there are, and what was done for them; the rest stays. Call it
 * when the samples were sent: the server must never know of more samples than of ticks. Returns 0,
 * or what the kernel says.
 */
int status_reader_read(const struct status_sources *sources, struct sampler_status *status);
