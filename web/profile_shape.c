/* SPDX-License-Identifier: Apache-2.0 */
#include "web/profile_shape.h"

#include <errno.h>
#include <string.h>

#include "profiler/pattern.h"
#include "profiler/profile.h"
#include "profiler/profile_group.h"
#include "web/request.h"

#define PATTERN_MAX_BYTES 4096

static bool get_pattern(struct request *request, const char *name, struct pattern **ret_pattern)
{
	const char *value = request_get(request, name);
	char error[PATTERN_ERROR_BYTES];
	int r;

	if (!value || !*value)
		return true;
	if (strnlen(value, PATTERN_MAX_BYTES + 1) > PATTERN_MAX_BYTES) {
		answer_fail(&request->answer, 400, "parameter %s has more than %d bytes", name,
			    PATTERN_MAX_BYTES);
		return false;
	}
	r = pattern_new_anywhere(value, ret_pattern, error);
	if (r == -EINVAL)
		answer_fail(&request->answer, 400, "parameter %s is a bad regular expression (%s)",
			    name, error);
	else if (r < 0)
		answer_fail_busy(&request->answer, "out of memory");
	return r == 0;
}

bool profile_shape_get(struct request *request, struct profile_shape *ret_shape)
{
	struct profile_shape shape = { 0 };

	if (get_pattern(request, "focus", &shape.filter.focus) &&
	    get_pattern(request, "ignore", &shape.filter.ignore) &&
	    get_pattern(request, "hide", &shape.filter.hide) &&
	    get_pattern(request, "show", &shape.filter.show) &&
	    label_names_get(request, &shape.by)) {
		*ret_shape = shape;
		return true;
	}
	profile_shape_fini(&shape);
	return false;
}

void profile_shape_fini(struct profile_shape *shape)
{
	pattern_free(shape->filter.focus);
	pattern_free(shape->filter.ignore);
	pattern_free(shape->filter.hide);
	pattern_free(shape->filter.show);
	label_names_fini(&shape->by);
	*shape = (struct profile_shape){ 0 };
}

static void replace(struct profile **profile, struct profile *other)
{
	profile_free(*profile);
	*profile = other;
}

int profile_shape_apply(const struct profile_shape *shape, struct query_budget *budget,
			struct profile **profile)
{
	struct profile *made;
	int r;

	if (!profile_filter_is_empty(&shape->filter)) {
		r = profile_filter_apply(&shape->filter, *profile, budget, &made);
		if (r < 0)
			return r;
		replace(profile, made);
	}
	if (shape->by.n_names) {
		r = profile_group(*profile, shape->by.names, shape->by.n_names, budget, &made);
		if (r < 0)
			return r;
		replace(profile, made);
	}
	return 0;
}
