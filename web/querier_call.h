/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Querier call: one question to the querier that a worker is about to answer.
 */

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "profiler/query_budget.h"

struct request;
struct site;

struct querier_call {
	struct request *request; /* answered in the end */
	struct site *site;
	const ProtobufCMessage *question;
	struct query_budget budget; /* of all its queries together */
};

/*
 * Whether the call can go on after a step that returned @r. If that was -errno, the call has failed
 * and is answered.
 */
bool querier_call_goes_on(struct querier_call *call, int r);
