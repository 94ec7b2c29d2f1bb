/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Past moments: exact times for the samples of the past, as far as history has kept them.
 *
 * The windows say how many samples of a thread (and stack) there were in a second; the moments say
 * when. So nothing is added or lost: what a sum has no moment for stays a sum. So do the older
 * ones, where there are more than a quarter of a query's memory holds, or half of it together with
 * the sums.
 */

#include <stddef.h>
#include <stdint.h>

struct database;
struct past_sample;
struct past_wish;

/*
 * Split each of the *@n_samples sums in *@samples, by the numbers of history, into those of its
 * samples whose times are known, and the rest, if there is one. If @wish is not for PAST_MOMENTS,
 * stacks mean nothing.
 *
 * Returns 0, with another array in *@samples if there is more to say (the old one is freed), or an
 * error of database.h. Damage is counted.
 */
int past_moments_split(struct database *database, const struct past_wish *wish,
		       struct past_sample **samples, size_t *n_samples, uint64_t *n_damaged);
