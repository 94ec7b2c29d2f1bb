/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/eh_pointer.h"

#include <dwarf.h>

#include "unwind/elf_content.h"

enum {
	FORMAT_MASK = 0x0f,
	BASE_MASK = 0x70,
};

static uint64_t read_format(struct byte_cursor *cursor, uint8_t format)
{
	switch (format) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_signed:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return byte_cursor_u64(cursor);
	case DW_EH_PE_uleb128:
		return byte_cursor_uleb(cursor);
	case DW_EH_PE_sleb128:
		return (uint64_t)byte_cursor_sleb(cursor);
	case DW_EH_PE_udata2:
		return byte_cursor_number(cursor, 2);
	case DW_EH_PE_sdata2:
		return (uint64_t)(int16_t)byte_cursor_number(cursor, 2);
	case DW_EH_PE_udata4:
		return byte_cursor_u32(cursor);
	case DW_EH_PE_sdata4:
		return (uint64_t)(int32_t)byte_cursor_u32(cursor);
	default:
		byte_cursor_fail(cursor);
		return 0;
	}
}

static uint64_t relative_to(struct byte_cursor *cursor, uint8_t encoding, uint64_t here,
			    const struct eh_pointer_base *base)
{
	switch (encoding & BASE_MASK) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_aligned:
		return 0;
	case DW_EH_PE_pcrel:
		return here;
	case DW_EH_PE_textrel:
		return base->text_vaddr;
	case DW_EH_PE_datarel:
		return base->data_vaddr;
	default:
		byte_cursor_fail(cursor);
		return 0;
	}
}

static uint64_t follow(struct byte_cursor *cursor, uint64_t elf_vaddr,
		       const struct eh_pointer_base *base)
{
	struct elf_content content = { 0 };
	struct byte_cursor target;
	uint64_t value;

	if (base->file)
		content = elf_content_at(base->file, elf_vaddr);
	target = byte_cursor_at(content.bytes, content.size);
	value = byte_cursor_u64(&target);
	if (target.is_bad)
		byte_cursor_fail(cursor);
	return value;
}

uint64_t eh_pointer_read(struct byte_cursor *cursor, uint8_t encoding,
			 const struct eh_pointer_base *base)
{
	uint64_t here, value;

	if (encoding == DW_EH_PE_omit)
		return 0;
	here = base->elf_vaddr + (uint64_t)(cursor->next - base->bytes);
	if ((encoding & BASE_MASK) == DW_EH_PE_aligned)
		byte_cursor_take(cursor, -here & 7);
	value = read_format(cursor, encoding & FORMAT_MASK);
	value += relative_to(cursor, encoding, here, base);
	return encoding & DW_EH_PE_indirect ? follow(cursor, value, base) : value;
}

uint64_t eh_pointer_read_length(struct byte_cursor *cursor, uint8_t encoding,
				const struct eh_pointer_base *base)
{
	return eh_pointer_read(cursor,
			       encoding == DW_EH_PE_omit ? encoding : encoding & FORMAT_MASK, base);
}
