/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/signal_return.h"

#include <elf.h>
#include <string.h>

#include "unwind/elf_content.h"
#include "unwind/elf_file.h"
#include "unwind/unwind_rows.h"

static const uint8_t code[] = { 0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4 };

static int read_segment(const struct elf_content *content, uint16_t rule, struct unwind_rows *rows)
{
	const uint8_t *at = content->bytes, *end = content->bytes + content->size;
	int r = 0;

	while (r == 0 && (at = memmem(at, (size_t)(end - at), code, sizeof(code)))) {
		uint64_t elf_vaddr = content->elf_vaddr + (uint64_t)(at - content->bytes);

		at += sizeof(code);
		if (elf_vaddr % 4)
			continue;
		if (rows->n && rows->items[rows->n - 1].elf_vaddr == elf_vaddr)
			rows->n--; /* right behind another one: that goes on */
		else
			r = unwind_rows_append(rows, elf_vaddr - 1, rule);
		if (r == 0)
			r = unwind_rows_append(rows, elf_vaddr + sizeof(code), UNWIND_RULE_NONE);
	}
	return r;
}

int signal_return_read(const struct elf_file *file, struct unwind_rule_set *set,
		       struct unwind_rows *rows)
{
	const struct elf_description *description = elf_file_describe(file);
	const struct unwind_rule signal = { .cfa_kind = UNWIND_CFA_SIGNAL };
	size_t left_bytes = ELF_MAX_SEARCHED_BYTES;
	uint64_t done_vaddr = 0;
	int r = 0;

	if (elf_content_machine(file) != EM_AARCH64)
		return 0;
	for (uint32_t i = 0; r == 0 && i < description->n_segments; i++) {
		uint64_t elf_vaddr = description->segments[i].elf_vaddr;
		struct elf_content content = elf_content_at(file, elf_vaddr);

		if (!content.bytes || elf_vaddr < done_vaddr)
			continue;
		if (content.size > left_bytes)
			content.size = left_bytes;
		left_bytes -= content.size;
		r = read_segment(&content, unwind_rule_set_add(set, signal), rows);
		done_vaddr = elf_vaddr + content.size;
	}
	return r;
}
