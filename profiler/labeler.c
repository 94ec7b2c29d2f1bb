/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/labeler.h"

#include <string.h>

#include "profiler/base/array.h"
#include "profiler/label_set.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Of a process without a program, as a kernel thread, the name it goes by. */
static const char *service_of(const struct process_facts *facts)
{
	const char *name = base_name(facts->exe);

	return *name ? name : facts->comm;
}

int labeler_label(const struct process_facts *facts, struct label_set *ret_labels)
{
	const struct label labels[] = {
		{ LABEL_COMM, facts->comm },
		{ LABEL_EXE, facts->exe },
		{ LABEL_CGROUP, facts->cgroup },
		{ LABEL_SERVICE, service_of(facts) },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(labels); i++)
		r = label_set_put(ret_labels, labels[i].name, labels[i].value);
	return r;
}
