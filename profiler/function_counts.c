/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/function_counts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LATELY_SHARE 4       /* of what was used lately, so much is forgotten each time */
#define LEAST_NS     4000000 /* who has used less lately uses nothing */

/* What comes of the items and the sums together. */
struct next_counts {
	struct function_count *items;
	size_t n_items;
	size_t n_listed;
	uint64_t n_refused;
};

static void count_fini(struct function_count *count)
{
	free(count->service);
	free(count->function);
}

void function_counts_fini(struct function_counts *counts)
{
	for (size_t i = 0; i < counts->n_items; i++)
		count_fini(&counts->items[i]);
	free(counts->items);
	*counts = (struct function_counts){ 0 };
}

/* How much of a name counts: no character is cut in two. */
static size_t name_length(const char *name)
{
	size_t length = strnlen(name, FUNCTION_NAME_MAX_BYTES + 1);

	if (length <= FUNCTION_NAME_MAX_BYTES)
		return length;
	length = FUNCTION_NAME_MAX_BYTES;
	while (length && (name[length] & 0xc0) == 0x80)
		length--;
	return length;
}

static int name_compare(const char *a, const char *b)
{
	size_t a_length = name_length(a), b_length = name_length(b);
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

	return order ? order : (a_length > b_length) - (a_length < b_length);
}

static int sum_compare(const void *left, const void *right)
{
	const struct function_sum *a = left, *b = right;
	int order = name_compare(a->service, b->service);

	return order ? order : name_compare(a->function, b->function);
}

/* Sort, and add up what is of one function. Returns how many are left. */
static size_t merge_sums(struct function_sum *sums, size_t n_sums)
{
	size_t n_merged = 0;

	if (n_sums)
		qsort(sums, n_sums, sizeof(*sums), sum_compare);
	for (size_t i = 0; i < n_sums; i++) {
		if (n_merged && !sum_compare(&sums[n_merged - 1], &sums[i]))
			sums[n_merged - 1].cpu_ns += sums[i].cpu_ns;
		else
			sums[n_merged++] = sums[i];
	}
	return n_merged;
}

static int compare_with_sum(const struct function_count *count, const struct function_sum *sum)
{
	const struct function_sum own = { count->service, count->function, 0 };

	return sum_compare(&own, sum);
}

static int add_watched(struct next_counts *next, const struct function_sum *sum)
{
	struct function_count added = { .newest = sum->cpu_ns, .lately = sum->cpu_ns };

	if (next->n_items >= FUNCTION_WATCHED_MAX) {
		next->n_refused++;
		return 0;
	}
	added.service = strndup(sum->service, name_length(sum->service));
	added.function = strndup(sum->function, name_length(sum->function));
	if (!added.service || !added.function) {
		count_fini(&added);
		return -ENOMEM;
	}
	next->items[next->n_items++] = added;
	return 0;
}

static struct function_count grown(const struct function_count *count, uint64_t cpu_ns)
{
	struct function_count next = *count;

	next.newest = cpu_ns;
	next.lately += cpu_ns - next.lately / LATELY_SHARE;
	if (next.listed_ns)
		next.cpu_ns += cpu_ns;
	return next;
}

/* Both are sorted: so is what comes of them. What is new owns its names, all else borrows them from
 * @counts. */
static int merge(const struct function_counts *counts, const struct function_sum *sums,
		 size_t n_sums, struct next_counts *next)
{
	size_t i = 0, k = 0;
	int r = 0;

	while (r == 0 && (i < counts->n_items || k < n_sums)) {
		const struct function_count *count = &counts->items[i];
		int order = i == counts->n_items ? 1 : k == n_sums ? -1 : 0;

		if (!order)
			order = compare_with_sum(count, &sums[k]);
		if (order > 0) {
			r = add_watched(next, &sums[k++]);
			continue;
		}
		next->items[next->n_items++] = grown(count, order ? 0 : sums[k].cpu_ns);
		i++;
		k += !order;
	}
	return r;
}

