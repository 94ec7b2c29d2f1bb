/* SPDX-License-Identifier: Apache-2.0 */
#include "elf_builder.h"

#include <assert.h>
#include <elf.h>
#include <string.h>

#define MAX_SECTIONS 12

static_assert(sizeof(Elf64_Ehdr) + (1 + MAX_SECTIONS) * sizeof(Elf64_Phdr) <= BUILT_HEADER_BYTES,
	      "all program headers fit in front of the sections");

static size_t aligned(size_t size)
{
	return (size + 15) & ~(size_t)15;
}

uint64_t built_section_vaddr(const struct built_section *sections, size_t i)
{
	uint64_t vaddr = BUILT_VADDR + BUILT_HEADER_BYTES;

	for (size_t k = 0; k < i; k++)
		vaddr += aligned(sections[k].size);
	return vaddr;
}

static void append_section_headers(struct buffer *elf, const struct built_section *sections,
				   size_t n)
{
	Elf64_Shdr headers[MAX_SECTIONS + 2] = { 0 };
	uint64_t names_off = elf->size, header_off;

	buffer_append_char(elf, '\0');
	for (size_t i = 0; i < n; i++) {
		headers[i + 1] = (Elf64_Shdr){
			.sh_name = (uint32_t)(elf->size - names_off),
			.sh_type = sections[i].type ? sections[i].type : SHT_PROGBITS,
			.sh_flags = SHF_ALLOC | sections[i].flags,
			.sh_addr = built_section_vaddr(sections, i),
			.sh_offset = built_section_vaddr(sections, i) - BUILT_VADDR,
			.sh_size = sections[i].size,
		};
		buffer_append(elf, sections[i].name, strlen(sections[i].name) + 1);
	}
	headers[n + 1] = (Elf64_Shdr){
		.sh_type = SHT_STRTAB,
		.sh_offset = names_off,
		.sh_size = elf->size - names_off,
	};
	buffer_append_zeros(elf, aligned(elf->size) - elf->size);
	header_off = elf->size;
	buffer_append(elf, headers, (n + 2) * sizeof(headers[0]));
	((Elf64_Ehdr *)elf->data)->e_shoff = header_off;
	((Elf64_Ehdr *)elf->data)->e_shnum = (uint16_t)(n + 2);
	((Elf64_Ehdr *)elf->data)->e_shstrndx = (uint16_t)(n + 1);
}

static void fill_program_headers(Elf64_Phdr *segments, const struct built_section *sections,
				 size_t n, size_t size)
{
	segments[0] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_vaddr = BUILT_VADDR,
		.p_filesz = size,
		.p_memsz = size,
	};
	for (size_t i = 0; i < n; i++)
		segments[i + 1] = (Elf64_Phdr){
			.p_type = sections[i].segment_type, /* PT_NULL: none */
			.p_vaddr = built_section_vaddr(sections, i),
			.p_offset = built_section_vaddr(sections, i) - BUILT_VADDR,
			.p_filesz = sections[i].size,
			.p_memsz = sections[i].size,
		};
}

void elf_build(struct buffer *elf, uint16_t machine, const struct built_section *sections, size_t n,
	       int has_section_headers)
{
	Elf64_Ehdr *header = buffer_append_zeros(elf, BUILT_HEADER_BYTES);

	assert(n <= MAX_SECTIONS);
	*header = (Elf64_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = machine,
		.e_version = EV_CURRENT,
		.e_entry = BUILT_VADDR + BUILT_HEADER_BYTES,
		.e_phoff = sizeof(*header),
		.e_ehsize = sizeof(*header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (uint16_t)(n + 1),
		.e_shentsize = sizeof(Elf64_Shdr),
	};
	for (size_t i = 0; i < n; i++) {
		buffer_append(elf, sections[i].bytes, sections[i].size);
		buffer_append_zeros(elf, aligned(sections[i].size) - sections[i].size);
	}
	if (has_section_headers)
		append_section_headers(elf, sections, n);
	fill_program_headers((Elf64_Phdr *)(elf->data + sizeof(*header)), sections, n, elf->size);
}

void elf_build_module(struct buffer *elf, uint16_t machine, const struct built_section *sections,
		      size_t n)
{
	Elf64_Ehdr *header;

	elf_build(elf, machine, sections, n, 1);
	header = (Elf64_Ehdr *)elf->data;
	header->e_type = ET_REL;
	header->e_phoff = 0;
	header->e_phentsize = 0;
	header->e_phnum = 0;
}
