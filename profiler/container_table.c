/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/container_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define uthash_nonfatal_oom 1
#include <uthash.h>

#include "profiler/cgroup_path.h"
#include "profiler/container_list.h"
#include "profiler/label_set.h"

/* Of a record of each kind: a pod's labels have records of their own. */
enum { MAX_FIELDS = 3 };

/* A pod or a container; without a record one that was met, and is not known. */
struct entry {
	char key[CGROUP_CONTAINER_ID_BYTES];
	char *record; /* its texts, its labels' behind them */
	size_t record_bytes;
	const char *name;
	const char *second; /* a pod's namespace, or the uid of a container's pod */
	struct label *labels;
	size_t n_labels;
	uint64_t change;
	UT_hash_handle hh;
};

struct container_table {
	struct entry *entries; /* by key; those used last at the end */
	size_t max_bytes;
	size_t bytes;
	uint64_t change;
	struct container_table_status status;
};

/* The part of the records that is about one pod or container. */
struct record {
	const char *start;
	const char *fields[MAX_FIELDS];
	size_t bytes;
	size_t n_labels;
};

int container_table_new(size_t max_bytes, struct container_table **ret_table)
{
	struct container_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->max_bytes = max_bytes;
	*ret_table = table;
	return 0;
}

static size_t entry_bytes(const struct entry *entry)
{
	return sizeof(*entry) + entry->record_bytes + entry->n_labels * sizeof(struct label);
}

static uint32_t *counter_of(struct container_table *table, const struct entry *entry)
{
	return entry->record[0] == 'P' ? &table->status.n_pods : &table->status.n_containers;
}

/* It is there, but nothing is known of it any more. */
static void empty_entry(struct container_table *table, struct entry *entry)
{
	if (entry->record)
		--*counter_of(table, entry);
	table->bytes -= entry_bytes(entry);
	free(entry->record);
	free(entry->labels);
	entry->record = NULL;
	entry->labels = NULL;
	entry->record_bytes = entry->n_labels = 0;
	table->bytes += entry_bytes(entry);
}

static void remove_entry(struct container_table *table, struct entry *entry)
{
	empty_entry(table, entry);
	table->bytes -= entry_bytes(entry);
	HASH_DEL(table->entries, entry);
	free(entry);
}

struct container_table *container_table_free(struct container_table *table)
{
	if (!table)
		return NULL;
	while (table->entries)
		remove_entry(table, table->entries);
	free(table);
	return NULL;
}

/* Let those go that were used least recently, but for the last one, which is in use. */
static void make_room(struct container_table *table)
{
	while (table->bytes > table->max_bytes && HASH_COUNT(table->entries) > 1) {
		table->status.n_evicted += table->entries->record != NULL;
		remove_entry(table, table->entries);
	}
}

/* Make it the one that was used last. */
static int put_last(struct container_table *table, struct entry *entry)
{
	HASH_ADD_STR(table->entries, key, entry);
	if (entry->hh.tbl) /* how uthash tells that it had memory */
		return 0;
	empty_entry(table, entry);
	table->bytes -= entry_bytes(entry);
	free(entry);
	return -ENOMEM;
}

static struct entry *find_entry(const struct container_table *table, const char *key)
{
	struct entry *entry = NULL;

	HASH_FIND_STR(table->entries, key, entry);
	return entry;
}

static struct entry *use_entry(struct container_table *table, const char *key)
{
	struct entry *entry = *key ? find_entry(table, key) : NULL;

	if (!entry || !entry->hh.next)
		return entry;
	HASH_DEL(table->entries, entry);
	return put_last(table, entry) < 0 ? NULL : entry;
}

static struct entry *add_entry(struct container_table *table, const char *key)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	strncpy(entry->key, key, sizeof(entry->key) - 1);
	table->bytes += entry_bytes(entry);
	return put_last(table, entry) < 0 ? NULL : entry;
}

/* The text at *@at, which is then the next one; or NULL: it does not end, or is too long. */
static const char *next_text(const char **at, const char *end, size_t max_bytes)
{
	const char *text = *at;
	const char *nul = text < end ? memchr(text, '\0', (size_t)(end - text)) : NULL;

	if (!nul || (size_t)(nul - text) > max_bytes)
		return NULL;
	*at = nul + 1;
	return text;
}

static bool label_name_is_ours(const char *name)
{
	return !strncmp(name, POD_LABEL_PREFIX, strlen(POD_LABEL_PREFIX)) &&
	       label_name_is_valid(name);
}

static bool read_labels(const char **at, const char *end, size_t *ret_n_labels)
{
	while (*at < end && **at == 'L') {
		const char *name, *value = NULL;

		++*at;
		name = next_text(at, end, LABEL_NAME_MAX_BYTES);
		if (name && label_name_is_ours(name))
			value = next_text(at, end, LABEL_VALUE_MAX_BYTES);
		if (!value || ++*ret_n_labels > POD_MAX_LABELS)
			return false;
	}
	return true;
}

