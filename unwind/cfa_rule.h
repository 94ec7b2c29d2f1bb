/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * CFA rule: what a CFA program says at one place, as a rule of eight bytes.
 *
 * Not everything can be said so. What cannot be is never guessed: the rule becomes one that stops
 * the walk, or, if just the frame pointer is lost, one that says so; and it is counted.
 */

#include <stdbool.h>
#include <stdint.h>

#include "bpf/unwind_table.h"
#include "unwind/cfa_program.h"
#include "unwind/unwind_loss.h"

/* The rule of @state. Counts in @losses, UNWIND_LOSS_COUNT of them, what it cannot say. */
struct unwind_rule cfa_rule_of(const struct cfa_state *state, const struct cfa_form *form,
			       uint32_t *losses);
