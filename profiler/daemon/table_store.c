/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/table_store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#define uthash_nonfatal_oom 1
#include <uthash.h>

#include "bpf/unwind_shard.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/daemon/rule_set.h"
#include "profiler/daemon/shard_space.h"
#include "unwind/unwind_table.h"

enum { EVICTED_SHARE = 16 }; /* of the budget, that is freed beyond what is needed at once */

/* A table that is in the maps, and all that it takes there. */
struct placed_table {
	UT_hash_handle hh;
	struct file_key key;
	uint32_t directory; /* in units of 8 bytes, as are the offsets in chunks[] */
	uint32_t n_chunks;
	uint32_t n_rows;
	uint16_t n_rules;
	size_t bytes;     /* of shards */
	uint32_t *chunks; /* where each lies, 0 = there is none */
	uint32_t *chunk_bytes;
	uint16_t *rules; /* index in the maps of each rule of the table */
};

struct table_store {
	struct table_store_maps maps;
	uint64_t *rule_slots; /* mapped */
	struct rule_set *rules;
	struct shard_space *space;
	uint8_t *shards[UNWIND_MAX_SHARDS]; /* mapped */
	uint32_t n_shards;
	size_t budget_bytes;
	struct placed_table *tables;
	size_t promised_bytes; /* of room that becomes free, to those who were told to try again */
	int64_t promised_until_ns;
	struct table_store_status status;
};

DEFINE_CLEANUP(struct table_store *, table_store_free)

int table_store_new(const struct table_store_maps *maps, size_t budget_bytes,
		    struct table_store **ret_store)
{
	const size_t rules_bytes = UNWIND_MAX_RULES * sizeof(uint64_t);
	_cleanup_(table_store_freep) struct table_store *store = calloc(1, sizeof(*store));
	size_t max_shards = budget_bytes / UNWIND_SHARD_BYTES;
	int r;

	if (!store)
		return -ENOMEM;
	store->maps = *maps;
	if (max_shards > UNWIND_MAX_SHARDS)
		max_shards = UNWIND_MAX_SHARDS;
	if (!max_shards)
		max_shards = 1;
	store->budget_bytes = max_shards * UNWIND_SHARD_BYTES;
	r = shard_space_new((uint32_t)max_shards, &store->space);
	if (r < 0)
		return r;
	store->rule_slots =
		mmap(NULL, rules_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, maps->rules_fd, 0);
	if (store->rule_slots == MAP_FAILED) {
		store->rule_slots = NULL;
		return -errno;
	}
	r = rule_set_new(store->rule_slots, &store->rules);
	if (r < 0)
		return r;
	*ret_store = steal(store);
	return 0;
}

static void placed_table_free(struct placed_table *table)
{
	free(table->chunks);
	free(table->chunk_bytes);
	free(table->rules);
	free(table);
}

DEFINE_CLEANUP(struct placed_table *, placed_table_free)

struct table_store *table_store_free(struct table_store *store)
{
	struct placed_table *table, *next;

	if (!store)
		return NULL;
	HASH_ITER (hh, store->tables, table, next) {
		HASH_DEL(store->tables, table);
		placed_table_free(table);
	}
	for (uint32_t i = 0; i < store->n_shards; i++)
		munmap(store->shards[i], UNWIND_SHARD_BYTES);
	if (store->rule_slots)
		munmap(store->rule_slots, UNWIND_MAX_RULES * sizeof(uint64_t));
	rule_set_free(store->rules);
	shard_space_free(store->space);
	free(store);
	return NULL;
}

static int add_shard(struct table_store *store)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	_cleanup_(closep) int fd =
		bpf_map_create(BPF_MAP_TYPE_ARRAY, "unwind_shard", sizeof(uint32_t),
			       UNWIND_SHARD_BYTES, 1, &options);
	void *mapped;

	if (fd < 0)
		return -errno;
	mapped = mmap(NULL, UNWIND_SHARD_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mapped == MAP_FAILED)
		return -errno;
	if (bpf_map_update_elem(store->maps.shards_fd, &store->n_shards, &fd, BPF_ANY) < 0) {
		munmap(mapped, UNWIND_SHARD_BYTES);
		return -errno;
	}
	store->shards[store->n_shards++] = mapped;
	return 0;
}