/* Of the items from @start to before @end, the listed one that used least lately, or the other one
 * that used most; NULL if there is none. */
static struct function_count *extreme(struct next_counts *next, size_t start, size_t end,
				      bool is_listed)
{
	struct function_count *found = NULL;

	for (size_t i = start; i < end; i++) {
		struct function_count *item = &next->items[i];

		if ((item->listed_ns != 0) != is_listed)
			continue;
		if (!found ||
		    (is_listed ? item->lately < found->lately : item->lately > found->lately))
			found = item;
	}
	return found;
}

static void unlist(struct next_counts *next, struct function_count *item)
{
	item->listed_ns = 0;
	item->cpu_ns = 0;
	next->n_listed--;
}

static void list(struct next_counts *next, struct function_count *item, int64_t now_ns)
{
	item->listed_ns = now_ns;
	item->cpu_ns = item->newest;
	next->n_listed++;
}

static bool may_leave(const struct function_count *item, int64_t now_ns)
{
	return now_ns - item->listed_ns >= FUNCTION_STAY_NS;
}

/* Choose who of one service is listed, from now on. */
static void choose(struct next_counts *next, size_t start, size_t end, uint32_t n_of_service,
		   int64_t now_ns)
{
	size_t n_listed = 0;

	for (size_t i = start; i < end; i++) {
		struct function_count *item = &next->items[i];

		if (item->listed_ns && item->lately < LEAST_NS && may_leave(item, now_ns))
			unlist(next, item);
		n_listed += item->listed_ns != 0;
	}
	for (;;) {
		struct function_count *most = extreme(next, start, end, false);
		struct function_count *least = extreme(next, start, end, true);

		if (!most || most->lately < LEAST_NS)
			return;
		if (n_listed < n_of_service && next->n_listed == FUNCTION_SERIES_MAX) {
			next->n_refused++;
			return;
		}
		if (n_listed == n_of_service) {
			if (most->lately / 3 <= least->lately / 2 || !may_leave(least, now_ns))
				return;
			unlist(next, least);
			n_listed--;
		}
		list(next, most, now_ns);
		n_listed++;
	}
}

/* The places of services in the items, which are sorted by them. */
static void choose_all(struct next_counts *next, uint32_t n_of_service, int64_t now_ns)
{
	size_t start = 0;

	for (size_t i = 1; i <= next->n_items; i++) {
		if (i < next->n_items &&
		    !name_compare(next->items[i].service, next->items[start].service))
			continue;
		choose(next, start, i, n_of_service, now_ns);
		start = i;
	}
}

/* Let go who is not listed and used nothing lately. */
static void forget(struct next_counts *next)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < next->n_items; i++) {
		struct function_count *item = &next->items[i];

		if (item->listed_ns || item->lately >= LEAST_NS)
			next->items[n_kept++] = *item;
		else
			count_fini(item);
	}
	next->n_items = n_kept;
}

/* Out of memory: what is new goes, what it was made of stays as it was. */
static void give_up(const struct function_counts *counts, struct next_counts *next)
{
	size_t i = 0;

	for (size_t k = 0; k < next->n_items; k++) {
		if (i < counts->n_items && next->items[k].function == counts->items[i].function)
			i++;
		else
			count_fini(&next->items[k]);
	}
	free(next->items);
}

int function_counts_add(struct function_counts *counts, struct function_sum *sums, size_t n_sums,
			int64_t now_ns)
{
	struct next_counts next = { .n_listed = counts->n_listed };
	int r;

	n_sums = merge_sums(sums, n_sums);
	next.items = calloc(counts->n_items + n_sums + 1, sizeof(*next.items));
	if (!next.items)
		return -ENOMEM;
	r = merge(counts, sums, n_sums, &next);
	if (r < 0) {
		give_up(counts, &next);
		return r;
	}
	choose_all(&next, counts->n_of_service, now_ns);
	forget(&next);
	free(counts->items);
	counts->items = next.items;
	counts->n_items = next.n_items;
	counts->n_listed = next.n_listed;
	counts->n_refused += next.n_refused;
	return 0;
}
