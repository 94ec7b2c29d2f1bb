/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroup path: any text is parsed; what is found is a part of it, and well-formed. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/cgroup_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = strndup((const char *)data, size);
	char service[CGROUP_NAME_BYTES];
	struct cgroup_path path;

	if (!text)
		return 0;
	cgroup_path_parse(text, &path);
	assert(strstr(text, path.unit) && strstr(text, path.slice));
	assert(strstr(text, path.container_id) && strstr(text, path.container));
	assert(!path.container_id[0] || strlen(path.container_id) == 64);
	assert(strspn(path.pod_uid, "0123456789abcdef-") == strlen(path.pod_uid));
	assert(!strchr(path.unit, '/') && !strchr(path.container, '/'));
	cgroup_unit_service(text, service);
	assert(strlen(service) <= strlen(text));
	return 0;
}
