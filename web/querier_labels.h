/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Querier labels: questions to the querier about what there is to be selected.
 */

struct querier_call;

void querier_profile_types(struct querier_call *call);
void querier_label_names(struct querier_call *call);
void querier_label_values(struct querier_call *call);
void querier_get_profile_stats(struct querier_call *call);
