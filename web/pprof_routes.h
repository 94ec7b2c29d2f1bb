/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pprof routes: what `go tool pprof` and scrapers ask of a Go program, for the whole host.
 */

struct request;
struct site;

/* GET /debug/pprof: to the index. */
void pprof_begin_redirect(struct request *request, struct site *site);

/* GET /debug/pprof/: HTML with links. */
void pprof_begin_index(struct request *request, struct site *site);

/*
 * GET /debug/pprof/profile?seconds=30: what happens from now on for so long; with past=1, what
 * happened; with query={…}, a selection.
 */
void pprof_begin_profile(struct request *request, struct site *site);

/* GET /debug/pprof/cmdline: our command line, words ended by NUL. */
void pprof_begin_cmdline(struct request *request, struct site *site);

/* GET, POST /debug/pprof/symbol: "0xADDR+0xADDR" as query or body → "0xADDR name" a line. */
void pprof_begin_symbol(struct request *request, struct site *site);

/* GET /debug/pprof/NAME */
void pprof_begin_other(struct request *request, struct site *site);
