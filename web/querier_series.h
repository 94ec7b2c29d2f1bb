/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Querier series: questions to the querier about samples by their labels: which there are, and how
 * many in each step of time.
 */

struct querier_call;

void querier_series(struct querier_call *call);
void querier_select_series(struct querier_call *call);