/* Room for a piece, and where to write it. */
static int take_room(struct table_store *store, size_t size, uint32_t *ret_off, void **ret_bytes)
{
	uint64_t off_bytes;
	int r;

	r = shard_space_take(store->space, size, ret_off);
	while (r == 0 && store->n_shards < shard_space_shard_count(store->space))
		r = add_shard(store);
	if (r < 0)
		return r;
	off_bytes = (uint64_t)*ret_off * 8;
	*ret_bytes =
		store->shards[off_bytes >> UNWIND_SHARD_SHIFT] + (off_bytes & UNWIND_SHARD_MASK);
	return 0;
}

/* Give back all that was taken for @table; its entry in the files is gone already. */
static void give_back(struct table_store *store, const struct placed_table *table)
{
	int64_t now_ns = clock_monotonic_ns();

	for (uint32_t i = 0; i < table->n_chunks; i++)
		if (table->chunks && table->chunks[i])
			shard_space_give(store->space, table->chunks[i], table->chunk_bytes[i],
					 now_ns);
	if (table->directory)
		shard_space_give(store->space, table->directory, table->n_chunks * sizeof(uint32_t),
				 now_ns);
	for (uint16_t i = 0; i < table->n_rules; i++)
		rule_set_give(store->rules, table->rules[i], now_ns);
}

static const struct unwind_table_header *header_of(const void *bytes)
{
	return bytes;
}

static int take_rules(struct table_store *store, const void *bytes, struct placed_table *table)
{
	const struct unwind_rule *rules = unwind_table_rules(bytes);

	for (uint32_t i = 0; i < header_of(bytes)->n_rules; i++) {
		uint64_t rule;
		int r;

		memcpy(&rule, &rules[i], sizeof(rule));
		r = rule_set_take(store->rules, rule, &table->rules[i]);
		if (r < 0)
			return r;
		table->n_rules++;
	}
	return 0;
}

static int copy_chunks(struct table_store *store, const void *bytes, struct placed_table *table)
{
	struct unwind_chunk chunk;

	for (uint32_t i = 0; unwind_table_next_chunk(bytes, i, &chunk); i = chunk.chunk_i + 1) {
		void *to;
		int r;

		table->chunk_bytes[chunk.chunk_i] = chunk.size_bytes;
		r = take_room(store, chunk.size_bytes, &table->chunks[chunk.chunk_i], &to);
		if (r < 0)
			return r;
		table->bytes += chunk.size_bytes;
		unwind_chunk_copy(&chunk, table->rules, to);
	}
	return 0;
}

static int copy_table(struct table_store *store, const void *bytes, struct placed_table *table)
{
	const size_t directory_bytes = table->n_chunks * sizeof(uint32_t);
	void *directory;
	int r;

	r = take_rules(store, bytes, table);
	if (r == 0)
		r = copy_chunks(store, bytes, table);
	if (r == 0)
		r = take_room(store, directory_bytes, &table->directory, &directory);
	if (r < 0)
		return r;
	memcpy(directory, table->chunks, directory_bytes);
	table->bytes += directory_bytes;
	return 0;
}

static struct placed_table *new_table(const struct file_key *key,
				      const struct unwind_table_header *header)
{
	_cleanup_(placed_table_freep) struct placed_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->key = *key;
	table->n_chunks = header->n_chunks;
	table->n_rows = header->n_rows;
	table->chunks = calloc(header->n_chunks + 1UL, sizeof(*table->chunks));
	table->chunk_bytes = calloc(header->n_chunks + 1UL, sizeof(*table->chunk_bytes));
	table->rules = calloc(header->n_rules + 1UL, sizeof(*table->rules));
	return table->chunks && table->chunk_bytes && table->rules ? steal(table) : NULL;
}

