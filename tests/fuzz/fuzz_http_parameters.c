/* SPDX-License-Identifier: Apache-2.0 */
/* A query string, and each of its values as a time. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "web/moment.h"
#include "web/parameters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *query = strndup((const char *)data, size);
	struct parameters parameters;
	int64_t ns;

	if (!query)
		return 0;
	if (parameters_parse(query, &parameters) == 0) {
		for (size_t i = 0; i < parameters.n_items; i++) {
			const char *value = parameters.items[i].value;

			assert(parameters_get(&parameters, parameters.items[i].name));
			moment_parse(value, 1700000000000000000, &ns);
			if (seconds_parse(value, &ns) == 0)
				assert(ns >= 0);
		}
		parameters_fini(&parameters);
	}
	free(query);
	return 0;
}
