/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Service table: the CPU time of each service, ever. It only counts up, and forgets none.
 *
 * The first SERVICE_MAX names have a number of their own; all others, and processes without a
 * service, share number 0, "other".
 */

#include <stddef.h>
#include <stdint.h>

#define SERVICE_MAX   500
#define SERVICE_OTHER "other"

struct service {
	const char *name; /* valid UTF-8 */
	uint64_t cpu_ns;
};

/* Copied by value. The names live as long as the table. */
struct service_counts {
	struct service services[SERVICE_MAX + 1];
	uint32_t n_services;
	uint64_t n_refused; /* processes whose service is one of those beyond the bound */
};

struct service_table {
	struct service_counts counts;
	uint32_t hashes[SERVICE_MAX + 1];
};

/* Works on a zeroed struct, which is an empty table. */
void service_table_fini(struct service_table *table);

/* The number of the service @name; out of memory, or beyond the bound, that of "other". */
uint32_t service_table_get(struct service_table *table, const char *name);

/* Count. @number came from service_table_get(). */
void service_table_add(struct service_table *table, uint32_t number, uint64_t cpu_ns);
