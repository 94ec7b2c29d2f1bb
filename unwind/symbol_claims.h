/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol claims: functions claim addresses; in the end, each address is one function's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A function, of which the encoded pieces are kept elsewhere. */
struct symbol_claim {
	uint64_t start_vaddr;
	uint64_t end_vaddr;
	uint32_t first_piece; /* unique, in the order of adding */
	uint32_t n_pieces;    /* 0: it has no more than a name */
	uint32_t name;
	uint32_t n_inlines;
	bool has_lines;
};

struct symbol_claims {
	struct symbol_claim *claims;
	size_t n;
	size_t capacity;
};

/* Works on a zeroed struct. */
void symbol_claims_fini(struct symbol_claims *claims);

/* Append @claim (copied). Returns 0 or -ENOMEM. */
int symbol_claims_add(struct symbol_claims *claims, const struct symbol_claim *claim);

/*
 * Leave every address to one function of @functions, or else of @fillers, which must not overlap
 * each other: sorted by address in @functions. Of two functions that start at the same address,
 * the one with more inlined functions stays, then the first; else the later start ends the earlier
 * one. A filler that loses its start has no more than its name.
 *
 * Returns 0 and adds to *@n_dropped how many functions were dropped or cut, or -ENOMEM.
 */
int symbol_claims_settle(struct symbol_claims *functions, struct symbol_claims *fillers,
			 uint32_t *n_dropped);
