/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Querier asker: questions to the querier, in JSON, without a socket between.
 */

#include <jansson.h>

struct store;

/* What @method answers to @question, in which ' stands for "; *@ret_code is the status. Owned by
 * the caller: json_decref(). */
json_t *querier_ask(struct store *store, unsigned int *ret_code, const char *method,
		    const char *question);

/* Expect that the answer is @expected, in which ' stands for ". */
void querier_expect(struct store *store, const char *method, const char *question,
		    const char *expected);

/* Expect that it is the error @code, with a message in which @word is. */
void querier_expect_error(struct store *store, const char *method, const char *question,
			  const char *code, const char *word);
