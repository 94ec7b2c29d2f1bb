/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *value(const struct querier_type *type, const char *name)
{
	return querier_type_label(type, name)->value;
}

static void have_ids_of_their_parts(void **state)
{
	char id[256];

	(void)state;
	for (size_t i = 0; i < QUERIER_TYPE_COUNT; i++) {
		const struct querier_type *type = &querier_types[i];

		snprintf(id, sizeof(id), "%s:%s:%s:%s:%s", value(type, "__name__"),
			 value(type, "__type__"), value(type, "__unit__"),
			 value(type, "__period_type__"), value(type, "__period_unit__"));
		assert_string_equal(value(type, "__profile_type__"), id);
	}
}

static void have_labels_in_the_order_of_their_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < QUERIER_TYPE_COUNT; i++) {
		const struct label *labels = querier_types[i].labels;

		for (size_t k = 1; k < TYPE_LABEL_COUNT; k++)
			assert_true(strcmp(labels[k - 1].name, labels[k].name) < 0);
	}
	assert_null(querier_type_label(&querier_types[0], "comm"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(have_ids_of_their_parts),
		cmocka_unit_test(have_labels_in_the_order_of_their_names),
	};

	return cmocka_run_group_tests_name("profile types", tests, NULL, NULL);
}
