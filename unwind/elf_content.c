/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/elf_content.h"

#include <gelf.h>
#include <stdio.h>
#include <string.h>

#include "unwind/elf_file.h"
#include "unwind/elf_file_internal.h"

#define SECTION_LIMIT_BYTES ((size_t)512 << 20)

/* Real files have a dozen; a search for each of a million pointers should not meet 65535. */
#define MAX_PROGRAM_HEADERS 64

static Elf_Scn *find_section(Elf *elf, const char *name, GElf_Shdr *ret_header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return NULL;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		const char *found = gelf_getshdr(section, ret_header)
					    ? elf_strptr(elf, names, ret_header->sh_name)
					    : NULL;

		if (found && strcmp(found, name) == 0 && ret_header->sh_type != SHT_NOBITS)
			return section;
	}
	return NULL;
}

/* libelf takes the size that the header claims for granted, and allocates it. */
static bool decompress(Elf_Scn *section, const GElf_Shdr *header)
{
	GElf_Chdr compression;

	if (!(header->sh_flags & SHF_COMPRESSED))
		return true;
	return gelf_getchdr(section, &compression) && compression.ch_size <= SECTION_LIMIT_BYTES &&
	       elf_compress(section, 0, 0) >= 0;
}

/* GNU's older way: "ZLIB", the size as eight bytes, big end first, and the stream. */
static bool decompress_gnu(Elf_Scn *section)
{
	Elf_Data *data = elf_rawdata(section, NULL);
	uint64_t size;

	if (!data || !data->d_buf || data->d_size < 12 || memcmp(data->d_buf, "ZLIB", 4) != 0)
		return false;
	memcpy(&size, (const char *)data->d_buf + 4, sizeof(size));
	return __builtin_bswap64(size) <= SECTION_LIMIT_BYTES &&
	       elf_compress_gnu(section, 0, 0) >= 0;
}

struct elf_content elf_content_section(struct elf_file *file, const char *name)
{
	struct elf_content content = { 0 };
	Elf *elf = elf_file_elf(file);
	char compressed_name[64];
	Elf_Scn *section;
	GElf_Shdr header;
	Elf_Data *data;

	section = find_section(elf, name, &header);
	if (section) {
		if (!decompress(section, &header))
			return content;
	} else if (strncmp(name, ".debug_", strlen(".debug_")) == 0) {
		snprintf(compressed_name, sizeof(compressed_name), ".z%s", name + 1);
		section = find_section(elf, compressed_name, &header);
		if (!section || !decompress_gnu(section))
			return content;
	} else {
		return content;
	}
	data = elf_rawdata(section, NULL);
	if (!data || !data->d_buf || data->d_size > SECTION_LIMIT_BYTES)
		return content;
	content.bytes = data->d_buf;
	content.size = data->d_size;
	content.elf_vaddr = header.sh_addr;
	return content;
}

/* The part of a segment's bytes from @skip on that is really in the file. */
static struct elf_content segment_content(Elf *elf, const GElf_Phdr *segment, uint64_t skip)
{
	size_t file_size;
	const char *raw = elf_rawfile(elf, &file_size);
	uint64_t size = segment->p_filesz;

	if (!raw || segment->p_offset >= file_size)
		return (struct elf_content){ 0 };
	if (size > file_size - segment->p_offset)
		size = file_size - segment->p_offset;
	if (skip >= size)
		return (struct elf_content){ 0 };
	size -= skip;
	return (struct elf_content){
		.bytes = (const uint8_t *)raw + segment->p_offset + skip,
		.size = size < SECTION_LIMIT_BYTES ? size : SECTION_LIMIT_BYTES,
		.elf_vaddr = segment->p_vaddr + skip,
	};
}

static size_t n_program_headers(Elf *elf)
{
	size_t n;

	if (elf_getphdrnum(elf, &n) != 0)
		return 0;
	return n < MAX_PROGRAM_HEADERS ? n : MAX_PROGRAM_HEADERS;
}

struct elf_content elf_content_at(const struct elf_file *file, uint64_t elf_vaddr)
{
	Elf *elf = elf_file_elf(file);
	GElf_Phdr segment;

	for (size_t i = 0; i < n_program_headers(elf); i++)
		if (gelf_getphdr(elf, (int)i, &segment) && segment.p_type == PT_LOAD &&
		    elf_vaddr - segment.p_vaddr < segment.p_filesz)
			return segment_content(elf, &segment, elf_vaddr - segment.p_vaddr);
	return (struct elf_content){ 0 };
}

struct elf_content elf_content_segment(const struct elf_file *file, uint32_t type, size_t skip)
{
	Elf *elf = elf_file_elf(file);
	GElf_Phdr segment;

	for (size_t i = 0; i < n_program_headers(elf); i++)
		if (gelf_getphdr(elf, (int)i, &segment) && segment.p_type == type && skip-- == 0)
			return segment_content(elf, &segment, 0);
	return (struct elf_content){ 0 };
}

struct elf_content elf_content_loaded(const struct elf_file *file, size_t skip, size_t *left_bytes)
{
	struct elf_content content = elf_content_segment(file, PT_LOAD, skip);

	if (content.size > *left_bytes)
		content.size = *left_bytes;
	*left_bytes -= content.size;
	return content.size ? content : (struct elf_content){ 0 };
}

uint16_t elf_content_machine(const struct elf_file *file)
{
	GElf_Ehdr header;

	if (!gelf_getehdr(elf_file_elf(file), &header) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    (header.e_type != ET_EXEC && header.e_type != ET_DYN))
		return 0;
	return header.e_machine;
}
