/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/elf_pointers.h"

#include <elf.h>
#include <string.h>

#include "unwind/byte_cursor.h"

/* Hostile files may claim any number. Large programs have a million. */
#define MAX_RELOCATION_BYTES ((size_t)64 << 20)

/* The relocations that the dynamic linker applies, wherever sections are. */
static struct elf_content find_relocations(const struct elf_file *file)
{
	struct elf_content dynamic = elf_content_segment(file, PT_DYNAMIC, 0);
	struct byte_cursor cursor = byte_cursor_at(dynamic.bytes, dynamic.size);
	struct elf_content relocations;
	uint64_t elf_vaddr = 0, size = 0;

	while (byte_cursor_left(&cursor) >= 16) {
		uint64_t tag = byte_cursor_u64(&cursor), value = byte_cursor_u64(&cursor);

		if (tag == DT_NULL)
			break;
		if (tag == DT_RELA)
			elf_vaddr = value;
		else if (tag == DT_RELASZ)
			size = value;
	}
	if (!size)
		return (struct elf_content){ 0 };
	relocations = elf_content_at(file, elf_vaddr);
	if (size > MAX_RELOCATION_BYTES)
		size = MAX_RELOCATION_BYTES;
	if (relocations.size > size)
		relocations.size = size;
	return relocations;
}

void elf_pointers_init(struct elf_pointers *pointers, const struct elf_file *file)
{
	*pointers = (struct elf_pointers){ .file = file, .relocations = find_relocations(file) };
}

void elf_pointers_fini(struct elf_pointers *pointers)
{
	number_map_fini(&pointers->by_place);
}

static bool read_relocation(const struct elf_pointers *pointers, size_t i, Elf64_Rela *ret)
{
	if (i >= pointers->relocations.size / sizeof(*ret))
		return false;
	memcpy(ret, pointers->relocations.bytes + i * sizeof(*ret), sizeof(*ret));
	return true;
}

/* Without memory, it knows fewer of them. */
static void make_map(struct elf_pointers *pointers)
{
	Elf64_Rela relocation;
	uint32_t known;

	pointers->has_map = true;
	for (size_t i = 0; read_relocation(pointers, i, &relocation); i++)
		if (!number_map_find(&pointers->by_place, relocation.r_offset, &known) &&
		    number_map_add(&pointers->by_place, relocation.r_offset, (uint32_t)i) < 0)
			return;
}

uint64_t elf_pointers_at(struct elf_pointers *pointers, uint64_t elf_vaddr)
{
	struct elf_content content = elf_content_at(pointers->file, elf_vaddr);
	struct byte_cursor cursor = byte_cursor_at(content.bytes, content.size);
	uint64_t pointer = byte_cursor_u64(&cursor);
	Elf64_Rela relocation;
	uint32_t i;

	if (pointer || !pointers->relocations.size)
		return pointer;
	if (!pointers->has_map)
		make_map(pointers);
	if (!number_map_find(&pointers->by_place, elf_vaddr, &i) ||
	    !read_relocation(pointers, i, &relocation))
		return 0;
	return (uint64_t)relocation.r_addend; /* of its type; for such a place there is but one */
}

bool elf_pointers_next(const struct elf_pointers *pointers, uint64_t to, size_t *i,
		       uint64_t *ret_vaddr)
{
	Elf64_Rela relocation;

	while (read_relocation(pointers, (*i)++, &relocation))
		if ((uint64_t)relocation.r_addend == to) {
			*ret_vaddr = relocation.r_offset;
			return true;
		}
	return false;
}
