/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Code routes: a function instruction by instruction, and a file of its source.
 *
 *     request → worker: which function, which samples → sampler, resolver: its instructions
 *             → worker: lines and inlined functions of each → JSON
 */

struct request;
struct site;

/* /api/v1/disassembly?build_id=&function=|address=&query=&from=&to= */
void code_begin_disassembly(struct request *request, struct site *site);

/* /api/v1/source?build_id=&file= */
void code_begin_source(struct request *request, struct site *site);
