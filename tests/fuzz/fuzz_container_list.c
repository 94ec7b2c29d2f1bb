/* SPDX-License-Identifier: Apache-2.0 */
/* Container list: whatever JSON says, the records that come of it are such as are taken. */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/container_list.h"
#include "profiler/container_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

DEFINE_CLEANUP(struct container_table *, container_table_free)

enum { TABLE_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(container_table_freep) struct container_table *table = NULL;
	_cleanup_(buffer_fini) struct buffer records = { .limit = CONTAINER_RECORDS_MAX_BYTES };
	_cleanup_(freep) char *json = malloc(size + 1);
	struct container_list_report report;
	struct container_table_status status;

	if (!json || container_table_new(TABLE_BYTES, &table) < 0)
		return 0;
	memcpy(json, data, size);
	json[size] = '\0';
	if (container_list_parse(json, size, &records, &report) < 0)
		return 0;
	assert(container_table_take(table, records.data, records.size) != -EBADMSG);
	container_table_get_status(table, &status);
	assert(status.n_pods <= report.n_pods && status.n_containers <= report.n_containers);
	return 0;
}
