/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel tells where its functions start (proc_kallsyms, kernel/kallsyms.c), one line each:
 *
 *     ffffffff81000000 T _text
 *     ffffffffc0201000 t fuse_init	[fuse]
 *
 * A function ends where the next one starts. Neighbours of one module make a range.
 */
#include "unwind/symbol_file_build.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "unwind/symbol_file_writer.h"

/* No function is larger: what lies farther from a start is data, or padding, or unmapped. */
#define FUNCTION_MAX_BYTES (256UL << 10)

/* The init code of the kernel lies tens of MB behind the rest, and belongs to it. */
#define RANGE_MAX_GAP_BYTES (64UL << 20)

#define KERNEL_NAME "[kernel.kallsyms]"

DEFINE_CLEANUP(struct symbol_file_writer *, symbol_file_writer_free)

struct text {
	const char *start;
	size_t length;
};

struct kernel_symbol {
	uint64_t start_addr;
	struct text name;
	struct text module; /* with its brackets; empty for the kernel itself */
	bool is_global;
};

struct kernel_symbols {
	struct kernel_symbol *symbols;
	size_t n;
	size_t capacity;
};

static void kernel_symbols_fini(struct kernel_symbols *list)
{
	free(list->symbols);
}

/* Take the next word of *@line. */
static struct text take_word(struct text *line)
{
	struct text word;

	while (line->length && (*line->start == ' ' || *line->start == '\t')) {
		line->start++;
		line->length--;
	}
	word = (struct text){ .start = line->start };
	while (line->length && *line->start != ' ' && *line->start != '\t') {
		line->start++;
		line->length--;
		word.length++;
	}
	return word;
}

