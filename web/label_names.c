/* SPDX-License-Identifier: Apache-2.0 */
#include "web/label_names.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/label.h"
#include "web/request.h"

static bool take_names(struct label_names *names)
{
	char *name, *rest = names->text;

	while ((name = strsep(&rest, ","))) {
		if (names->n_names == LABEL_NAMES_MAX || !label_name_is_valid(name))
			return false;
		names->names[names->n_names++] = name;
	}
	return true;
}

bool label_names_get(struct request *request, struct label_names *ret_names)
{
	const char *value = request_get(request, "by");
	struct label_names names = { 0 };

	if (value && *value) {
		names.text = strdup(value);
		if (!names.text) {
			answer_fail_busy(&request->answer, "out of memory");
			return false;
		}
		if (!take_names(&names)) {
			label_names_fini(&names);
			answer_fail_parameter(&request->answer, "by", value,
					      "up to 8 names of labels, with commas between them");
			return false;
		}
	}
	*ret_names = names;
	return true;
}

void label_names_fini(struct label_names *names)
{
	free(names->text);
	*names = (struct label_names){ 0 };
}