static bool key_is_valid(char tag, const char *key)
{
	return tag == 'P' ? cgroup_pod_uid_is_valid(key) : cgroup_container_id_is_valid(key);
}

/* The pod or container at *@at, which is then the one behind it. Returns whether it is one. */
static bool next_record(const char **at, const char *end, struct record *ret_record)
{
	const char tag = **at;

	*ret_record = (struct record){ .start = (*at)++ };
	if (tag != 'P' && tag != 'C')
		return false;
	for (int i = 0; i < MAX_FIELDS; i++) {
		ret_record->fields[i] = next_text(at, end, CONTAINER_NAME_MAX_BYTES);
		if (!ret_record->fields[i])
			return false;
	}
	if (!key_is_valid(tag, ret_record->fields[0]) || !*ret_record->fields[1])
		return false;
	if (tag == 'P' && !read_labels(at, end, &ret_record->n_labels))
		return false;
	ret_record->bytes = (size_t)(*at - ret_record->start);
	return ret_record->bytes - ret_record->n_labels <=
	       POD_LABELS_MAX_BYTES + MAX_FIELDS * (CONTAINER_NAME_MAX_BYTES + 1) + 1;
}

static const char *skip_text(const char *text)
{
	return text + strlen(text) + 1;
}

/* Its record is in place: find its texts there. */
static void index_record(struct entry *entry)
{
	const char *text = skip_text(entry->record + 1);

	entry->name = text;
	entry->second = text = skip_text(text);
	for (size_t i = 0; i < entry->n_labels; i++) {
		const char *name = skip_text(text) + 1, *value = skip_text(name);

		entry->labels[i] = (struct label){ name, value };
		text = value;
	}
}

static int fill_entry(struct container_table *table, struct entry *entry,
		      const struct record *record)
{
	char *copy = malloc(record->bytes);
	struct label *labels = calloc(record->n_labels + 1, sizeof(*labels));

	if (!copy || !labels) {
		free(copy);
		free(labels);
		return -ENOMEM;
	}
	empty_entry(table, entry);
	table->bytes -= entry_bytes(entry);
	memcpy(copy, record->start, record->bytes);
	entry->record = copy;
	entry->record_bytes = record->bytes;
	entry->labels = labels;
	entry->n_labels = record->n_labels;
	entry->change = ++table->change;
	index_record(entry);
	table->bytes += entry_bytes(entry);
	++*counter_of(table, entry);
	return 0;
}

static int take_record(struct container_table *table, const struct record *record)
{
	struct entry *entry = use_entry(table, record->fields[0]);
	int r = 0;

	if (!entry)
		entry = add_entry(table, record->fields[0]);
	if (!entry)
		return -ENOMEM;
	if (entry->record_bytes != record->bytes ||
	    memcmp(entry->record, record->start, record->bytes) != 0)
		r = fill_entry(table, entry, record);
	make_room(table);
	return r;
}

int container_table_take(struct container_table *table, const char *records, size_t size)
{
	const char *end = records + size;
	int r = 0;

	while (r == 0 && records < end) {
		struct record record;

		r = next_record(&records, end, &record) ? take_record(table, &record) : -EBADMSG;
	}
	return r;
}

bool container_table_note(struct container_table *table, const char *key)
{
	assert(cgroup_pod_uid_is_valid(key) || cgroup_container_id_is_valid(key));
	if (find_entry(table, key) || !add_entry(table, key))
		return false;
	make_room(table);
	return true;
}

bool container_table_knows(const struct container_table *table, const char *key)
{
	const struct entry *entry = find_entry(table, key);

	return entry && entry->record;
}

bool container_table_each_unknown(const struct container_table *table, container_table_visit *visit,
				  void *context)
{
	for (const struct entry *entry = table->entries; entry; entry = entry->hh.next)
		if (!entry->record && !visit(context, entry->key))
			return false;
	return true;
}

static uint64_t later(uint64_t change, const struct entry *entry)
{
	return entry->change > change ? entry->change : change;
}

uint64_t container_table_find(struct container_table *table, const struct cgroup_path *path,
			      struct container_facts *ret_facts)
{
	const struct entry *container = use_entry(table, path->container_id);
	const char *uid = path->pod_uid;
	const struct entry *pod;
	uint64_t change = 0;

	*ret_facts = (struct container_facts){ "", "", "", NULL, 0 };
	if (container && container->record) {
		ret_facts->container = container->name;
		if (!*uid)
			uid = container->second;
		change = later(change, container);
	}
	pod = use_entry(table, uid);
	if (pod && pod->record) {
		ret_facts->pod = pod->name;
		ret_facts->namespace = pod->second;
		ret_facts->labels = pod->labels;
		ret_facts->n_labels = pod->n_labels;
		change = later(change, pod);
	}
	return change;
}

uint64_t container_table_change(const struct container_table *table)
{
	return table->change;
}

void container_table_get_status(const struct container_table *table,
				struct container_table_status *ret_status)
{
	*ret_status = table->status;
}
