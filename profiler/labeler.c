/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/labeler.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/cgroup_path.h"
#include "profiler/container_facts.h"
#include "profiler/label_set.h"
#include "profiler/labeling.h"

struct labeler {
	struct labeling labeling;
	struct label_rules *rules;
	struct labeler_status status;
};

DEFINE_CLEANUP(struct label_rules *, label_rules_free)

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* @unit is the service that its unit is, or "". */
static const char *service_of(const struct process_facts *facts, const char *container,
			      const char *unit)
{
	const char *names[] = {
		container,   unit, base_name(facts->exe), facts->is_kernel ? "kernel" : "",
		facts->comm,
	};
	size_t i = 0;

	while (i < ARRAY_SIZE(names) - 1 && !*names[i])
		i++;
	return names[i];
}

static int put_all(struct label_set *labels, const struct label *added, size_t n_added)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_added; i++)
		r = label_set_put(labels, added[i].name, added[i].value);
	return r;
}

/* What /proc says, and whoever runs containers, but for what the parent is. */
static int put_found(const struct process_facts *facts, struct label_set *labels)
{
	static const struct container_facts nothing = { "", "", "", NULL, 0 };
	const struct container_facts *told = facts->container ? facts->container : &nothing;
	char unit[CGROUP_NAME_BYTES], pid[16];
	struct cgroup_path path;
	const char *container;
	int r;

	cgroup_path_parse(facts->cgroup, &path);
	container = *path.container ? path.container : told->container;
	cgroup_unit_service(path.unit, unit);
	snprintf(pid, sizeof(pid), "%" PRIu32, facts->pid);
	const struct label found[] = {
		{ LABEL_PID, facts->pid ? pid : "" },
		{ LABEL_COMM, facts->comm },
		{ LABEL_EXE, facts->exe },
		{ LABEL_CGROUP, facts->cgroup },
		{ LABEL_SERVICE, service_of(facts, container, unit) },
		{ "unit", path.unit },
		{ "slice", path.slice },
		{ "container_id", path.container_id },
		{ "container", container },
		{ "container_runtime", path.runtime },
		{ "pod_uid", path.pod_uid },
		{ "pod", told->pod },
		{ "namespace", told->namespace },
	};

	r = put_all(labels, found, ARRAY_SIZE(found));
	return r < 0 ? r : put_all(labels, told->labels, told->n_labels);
}

/* Those that rules have for themselves, or that only a sample can tell. */
static void remove_foreign(struct label_set *labels)
{
	for (size_t i = labels->n_labels; i-- > 0;) {
		const char *name = labels->labels[i].name;

		if (!strncmp(name, "__", 2) || !strcmp(name, LABEL_THREAD) ||
		    !strcmp(name, LABEL_TID))
			label_set_remove(labels, i);
	}
}

/* Returns 0, 1 or -ENOMEM, as labeler_label(). */
static int label_one(struct labeler *labeler, const struct process_facts *facts,
		     const char *parent_service, struct label_set *labels)
{
	const struct label_set *statics = &labeler->labeling.labels;
	int r = put_found(facts, labels);

	if (r == 0)
		r = label_set_put(labels, "parent_service", parent_service);
	if (r == 0)
		r = put_all(labels, statics->labels, statics->n_labels);
	if (r == 0 && labeler->rules)
		r = label_rules_run(labeler->rules, labels);
	remove_foreign(labels);
	labeler->status.n_refused += labels->n_refused;
	return r;
}

int labeler_label(struct labeler *labeler, const struct process_facts *facts,
		  struct label_set *ret_labels)
{
	_cleanup_(label_set_fini) struct label_set parent = { 0 };
	int r = 0;

	if (facts->parent)
		r = label_one(labeler, facts->parent, "", &parent);
	if (r < 0)
		return r;
	return label_one(labeler, facts, label_set_get(&parent, LABEL_SERVICE), ret_labels);
}

int labeler_new(struct labeler **ret_labeler)
{
	*ret_labeler = calloc(1, sizeof(**ret_labeler));
	return *ret_labeler ? 0 : -ENOMEM;
}

struct labeler *labeler_free(struct labeler *labeler)
{
	if (!labeler)
		return NULL;
	labeling_fini(&labeler->labeling);
	label_rules_free(labeler->rules);
	free(labeler);
	return NULL;
}

int labeler_configure(struct labeler *labeler, struct labeling *labeling)
{
	_cleanup_(label_rules_freep) struct label_rules *rules = NULL;
	char error[LABEL_RULES_ERROR_BYTES];
	const struct labeling_rule *bad;
	int r = labeling_compile(labeling, &rules, &bad, error);

	if (r < 0)
		return r;
	if (labeler->rules)
		labeler->status.n_limited += label_rules_limited_count(labeler->rules);
	labeling_fini(&labeler->labeling);
	label_rules_free(labeler->rules);
	labeler->labeling = *labeling;
	labeler->rules = steal(rules);
	*labeling = (struct labeling){ 0 };
	return 0;
}

struct labeler_status labeler_get_status(const struct labeler *labeler)
{
	struct labeler_status status = labeler->status;

	if (labeler->rules)
		status.n_limited += label_rules_limited_count(labeler->rules);
	return status;
}
