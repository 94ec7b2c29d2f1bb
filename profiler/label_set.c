/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/label_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/utf8.h"

/* Name and value are one piece of memory, which starts with the name. */
static void label_free(struct label *label)
{
	free((void *)(uintptr_t)label->name);
}

void label_set_fini(struct label_set *set)
{
	for (size_t i = 0; i < set->n_labels; i++)
		label_free(&set->labels[i]);
	*set = (struct label_set){ 0 };
}

const char *label_set_get(const struct label_set *set, const char *name)
{
	return label_find(set->labels, set->n_labels, name);
}

void label_set_remove(struct label_set *set, size_t index)
{
	label_free(&set->labels[index]);
	set->n_labels--;
	memmove(&set->labels[index], &set->labels[index + 1],
		(set->n_labels - index) * sizeof(set->labels[0]));
}

static int label_new(const char *name, const char *value, struct label *ret_label)
{
	size_t name_bytes = utf8_bounded_length(name, LABEL_NAME_MAX_BYTES) + 1;
	size_t value_bytes = utf8_bounded_length(value, LABEL_VALUE_MAX_BYTES) + 1;
	char *text = malloc(name_bytes + value_bytes);

	if (!text)
		return -ENOMEM;
	memcpy(text, name, name_bytes - 1);
	text[name_bytes - 1] = '\0';
	memcpy(text + name_bytes, value, value_bytes - 1);
	text[name_bytes + value_bytes - 1] = '\0';
	utf8_sanitize(text + name_bytes);
	*ret_label = (struct label){ text, text + name_bytes };
	return 0;
}

/* Where @name is, or belongs. */
static size_t find_place(const struct label_set *set, const char *name, bool *ret_is_there)
{
	size_t i = 0;
	int order = 1;

	while (i < set->n_labels && (order = strcmp(set->labels[i].name, name)) < 0)
		i++;
	*ret_is_there = i < set->n_labels && order == 0;
	return i;
}

int label_set_put(struct label_set *set, const char *name, const char *value)
{
	struct label label = { NULL };
	bool is_there;
	size_t i;
	int r;

	r = label_new(name, value, &label);
	if (r < 0)
		return r;
	i = find_place(set, label.name, &is_there);
	if (is_there)
		label_set_remove(set, i);
	if (!*label.value || set->n_labels == LABEL_SET_MAX) {
		set->n_refused += *label.value != '\0';
		label_free(&label);
		return 0;
	}
	memmove(&set->labels[i + 1], &set->labels[i], (set->n_labels - i) * sizeof(set->labels[0]));
	set->labels[i] = label;
	set->n_labels++;
	return 0;
}
