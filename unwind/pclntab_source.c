/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/pclntab_source.h"

#include "unwind/elf_content.h"
#include "unwind/go_module.h"

/* Numbers of a function's tables, and of its data, the same in all versions. */
enum {
	TABLE_OF_CALLS = 2,
	DATA_OF_CALLS = 3,
};

#define NO_DATA UINT32_MAX /* a place in functions' data that is none */

bool pclntab_reader_init(struct pclntab_reader *reader, struct elf_file *file)
{
	struct elf_content funcdata = { 0 };
	struct go_module module;

	*reader = (struct pclntab_reader){ 0 };
	if (!pclntab_find(file, &reader->table))
		return false;
	elf_pointers_init(&reader->pointers, file);
	if (reader->table.version != PCLNTAB_1_16 &&
	    pclntab_find_module(&reader->table, file, &module) && module.funcdata_vaddr)
		funcdata = elf_content_at(file, module.funcdata_vaddr);
	reader->funcdata = byte_cursor_at(funcdata.bytes, funcdata.size);
	return true;
}

void pclntab_reader_fini(struct pclntab_reader *reader)
{
	elf_pointers_fini(&reader->pointers);
}

/* Up to 1.17, @data leads to pointers, which are aligned. */
static struct byte_cursor pointed_data(struct pclntab_reader *reader, const uint8_t *data)
{
	const struct elf_content *table = &reader->table.content;
	uint64_t elf_vaddr = (table->elf_vaddr + (uint64_t)(data - table->bytes) + 7) & ~7ULL;
	uint64_t pointer =
		elf_pointers_at(&reader->pointers, elf_vaddr + sizeof(pointer) * DATA_OF_CALLS);
	struct elf_content content = { 0 };

	if (pointer)
		content = elf_content_at(reader->pointers.file, pointer);
	return byte_cursor_at(content.bytes, content.size);
}

/* What @data, the places of a function's data, leads to. */
static struct byte_cursor data_of_calls(struct pclntab_reader *reader, struct byte_cursor data)
{
	struct byte_cursor calls = reader->funcdata;
	uint32_t place;

	if (reader->table.version == PCLNTAB_1_16)
		return pointed_data(reader, data.next);
	if (!calls.next)
		return calls;
	byte_cursor_take(&data, sizeof(uint32_t) * DATA_OF_CALLS);
	place = byte_cursor_u32(&data);
	if (data.is_bad || place == NO_DATA || !byte_cursor_take(&calls, place))
		return (struct byte_cursor){ 0 };
	return calls;
}

bool pclntab_source_read(struct pclntab_reader *reader, const struct pclntab_function *function,
			 struct pclntab_source *ret_source)
{
	const struct pclntab *table = &reader->table;
	struct pclntab_source source = { 0 };
	struct byte_cursor cursor = table->functions, tables;
	uint32_t n_tables;

	byte_cursor_take(&cursor, function->record_off);
	byte_cursor_take(&cursor, table->version == PCLNTAB_1_16 ? 8 : 4); /* the entry */
	byte_cursor_take(&cursor, 16); /* name, arguments, deferred calls, stack depths */
	source.file_values = byte_cursor_u32(&cursor);
	source.line_values = byte_cursor_u32(&cursor);
	n_tables = byte_cursor_u32(&cursor);
	source.unit = byte_cursor_u32(&cursor);
	if (table->version == PCLNTAB_1_20)
		source.start_line = byte_cursor_u32(&cursor);
	byte_cursor_take(&cursor, 3); /* an id, flags, padding */
	uint8_t n_data = byte_cursor_u8(&cursor);

	tables = cursor;
	byte_cursor_take(&cursor, sizeof(uint32_t) * (uint64_t)n_tables);
	if (cursor.is_bad)
		return false;
	if (n_tables > TABLE_OF_CALLS && n_data > DATA_OF_CALLS) {
		byte_cursor_take(&tables, sizeof(uint32_t) * TABLE_OF_CALLS);
		source.call_values = byte_cursor_u32(&tables);
		source.calls = data_of_calls(reader, cursor);
	}
	*ret_source = source;
	return true;
}

const char *pclntab_source_file(const struct pclntab_reader *reader,
				const struct pclntab_source *source, int32_t file,
				uint32_t *ret_key)
{
	struct byte_cursor units = reader->table.units;

	if (file < 0)
		return NULL;
	byte_cursor_take(&units, sizeof(uint32_t) * ((uint64_t)source->unit + (uint32_t)file));
	*ret_key = byte_cursor_u32(&units);
	return units.is_bad ? NULL : pclntab_file(&reader->table, *ret_key);
}

bool pclntab_source_call(const struct pclntab_reader *reader, const struct pclntab_source *source,
			 uint32_t i, struct pclntab_call *ret_call)
{
	/* 1.20 has left out what can be found by the caller's address: who it is, its file, line.
	 */
	bool is_short = reader->table.version == PCLNTAB_1_20;
	struct byte_cursor cursor = source->calls;

	if (!cursor.next)
		return false;
	byte_cursor_take(&cursor, (uint64_t)i * (is_short ? 16 : 20));
	byte_cursor_take(&cursor, is_short ? 4 : 12);
	ret_call->name = pclntab_name(&reader->table, byte_cursor_u32(&cursor));
	ret_call->caller_pc = byte_cursor_u32(&cursor);
	return !cursor.is_bad && ret_call->name;
}