static bool parse_address(struct text word, uint64_t *ret_addr)
{
	uint64_t addr = 0;

	if (!word.length || word.length > 16)
		return false;
	for (size_t i = 0; i < word.length; i++) {
		char c = word.start[i];

		if (c >= '0' && c <= '9')
			addr = addr << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			addr = addr << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*ret_addr = addr;
	return true;
}

static int parse_line(struct text line, struct kernel_symbols *list)
{
	struct text address = take_word(&line), type = take_word(&line);
	struct kernel_symbol symbol = { .name = take_word(&line), .module = take_word(&line) };
	int r;

	if (!parse_address(address, &symbol.start_addr) || type.length != 1 || !symbol.name.length)
		return -EBADMSG;
	/* "$x" and "$d" tell code from data inside of functions, on some machines. */
	if (!symbol.start_addr || symbol.start_addr == UINT64_MAX ||
	    !memchr("tTwW", *type.start, 4) || *symbol.name.start == '$')
		return 0;
	symbol.is_global = *type.start == 'T';
	r = array_reserve((void **)&list->symbols, &list->capacity, list->n + 1,
			  sizeof(*list->symbols));
	if (r == 0)
		list->symbols[list->n++] = symbol;
	return r;
}

static int parse_text(const char *text, size_t text_bytes, struct kernel_symbols *list)
{
	const char *end = text + text_bytes;
	int r = 0;

	while (r == 0 && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;

		r = parse_line((struct text){ text, (size_t)(line_end - text) }, list);
		text = line_end + 1;
	}
	return r;
}

static int compare_addresses(const void *a, const void *b)
{
	const struct kernel_symbol *left = a, *right = b;

	return (left->start_addr > right->start_addr) - (left->start_addr < right->start_addr);
}

/* Whether @symbol is the better name for its address: global, then short. */
static bool is_better(const struct kernel_symbol *symbol, const struct kernel_symbol *other)
{
	if (symbol->is_global != other->is_global)
		return symbol->is_global;
	return symbol->name.length < other->name.length;
}

/* Sort, and keep one name of each address. */
static void sort_symbols(struct kernel_symbols *list)
{
	bool is_sorted = true; /* but for modules, it is */
	size_t n_kept = 0;

	for (size_t i = 1; is_sorted && i < list->n; i++)
		is_sorted = compare_addresses(&list->symbols[i - 1], &list->symbols[i]) <= 0;
	if (!is_sorted)
		qsort(list->symbols, list->n, sizeof(*list->symbols), compare_addresses);
	for (size_t i = 0; i < list->n; i++) {
		const struct kernel_symbol *symbol = &list->symbols[i];
		struct kernel_symbol *last = n_kept ? &list->symbols[n_kept - 1] : NULL;

		if (!last || last->start_addr != symbol->start_addr)
			list->symbols[n_kept++] = *symbol;
		else if (is_better(symbol, last))
			*last = *symbol;
	}
	list->n = n_kept;
}

static uint64_t symbol_end(const struct kernel_symbols *list, size_t i)
{
	uint64_t start_addr = list->symbols[i].start_addr;
	uint64_t next_addr = i + 1 < list->n ? list->symbols[i + 1].start_addr : UINT64_MAX;

	return next_addr - start_addr < FUNCTION_MAX_BYTES ? next_addr
							   : start_addr + FUNCTION_MAX_BYTES;
}

static bool is_same_range(const struct kernel_symbol *left, const struct kernel_symbol *right)
{
	return left->module.length == right->module.length &&
	       memcmp(left->module.start, right->module.start, left->module.length) == 0 &&
	       right->start_addr - left->start_addr <= RANGE_MAX_GAP_BYTES;
}

static void name_range(struct kernel_range *range, struct text module)
{
	if (!module.length)
		module = (struct text){ KERNEL_NAME, sizeof(KERNEL_NAME) - 1 };
	if (module.length >= sizeof(range->name))
		module.length = sizeof(range->name) - 1;
	memcpy(range->name, module.start, module.length);
}

static int make_ranges(const struct kernel_symbols *list, struct kernel_range **ret_ranges,
		       size_t *ret_n_ranges)
{
	_cleanup_(freep) struct kernel_range *ranges = NULL;
	size_t n = 0, capacity = 0;
	int r;

	for (size_t i = 0; i < list->n; i++) {
		const struct kernel_symbol *symbol = &list->symbols[i];

		if (i == 0 || !is_same_range(symbol - 1, symbol)) {
			r = array_reserve((void **)&ranges, &capacity, n + 1, sizeof(*ranges));
			if (r < 0)
				return r;
			ranges[n] = (struct kernel_range){ .start_addr = symbol->start_addr };
			name_range(&ranges[n++], symbol->module);
		}
		ranges[n - 1].end_addr = symbol_end(list, i);
	}
	*ret_ranges = steal(ranges);
	*ret_n_ranges = n;
	return 0;
}

static int write_symbols(const struct kernel_symbols *list, struct buffer *ret_bytes)
{
	_cleanup_(symbol_file_writer_freep) struct symbol_file_writer *writer = NULL;
	struct symbol_build_report report = { 0 };
	int r = symbol_file_writer_new(&writer);

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		const struct kernel_symbol *symbol = &list->symbols[i];
		struct symbol_function function = {
			.range = { symbol->start_addr, symbol_end(list, i) },
		};

		r = symbol_file_writer_add_string(writer, symbol->name.start, symbol->name.length,
						  &function.name);
		if (r == 0)
			r = symbol_file_writer_add_function(writer, &function);
	}
	return r < 0 ? r : symbol_file_writer_finish(writer, NULL, ret_bytes, &report);
}

int symbol_file_build_kernel(const char *text, size_t text_bytes, struct buffer *ret_bytes,
			     struct kernel_range **ret_ranges, size_t *ret_n_ranges)
{
	_cleanup_(kernel_symbols_fini) struct kernel_symbols list = { 0 };
	int r = parse_text(text, text_bytes, &list);

	if (r < 0)
		return r;
	if (!list.n)
		return -ENODATA;
	sort_symbols(&list);
	r = write_symbols(&list, ret_bytes);
	return r < 0 ? r : make_ranges(&list, ret_ranges, ret_n_ranges);
}
