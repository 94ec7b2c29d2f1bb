/* SPDX-License-Identifier: Apache-2.0 */
/* Container table: records may be anything, for the resolver may have been taken over; what is
 * taken is found, and is text. The input is read twice: what is there already is replaced, or
 * stays. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/cgroup_path.h"
#include "profiler/container_list.h"
#include "profiler/container_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

DEFINE_CLEANUP(struct container_table *, container_table_free)

enum { TABLE_BYTES = 64 << 10 };

/* Touch all that is known of the one container. */
static void find(struct container_table *table)
{
	struct container_facts facts;
	struct cgroup_path path;

	cgroup_path_parse("/kubepods/pod7d4424e6-bb13-42f4-a47a-45a4828bf54d/"
			  "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970",
			  &path);
	if (!container_table_find(table, &path, &facts))
		return;
	assert(strlen(facts.container) <= CONTAINER_NAME_MAX_BYTES);
	assert(strlen(facts.pod) <= CONTAINER_NAME_MAX_BYTES);
	assert(facts.n_labels <= POD_MAX_LABELS);
	for (size_t i = 0; i < facts.n_labels; i++) {
		assert(label_name_is_valid(facts.labels[i].name));
		assert(strlen(facts.labels[i].value) <= POD_LABELS_MAX_BYTES);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(container_table_freep) struct container_table *table = NULL;
	uint64_t change;
	int r;

	if (container_table_new(TABLE_BYTES, &table) < 0)
		return 0;
	r = container_table_take(table, (const char *)data, size);
	find(table);
	change = container_table_change(table);
	assert(container_table_take(table, (const char *)data, size) == r);
	find(table);
	assert(change <= container_table_change(table));
	return 0;
}
