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
#include "unwind/symbol_file_format.h"

/* Of a usual line, or a bit more. */
#define LINE_BYTES 64

/* No function is larger: what lies farther from a start is data, or padding, or unmapped. */
#define FUNCTION_MAX_BYTES (256UL << 10)

/* The init code of the kernel lies tens of MB behind the rest, and belongs to it. */
#define RANGE_MAX_GAP_BYTES (64UL << 20)

/* The kernel names the padding in front of each function, too, where it has a use for it. */
#define PADDING_PREFIX       "__pfx_"
#define PADDING_PREFIX_BYTES (sizeof(PADDING_PREFIX) - 1)

struct text {
	const char *start;
	size_t length;
};

/* There are more than a hundred thousand: small. */
struct kernel_symbol {
	uint64_t start_addr;
	const char *name;
	const char *module; /* with its brackets */
	uint32_t name_length;
	uint16_t module_length; /* 0 for the kernel itself */
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

/* Take the name, which is all of *@line but a module in brackets behind a tab. */
static struct text take_name(struct text *line)
{
	const char *end = line->start + line->length;
	const char *tab =
		line->length && end[-1] == ']' ? memchr(line->start, '\t', line->length) : NULL;
	const struct text name = { line->start, tab ? (size_t)(tab - line->start) : line->length };

