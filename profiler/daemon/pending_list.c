/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/pending_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct entry *next;
	int64_t since_ns;
	bool was_tried;
	struct pending_record record; /* last: its frames follow */
};

struct pending_list {
	struct entry *first;
	struct entry **end;
	size_t n_records;
	size_t max_records;
	int64_t wait_ns;
};

int pending_list_new(size_t max_records, int64_t wait_ns, struct pending_list **ret_list)
{
	struct pending_list *list = calloc(1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	list->end = &list->first;
	list->max_records = max_records;
	list->wait_ns = wait_ns;
	*ret_list = list;
	return 0;
}

/* Take out what *@link leads to. */
static void remove_entry(struct pending_list *list, struct entry **link)
{
	struct entry *entry = *link;

	*link = entry->next;
	if (list->end == &entry->next)
		list->end = link;
	list->n_records--;
	free(entry);
}

struct pending_list *pending_list_free(struct pending_list *list)
{
	if (!list)
		return NULL;
	while (list->first)
		remove_entry(list, &list->first);
	free(list);
	return NULL;
}

int pending_list_add(struct pending_list *list, const struct pending_record *record, size_t size,
		     int64_t now_ns)
{
	struct entry *entry;

	if (list->n_records == list->max_records)
		return -ENOSPC;
	entry = malloc(offsetof(struct entry, record) + size);
	if (!entry)
		return -ENOMEM;
	entry->next = NULL;
	entry->since_ns = now_ns;
	entry->was_tried = false;
	memcpy(&entry->record, record, size);
	*list->end = entry;
	list->end = &entry->next;
	list->n_records++;
	return 0;
}

void pending_list_run(struct pending_list *list, int64_t now_ns, bool is_news,
		      pending_list_try try_record, void *context)
{
	struct entry **link = &list->first;

	while (*link) {
		struct entry *entry = *link;
		bool is_last_try = now_ns - entry->since_ns >= list->wait_ns;
		bool is_tried = is_news || is_last_try || !entry->was_tried;

		entry->was_tried = true;
		if ((is_tried && try_record(context, &entry->record, is_last_try)) || is_last_try)
			remove_entry(list, link);
		else
			link = &entry->next;
	}
}

size_t pending_list_count(const struct pending_list *list)
{
	return list->n_records;
}
