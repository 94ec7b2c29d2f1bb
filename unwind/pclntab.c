/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/pclntab.h"

#include <string.h>

#include "profiler/base/array.h"
#include "unwind/elf_file.h"
#include "unwind/elf_file_internal.h"
#include "unwind/go_module.h"

/* Real ones have up to some 500 000. */
#define MAX_FUNCTIONS (4U << 20)

/* Hostile files may have a million names without an end. Real ones have up to some 4000 bytes. */
#define MAX_TEXT_BYTES 16384

/* The header begins with a magic number, two zeros, the quantum, and the size of a pointer. */
#define HEADER_BYTES 80

static bool read_version(const uint8_t *header, enum pclntab_version *ret_version)
{
	static const uint8_t magics[] = {
		[PCLNTAB_1_16] = 0xfa,
		[PCLNTAB_1_18] = 0xf0,
		[PCLNTAB_1_20] = 0xf1,
	};

	if (memcmp(header + 1, "\xff\xff\xff\0\0", 5) != 0 || header[7] != 8 ||
	    (header[6] != 1 && header[6] != 4))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (header[0] == magics[i]) {
			*ret_version = (enum pclntab_version)i;
			return true;
		}
	return false;
}

/* What starts at @off, to the end of the table; each part checks its own end. */
static struct byte_cursor part_at(const struct elf_content *content, uint64_t off)
{
	if (off > content->size)
		off = content->size;
	return byte_cursor_at(content->bytes + off, content->size - off);
}

/* Read the header at the start of @content. Sets text_vaddr to what it says, which may be 0. */
static bool read_header(struct elf_content content, struct pclntab *ret_table)
{
	struct pclntab table = { .content = content };
	struct byte_cursor header = byte_cursor_at(content.bytes, content.size);
	uint64_t n_functions, offs[5];

	if (content.size < HEADER_BYTES || !read_version(content.bytes, &table.version))
		return false;
	table.quantum = content.bytes[6];
	byte_cursor_take(&header, 8);
	n_functions = byte_cursor_u64(&header);
	byte_cursor_u64(&header); /* how many source files there are */
	if (table.version != PCLNTAB_1_16)
		table.text_vaddr = byte_cursor_u64(&header);
	for (size_t i = 0; i < ARRAY_SIZE(offs); i++)
		offs[i] = byte_cursor_u64(&header); /* names, units, files, values, functions */
	table.names = part_at(&content, offs[0]);
	table.units = part_at(&content, offs[1]);
	table.files = part_at(&content, offs[2]);
	table.values = part_at(&content, offs[3]);
	table.functions = part_at(&content, offs[4]);
	table.n_functions = (uint32_t)n_functions;
	*ret_table = table;
	return n_functions > 0 && n_functions <= MAX_FUNCTIONS &&
	       byte_cursor_left(&table.functions) / 8 > n_functions;
}

