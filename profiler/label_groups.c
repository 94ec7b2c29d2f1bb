/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A group is known by a text that no other group has: its labels, each with the lengths of both its
 * texts before them. A string table gives such texts dense numbers, from 1 on.
 */
#include "profiler/label_groups.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/arena.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"

struct label_groups {
	const char *const *names;
	size_t n_names;
	struct string_table *keys;
	struct label_group *groups;
	size_t capacity;
	struct arena arena; /* of the groups' labels */
	struct buffer key;  /* scratch */
};

DEFINE_CLEANUP(struct label_groups *, label_groups_free)

int label_groups_new(const char *const *names, size_t n_names, struct label_groups **ret_groups)
{
	_cleanup_(label_groups_freep) struct label_groups *groups = calloc(1, sizeof(*groups));
	int r;

	if (!groups)
		return -ENOMEM;
	groups->names = names;
	groups->n_names = n_names;
	r = string_table_new(&groups->keys);
	if (r < 0)
		return r;
	*ret_groups = steal(groups);
	return 0;
}

struct label_groups *label_groups_free(struct label_groups *groups)
{
	if (!groups)
		return NULL;
	string_table_free(groups->keys);
	free(groups->groups);
	arena_fini(&groups->arena);
	buffer_fini(&groups->key);
	free(groups);
	return NULL;
}

static bool is_kept(const struct label_groups *groups, const struct label *label)
{
	if (!*label->value)
		return false;
	if (groups->n_names == LABEL_GROUPS_BY_ALL)
		return true;
	for (size_t i = 0; i < groups->n_names; i++) {
		if (!strcmp(groups->names[i], label->name))
			return true;
	}
	return false;
}

/* Leaves the key of a group in groups->key. */
static int make_key(struct label_groups *groups, const struct label *labels, size_t n_labels)
{
	struct buffer *key = &groups->key;

	key->size = 0;
	buffer_append_char(key, '{'); /* the empty text is number 0 already */
	for (size_t i = 0; i < n_labels; i++) {
		if (is_kept(groups, &labels[i]))
			buffer_printf(key, "%zu:%s%zu:%s", strlen(labels[i].name), labels[i].name,
				      strlen(labels[i].value), labels[i].value);
	}
	return buffer_error(key);
}

static int add_group(struct label_groups *groups, size_t number, const struct label *labels,
		     size_t n_labels)
{
	struct label *kept;
	size_t n_kept = 0;
	int r;

	r = array_reserve((void **)&groups->groups, &groups->capacity, number + 1,
			  sizeof(*groups->groups));
	if (r < 0)
		return r;
	kept = arena_alloc(&groups->arena, (n_labels + 1) * sizeof(*kept));
	for (size_t i = 0; kept && i < n_labels; i++) {
		if (!is_kept(groups, &labels[i]))
			continue;
		kept[n_kept].name = arena_copy_text(&groups->arena, labels[i].name);
		kept[n_kept].value = arena_copy_text(&groups->arena, labels[i].value);
		if (!kept[n_kept].name || !kept[n_kept].value)
			return -ENOMEM;
		n_kept++;
	}
	if (!kept)
		return -ENOMEM;
	groups->groups[number] = (struct label_group){ kept, n_kept };
	return 0;
}

int label_groups_add(struct label_groups *groups, const struct label *labels, size_t n_labels,
		     uint32_t *ret_group)
{
	size_t n_before = label_groups_count(groups);
	uint32_t string;
	int r;

	r = make_key(groups, labels, n_labels);
	if (r < 0)
		return r;
	r = string_table_add_n(groups->keys, groups->key.data, groups->key.size, &string);
	if (r == 0 && string > n_before)
		r = add_group(groups, n_before, labels, n_labels);
	if (r == 0)
		*ret_group = string - 1;
	return r;
}

size_t label_groups_count(const struct label_groups *groups)
{
	return string_table_count(groups->keys) - 1;
}

const struct label_group *label_groups_get(const struct label_groups *groups, uint32_t group)
{
	return &groups->groups[group];
}

const char *label_group_value(const struct label_group *group, const char *name)
{
	return label_find(group->labels, group->n_labels, name);
}

size_t label_groups_bytes(const struct label_groups *groups)
{
	return string_table_bytes(groups->keys) + groups->arena.bytes +
	       groups->capacity * sizeof(*groups->groups);
}
