/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/service_table.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/utf8.h"

void service_table_fini(struct service_table *table)
{
	for (uint32_t i = 1; i < table->counts.n_services; i++)
		free((void *)(uintptr_t)table->counts.services[i].name);
	*table = (struct service_table){ 0 };
}

static uint32_t hash_name(const char *name)
{
	uint32_t hash = 0x811c9dc5;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x01000193; /* FNV-1a */
	return hash;
}

static uint32_t add(struct service_table *table, const char *name, uint32_t hash)
{
	struct service_counts *counts = &table->counts;
	char *copy = counts->n_services <= SERVICE_MAX ? strdup(name) : NULL;

	if (!copy) {
		counts->n_refused++;
		return 0;
	}
	utf8_sanitize(copy);
	counts->services[counts->n_services].name = copy;
	table->hashes[counts->n_services] = hash;
	return counts->n_services++;
}

uint32_t service_table_get(struct service_table *table, const char *name)
{
	struct service_counts *counts = &table->counts;
	uint32_t hash = hash_name(name);

	if (!counts->n_services) {
		counts->services[0].name = SERVICE_OTHER;
		table->hashes[0] = hash_name(SERVICE_OTHER);
		counts->n_services = 1;
	}
	if (!*name)
		return 0;
	for (uint32_t i = 0; i < counts->n_services; i++)
		if (table->hashes[i] == hash && !strcmp(counts->services[i].name, name))
			return i;
	return add(table, name, hash);
}

void service_table_add(struct service_table *table, uint32_t number, uint64_t cpu_ns)
{
	table->counts.services[number].cpu_ns += cpu_ns;
}
