/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/label.h"

#include <string.h>

const char *label_find(const struct label *labels, size_t n_labels, const char *name)
{
	for (size_t i = 0; i < n_labels; i++)
		if (!strcmp(labels[i].name, name))
			return labels[i].value;
	return "";
}

bool label_name_is_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char letters_digits[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	return *name && strchr(letters, *name) && !name[strspn(name, letters_digits)];
}