	line->start = tab ? tab + 1 : end;
	line->length = (size_t)(end - line->start);
	return name;
}

/* Take the address in front of the first space. */
static bool take_address(struct text *line, uint64_t *ret_addr)
{
	/* Of each digit, and one more: 0 is none. */
	static const uint8_t digits[UINT8_MAX + 1] = {
		['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
		['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
		['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	};
	uint64_t addr = 0;
	size_t i;

	for (i = 0; i < line->length && line->start[i] != ' '; i++) {
		uint8_t digit = digits[(uint8_t)line->start[i]];

		if (!digit)
			return false;
		addr = addr << 4 | (digit - 1U);
	}
	if (i == 0 || i > 16 || i == line->length)
		return false;
	*line = (struct text){ line->start + i + 1, line->length - i - 1 };
	*ret_addr = addr;
	return true;
}

/* Take the letter of a symbol's type, and the space behind it. */
static bool take_type(struct text *line, char *ret_type)
{
	if (line->length < 3 || line->start[1] != ' ')
		return false;
	*ret_type = *line->start;
	*line = (struct text){ line->start + 2, line->length - 2 };
	return true;
}

static bool is_code(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

/* Does @last name the padding in front of @symbol? It runs, if at all, as its beginning. */
static bool is_padding_of(const struct kernel_symbol *last, const struct kernel_symbol *symbol)
{
	return last->name_length == symbol->name_length + PADDING_PREFIX_BYTES &&
	       memcmp(last->name, PADDING_PREFIX, PADDING_PREFIX_BYTES) == 0 &&
	       memcmp(last->name + PADDING_PREFIX_BYTES, symbol->name, symbol->name_length) == 0;
}

static int add_symbol(struct kernel_symbols *list, const struct kernel_symbol *symbol)
{
	struct kernel_symbol *last = list->n ? &list->symbols[list->n - 1] : NULL;
	int r;

	if (last && is_padding_of(last, symbol)) {
		uint64_t start_addr = last->start_addr;

		*last = *symbol;
		last->start_addr = start_addr;
		return 0;
	}
	r = array_reserve((void **)&list->symbols, &list->capacity, list->n + 1,
			  sizeof(*list->symbols));
	if (r == 0)
		list->symbols[list->n++] = *symbol;
	return r;
}

/* Of what is no code, no more is looked at than must be. */
static int parse_line(struct text line, struct kernel_symbols *list)
{
	struct kernel_symbol symbol;
	struct text name;
	uint64_t addr;
	char type;

	if (!take_address(&line, &addr) || !take_type(&line, &type))
		return -EBADMSG;
	/* "$x" and "$d" tell code from data inside of functions, on some machines. */
	if (!addr || addr == UINT64_MAX || !is_code(type) || *line.start == '$')
		return 0;
	name = take_name(&line);
	if (!name.length || name.length > UINT32_MAX || line.length > UINT16_MAX)
		return -EBADMSG;
	symbol = (struct kernel_symbol){
		.start_addr = addr,
		.name = name.start,
		.name_length = (uint32_t)name.length,
		.module = line.start,
		.module_length = (uint16_t)line.length,
		.is_global = type == 'T',
	};
	return add_symbol(list, &symbol);
}

static int parse_text(const char *text, size_t text_bytes, struct kernel_symbols *list)
{
	const char *end = text + text_bytes;
	int r = array_prepare((void **)&list->symbols, &list->capacity, text_bytes / LINE_BYTES,
			      sizeof(*list->symbols));

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
	return symbol->name_length < other->name_length;
}

/* Sort. The kernel's own symbols come sorted, what was loaded later follows as it came. */
static int sort_symbols(struct kernel_symbols *list)
{
	_cleanup_(freep) struct kernel_symbol *tail = NULL;
	size_t n_head = list->n ? 1 : 0, n_tail, end = list->n;

	while (n_head < list->n &&
	       compare_addresses(&list->symbols[n_head - 1], &list->symbols[n_head]) <= 0)
		n_head++;
	n_tail = list->n - n_head;
	if (!n_tail)
		return 0;
	tail = malloc(n_tail * sizeof(*tail));
	if (!tail)
		return -ENOMEM;
	memcpy(tail, &list->symbols[n_head], n_tail * sizeof(*tail));
	qsort(tail, n_tail, sizeof(*tail), compare_addresses);
	while (n_tail) {
		const struct kernel_symbol *head = n_head ? &list->symbols[n_head - 1] : NULL;
		bool is_head = head && head->start_addr > tail[n_tail - 1].start_addr;

		list->symbols[--end] = is_head ? list->symbols[--n_head] : tail[--n_tail];
	}
	return 0;
}

/* Keep one name of each address. */
static void drop_aliases(struct kernel_symbols *list)
{
	size_t n_kept = 0;

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
	return left->module_length == right->module_length &&
	       (!left->module_length ||
		memcmp(left->module, right->module, left->module_length) == 0) &&
	       right->start_addr - left->start_addr <= RANGE_MAX_GAP_BYTES;
}

static void name_range(struct kernel_range *range, const char *module, size_t length)
{
	if (!length) {
		module = KERNEL_RANGE_NAME;
		length = sizeof(KERNEL_RANGE_NAME) - 1;
	}
	memcpy(range->name, module,
	       length < sizeof(range->name) ? length : sizeof(range->name) - 1);
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
			name_range(&ranges[n++], symbol->module, symbol->module_length);
		}
		ranges[n - 1].end_addr = symbol_end(list, i);
	}
	*ret_ranges = steal(ranges);
	*ret_n_ranges = n;
	return 0;
}

static size_t name_bytes(const struct kernel_symbols *list)
{
	size_t n_bytes = 1; /* the empty name */

	for (size_t i = 0; i < list->n; i++)
		n_bytes += list->symbols[i].name_length + 1U;
	return n_bytes;
}

/* Of a function of which no more is known than its name and where it is. */
struct plain_record {
	uint32_t n_bytes;
	uint32_t name;
	uint32_t end[2];
};

/* Where the parts of a symbol file are in it, which are all known beforehand here. */
struct layout {
	size_t offsets, files, strings, records, end;
};

static size_t aligned(size_t offset)
{
	return (offset + 3) & ~(size_t)3;
}

static struct layout lay_out(const struct gsym_header *header)
{
	const size_t n = header->n_addresses;
	struct layout at = { .offsets = aligned(sizeof(*header) + n * header->address_size) };

	at.files = at.offsets + n * sizeof(uint32_t);
	at.strings = at.files + sizeof(uint32_t) + sizeof(struct gsym_file);
	at.records = aligned(at.strings + header->strings_size);
	at.end = at.records + n * sizeof(struct plain_record);
	return at;
}

static void put_functions(const struct kernel_symbols *list, const struct gsym_header *header,
			  const struct layout *at, char *bytes)
{
	char *addresses = bytes + sizeof(*header), *name = bytes + at->strings + 1;

	for (size_t i = 0; i < list->n; i++) {
		const struct kernel_symbol *symbol = &list->symbols[i];
		const uint64_t start_off = symbol->start_addr - header->base_address;
		const uint32_t record_off =
			(uint32_t)(at->records + i * sizeof(struct plain_record));
		const struct plain_record record = {
			.n_bytes = (uint32_t)(symbol_end(list, i) - symbol->start_addr),
			.name = (uint32_t)(name - (bytes + at->strings)),
		};

		/* Little endian: the low bytes come first. */
		memcpy(addresses + i * header->address_size, &start_off, header->address_size);
		memcpy(bytes + at->offsets + i * sizeof(record_off), &record_off,
		       sizeof(record_off));
		memcpy(bytes + record_off, &record, sizeof(record));
		memcpy(name, symbol->name, symbol->name_length);
		name += symbol->name_length + 1;
	}
}

static int write_symbols(const struct kernel_symbols *list, struct buffer *ret_bytes)
{
	const uint64_t base_addr = list->symbols[0].start_addr;
	const size_t n_name_bytes = name_bytes(list);
	const uint64_t last_off = list->symbols[list->n - 1].start_addr - base_addr;
	struct gsym_header header = {
		.magic = GSYM_MAGIC,
		.version = GSYM_VERSION,
		.address_size = last_off <= UINT32_MAX ? 4 : 8,
		.base_address = base_addr,
		.n_addresses = (uint32_t)list->n,
		.strings_size = (uint32_t)n_name_bytes,
	};
	const struct layout at = lay_out(&header);
	const uint32_t n_files = 1; /* the unknown one */
	char *bytes;

	if (n_name_bytes > UINT32_MAX || at.end > UINT32_MAX)
		return -EFBIG;
	buffer_prepare(ret_bytes, at.end);
	bytes = buffer_append_zeros(ret_bytes, at.end);
	if (!bytes)
		return buffer_error(ret_bytes);
	header.strings_offset = (uint32_t)at.strings;
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + at.files, &n_files, sizeof(n_files));
	put_functions(list, &header, &at, bytes);
	return 0;
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
	r = sort_symbols(&list);
	if (r < 0)
		return r;
	drop_aliases(&list);
	r = write_symbols(&list, ret_bytes);
	return r < 0 ? r : make_ranges(&list, ret_ranges, ret_n_ranges);
}