static void take_out(struct table_store *store, struct placed_table *table)
{
	HASH_DEL(store->tables, table);
	store->status.n_tables--;
	store->status.n_rows -= table->n_rows;
}

static void remove_table(struct table_store *store, struct placed_table *table)
{
	take_out(store, table);
	give_back(store, table);
	placed_table_free(table);
}

/* A table that may leave. */
struct candidate {
	struct placed_table *table;
	uint32_t last_used_s;
};

static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *first = a, *second = b;

	return (first->last_used_s > second->last_used_s) -
	       (first->last_used_s < second->last_used_s);
}

/* Those that were not hit of late, the least recently hit first. Returns how many, which are all
 * together of *@ret_bytes. */
static size_t find_idle(const struct table_store *store, struct candidate *ret_candidates,
			size_t *ret_bytes)
{
	uint32_t limit_s = (uint32_t)((clock_monotonic_ns() - TABLE_STORE_IDLE_NS) / NS_PER_SECOND);
	struct placed_table *table, *next;
	size_t n = 0;

	*ret_bytes = 0;
	HASH_ITER (hh, store->tables, table, next) {
		struct unwind_file file = { 0 };

		(void)bpf_map_lookup_elem(store->maps.files_fd, &table->key, &file);
		if (file.last_used_s > limit_s)
			continue;
		ret_candidates[n++] = (struct candidate){ table, file.last_used_s };
		*ret_bytes += table->bytes;
	}
	qsort(ret_candidates, n, sizeof(*ret_candidates), compare_candidates);
	return n;
}

/*
 * Have tables leave until there are @size bytes for another, when their grace period is over, and
 * some more, so that the next ones need not wait.
 * Returns -EAGAIN: then. -ENOSPC: there will not be, and none has left. Or -ENOMEM.
 */
static int make_room(struct table_store *store, size_t size)
{
	_cleanup_(freep) struct candidate *candidates =
		malloc((HASH_COUNT(store->tables) + 1UL) * sizeof(*candidates));
	int64_t now_ns = clock_monotonic_ns();
	size_t n, idle_bytes;

	if (!candidates)
		return -ENOMEM;
	if (now_ns >= store->promised_until_ns)
		store->promised_bytes = 0;
	size += store->promised_bytes;
	n = find_idle(store, candidates, &idle_bytes);
	if (shard_space_waiting_bytes(store->space) + idle_bytes < size)
		return -ENOSPC;
	store->promised_bytes = size;
	store->promised_until_ns = now_ns + SHARD_GRACE_NS;
	size += store->budget_bytes / EVICTED_SHARE;
	for (size_t i = 0; i < n && shard_space_waiting_bytes(store->space) < size; i++) {
		(void)bpf_map_delete_elem(store->maps.files_fd, &candidates[i].table->key);
		remove_table(store, candidates[i].table);
		store->status.n_evicted++;
	}
	return -EAGAIN;
}

static int set_file(const struct table_store *store, const struct file_key *key,
		    const struct unwind_file *file)
{
	return bpf_map_update_elem(store->maps.files_fd, key, file, BPF_ANY) < 0 ? -errno : 0;
}

/* Let programs find @table by its key, as that of the file @number. */
static int publish(struct table_store *store, struct placed_table *table, uint32_t number)
{
	const struct unwind_file file = {
		.file = number,
		.kind = UNWIND_FILE_TABLE,
		.table = table->directory,
		.n_chunks = table->n_chunks,
		.last_used_s = (uint32_t)(clock_monotonic_ns() / NS_PER_SECOND),
	};
	int r = set_file(store, &table->key, &file);

	if (r < 0)
		return r;
	HASH_ADD(hh, store->tables, key, sizeof(table->key), table);
	if (!table->hh.tbl) { /* how uthash tells that it had no memory */
		table_store_refuse(store, &table->key, number);
		return -ENOMEM;
	}
	store->status.n_tables++;
	store->status.n_rows += table->n_rows;
	return 0;
}