/* A table has a section of its own, but where GNU ld made one of all .data.rel.ro. */
static bool find_in_sections(struct elf_file *file, struct pclntab *ret_table)
{
	static const char *const names[] = { ".gopclntab", ".data.rel.ro.gopclntab" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (read_header(elf_content_section(file, names[i]), ret_table))
			return true;
	return false;
}

static bool find_by_magic(const struct elf_file *file, struct pclntab *ret_table)
{
	size_t left_bytes = ELF_MAX_SEARCHED_BYTES;
	struct elf_content loaded;

	for (size_t i = 0; (loaded = elf_content_loaded(file, i, &left_bytes)).bytes; i++) {
		size_t skip = -loaded.elf_vaddr & 7;

		for (; skip + HEADER_BYTES <= loaded.size; skip += 8) {
			struct elf_content rest = { .bytes = loaded.bytes + skip,
						    .size = loaded.size - skip,
						    .elf_vaddr = loaded.elf_vaddr + skip };

			if (rest.bytes[1] == 0xff && read_header(rest, ret_table))
				return true;
		}
	}
	return false;
}

/* Those without any sections may be anything. */
static bool may_be_go(struct elf_file *file)
{
	return elf_content_section(file, ".go.buildinfo").bytes ||
	       elf_content_section(file, ".note.go.buildid").bytes ||
	       !elf_content_section(file, ".text").bytes;
}

bool pclntab_find_module(const struct pclntab *table, struct elf_file *file,
			 struct go_module *ret_module)
{
	uint64_t names_off = (uint64_t)(table->names.next - table->content.bytes);
	const struct go_table_place place = {
		.version = table->version,
		.elf_vaddr = table->content.elf_vaddr,
		.names_vaddr = table->content.elf_vaddr + names_off,
	};

	return go_module_find(file, &place, ret_module);
}

/* From 1.26 on only the module knows where the text is. */
static bool find_text(struct elf_file *file, struct pclntab *table)
{
	struct go_module module;

	if (table->version == PCLNTAB_1_16 || elf_file_code_end(file, table->text_vaddr))
		return true;
	if (!pclntab_find_module(table, file, &module))
		return false;
	table->text_vaddr = module.text_vaddr;
	return true;
}

bool pclntab_find(struct elf_file *file, struct pclntab *ret_table)
{
	struct pclntab table;

	if (!find_in_sections(file, &table) && (!may_be_go(file) || !find_by_magic(file, &table)))
		return false;
	if (!find_text(file, &table))
		return false;
	*ret_table = table;
	return true;
}

/* Where function @i starts, and where the rest of it is, from the start of the functions. */
static void read_entry(const struct pclntab *table, uint32_t i, uint64_t *ret_start_vaddr,
		       uint64_t *ret_off)
{
	struct byte_cursor cursor = table->functions;

	if (table->version == PCLNTAB_1_16) {
		byte_cursor_take(&cursor, 16ULL * i);
		*ret_start_vaddr = byte_cursor_u64(&cursor);
		*ret_off = byte_cursor_u64(&cursor);
	} else {
		byte_cursor_take(&cursor, 8ULL * i);
		*ret_start_vaddr = table->text_vaddr + byte_cursor_u32(&cursor);
		*ret_off = byte_cursor_u32(&cursor);
	}
}

/* The text that ends with a NUL at @off of @texts. */
static const char *text_at(struct byte_cursor texts, uint32_t off)
{
	size_t left;

	if (!byte_cursor_take(&texts, off))
		return NULL;
	left = byte_cursor_left(&texts);
	if (!memchr(texts.next, '\0', left < MAX_TEXT_BYTES ? left : MAX_TEXT_BYTES))
		return NULL;
	return (const char *)texts.next;
}

const char *pclntab_name(const struct pclntab *table, uint32_t off)
{
	return text_at(table->names, off);
}

const char *pclntab_file(const struct pclntab *table, uint32_t off)
{
	return text_at(table->files, off);
}

bool pclntab_function(const struct pclntab *table, uint32_t i,
		      struct pclntab_function *ret_function)
{
	/* The entry; then seven words of which the 1st is the name, the 4th the stack depths. */
	bool has_start_line = table->version == PCLNTAB_1_20;
	struct pclntab_function function = { 0 };
	struct byte_cursor cursor = table->functions;
	uint64_t next_off;

	read_entry(table, i, &function.start_vaddr, &function.record_off);
	read_entry(table, i + 1, &function.end_vaddr, &next_off);
	byte_cursor_take(&cursor, function.record_off);
	byte_cursor_take(&cursor, table->version == PCLNTAB_1_16 ? 8 : 4);
	function.name = pclntab_name(table, byte_cursor_u32(&cursor));
	byte_cursor_take(&cursor, 8);
	function.sp_values = byte_cursor_u32(&cursor);
	byte_cursor_take(&cursor, has_start_line ? 20 : 16);
	byte_cursor_u8(&cursor); /* an id that every version has others of */
	function.flags = byte_cursor_u8(&cursor);
	*ret_function = function;
	return !cursor.is_bad && function.name && function.start_vaddr < function.end_vaddr;
}

bool pclntab_find_function(const struct pclntab *table, uint64_t elf_vaddr, uint32_t *ret_i)
{
	uint32_t low = 0, high = table->n_functions + 1; /* the last entry is an end */
	uint64_t start_vaddr, off;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		read_entry(table, middle, &start_vaddr, &off);
		if (start_vaddr <= elf_vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_i = low - 1;
	return low > 0 && low <= table->n_functions;
}

struct pclntab_walk pclntab_walk_from(const struct pclntab *table,
				      const struct pclntab_function *function, uint32_t values)
{
	struct pclntab_walk walk = {
		.cursor = table->values,
		.next_vaddr = function->start_vaddr,
		.end_vaddr = function->end_vaddr,
		.value = -1,
		.quantum = table->quantum,
	};

	byte_cursor_take(&walk.cursor, values);
	return walk;
}

bool pclntab_next_value(struct pclntab_walk *walk, uint64_t *ret_start_vaddr, int32_t *ret_value)
{
	uint32_t change = (uint32_t)byte_cursor_uleb(&walk->cursor);
	uint32_t advance = (uint32_t)byte_cursor_uleb(&walk->cursor);

	/* One that does not advance would be a value for nothing; there is none. */
	if (walk->cursor.is_bad || advance == 0 || walk->next_vaddr >= walk->end_vaddr ||
	    (change == 0 && walk->has_started))
		return false;
	walk->has_started = true;
	walk->value = (int32_t)((uint32_t)walk->value + (-(change & 1) ^ (change >> 1)));
	*ret_start_vaddr = walk->next_vaddr;
	*ret_value = walk->value;
	walk->next_vaddr += (uint64_t)advance * walk->quantum;
	return true;
}
