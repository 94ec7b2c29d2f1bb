/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/labeler.h"

#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/cgroup_path.h"
#include "profiler/label_set.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* @unit is the service that its unit is, or "". */
static const char *service_of(const struct process_facts *facts, const struct cgroup_path *path,
			      const char *unit)
{
	const char *names[] = {
		path->container, unit, base_name(facts->exe), facts->is_kernel ? "kernel" : "",
		facts->comm,
	};
	size_t i = 0;

	while (i < ARRAY_SIZE(names) - 1 && !*names[i])
		i++;
	return names[i];
}

/* All but what its parent is. */
static int label_alone(const struct process_facts *facts, struct label_set *labels)
{
	char unit[CGROUP_NAME_BYTES];
	struct cgroup_path path;
	int r = 0;

	cgroup_path_parse(facts->cgroup, &path);
	cgroup_unit_service(path.unit, unit);
	const struct label found[] = {
		{ LABEL_COMM, facts->comm },
		{ LABEL_EXE, facts->exe },
		{ LABEL_CGROUP, facts->cgroup },
		{ LABEL_SERVICE, service_of(facts, &path, unit) },
		{ "unit", path.unit },
		{ "slice", path.slice },
		{ "container_id", path.container_id },
		{ "container", path.container },
		{ "container_runtime", path.runtime },
		{ "pod_uid", path.pod_uid },
	};

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(found); i++)
		r = label_set_put(labels, found[i].name, found[i].value);
	return r;
}

int labeler_label(const struct process_facts *facts, struct label_set *ret_labels)
{
	_cleanup_(label_set_fini) struct label_set parent = { 0 };
	int r = label_alone(facts, ret_labels);

	if (r == 0 && facts->parent)
		r = label_alone(facts->parent, &parent);
	if (r == 0)
		r = label_set_put(ret_labels, "parent_service",
				  label_set_get(&parent, LABEL_SERVICE));
	return r;
}