/* One try. What did not fit is given back, so that the next try has all room there is. */
static int try_put(struct table_store *store, const struct file_key *key, uint32_t number,
		   const void *bytes)
{
	_cleanup_(placed_table_freep) struct placed_table *table = new_table(key, header_of(bytes));
	int r;

	if (!table)
		return -ENOMEM;
	r = copy_table(store, bytes, table);
	if (r == 0)
		r = publish(store, table, number);
	if (r < 0) {
		give_back(store, table);
		return r;
	}
	(void)steal(table);
	return 0;
}

int table_store_put(struct table_store *store, const struct file_key *key, uint32_t file,
		    const void *bytes, size_t size)
{
	const struct unwind_file pending = { .file = file, .kind = UNWIND_FILE_PENDING };
	struct placed_table *old = NULL;
	int r;

	HASH_FIND(hh, store->tables, key, sizeof(*key), old);
	if (old)
		remove_table(store, old);
	shard_space_collect(store->space, clock_monotonic_ns());
	r = unwind_table_check(bytes, size);
	if (r < 0) {
		store->status.n_damaged++;
	} else {
		r = try_put(store, key, file, bytes);
		if (r == -ENOSPC)
			r = make_room(store, size);
		store->status.n_refused += r < 0 && r != -EAGAIN;
	}
	if (r == -EAGAIN)
		(void)set_file(store, key, &pending);
	else if (r < 0)
		(void)table_store_refuse(store, key, file);
	return r;
}

int table_store_rename(struct table_store *store, const struct file_key *from,
		       const struct file_key *to, uint32_t number)
{
	struct placed_table *table = NULL;
	int r;

	HASH_FIND(hh, store->tables, from, sizeof(*from), table);
	if (!table)
		return -ENOENT;
	(void)bpf_map_delete_elem(store->maps.files_fd, from);
	take_out(store, table);
	table->key = *to;
	r = publish(store, table, number);
	if (r < 0) {
		give_back(store, table);
		placed_table_free(table);
	}
	return r;
}

int table_store_refuse(struct table_store *store, const struct file_key *key, uint32_t number)
{
	const struct unwind_file file = { .file = number, .kind = UNWIND_FILE_NO_TABLE };

	return set_file(store, key, &file);
}

void table_store_forget(struct table_store *store, const struct file_key *key)
{
	struct placed_table *table = NULL;

	(void)bpf_map_delete_elem(store->maps.files_fd, key);
	HASH_FIND(hh, store->tables, key, sizeof(*key), table);
	if (table)
		remove_table(store, table);
}

bool table_store_has(const struct table_store *store, const struct file_key *key)
{
	struct placed_table *table = NULL;

	HASH_FIND(hh, store->tables, key, sizeof(*key), table);
	return table != NULL;
}

uint64_t table_store_find_rule(const struct table_store *store, const struct file_key *key,
			       uint64_t file_off)
{
	uint64_t chunk_i = file_off >> UNWIND_CHUNK_SHIFT, off_bytes;
	struct placed_table *table = NULL;

	HASH_FIND(hh, store->tables, key, sizeof(*key), table);
	if (!table || chunk_i >= table->n_chunks || !table->chunks[chunk_i])
		return 0;
	off_bytes = (uint64_t)table->chunks[chunk_i] * 8;
	return store->rule_slots[unwind_chunk_find(store->shards[off_bytes >> UNWIND_SHARD_SHIFT] +
							   (off_bytes & UNWIND_SHARD_MASK),
						   file_off)];
}

void table_store_get_status(const struct table_store *store, struct table_store_status *ret_status)
{
	*ret_status = store->status;
	ret_status->shard_bytes = (uint64_t)store->n_shards * UNWIND_SHARD_BYTES;
	ret_status->taken_bytes = shard_space_taken_bytes(store->space);
	ret_status->n_rules = rule_set_count(store->rules);
}
