/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Querier flames: questions to the querier that are answered with stacks.
 */

struct querier_call;

void querier_select_merge_stacktraces(struct querier_call *call);
void querier_select_merge_profile(struct querier_call *call);
void querier_diff(struct querier_call *call);
