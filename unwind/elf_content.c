/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/elf_content.h"

#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/elf_file.h"
#include "unwind/elf_file_internal.h"
#include "unwind/inflater.h"
#include "unwind/packed_section.h"
#include "unwind/relocation.h"

#define SECTION_LIMIT_BYTES ((size_t)512 << 20)

/* Of one that is read through a window: it takes time, but no memory. */
#define UNFILLED_LIMIT_BYTES ((size_t)8 << 30)

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

/* What the bytes of a compressed section are packed as. Returns false for one that is none. */
static bool read_packing(Elf *elf, const GElf_Shdr *header, const Elf_Data *data,
			 struct inflater_source *ret_source)
{
	if (header->sh_flags & SHF_COMPRESSED)
		return packed_section_read(data->d_buf, data->d_size,
					   gelf_getclass(elf) == ELFCLASS64, ret_source);
	return packed_section_read_gnu(data->d_buf, data->d_size, ret_source);
}

/* The inflater of @section, the same one each time, or NULL: it is damaged, or too large. */
static struct inflater *unpack(struct elf_file *file, Elf_Scn *section, const GElf_Shdr *header,
			       uint64_t limit_bytes)
{
	struct elf_kept_section *kept = elf_file_kept_section(file, elf_ndxscn(section));
	Elf_Data *data = elf_rawdata(section, NULL);
	struct inflater_source source;

	if (!kept || kept->inflater || !data || !data->d_buf ||
	    !read_packing(elf_file_elf(file), header, data, &source) || source.size > limit_bytes)
		return kept ? kept->inflater : NULL;
	(void)inflater_new(&source, &kept->inflater);
	return kept->inflater;
}

/* Find @name, or, for .debug_*, its namesake .zdebug_*. */
static Elf_Scn *find_section_or_packed(Elf *elf, const char *name, GElf_Shdr *ret_header,
				       bool *ret_is_packed)
{
	Elf_Scn *section = find_section(elf, name, ret_header);
	char packed_name[64];

	*ret_is_packed = section && ret_header->sh_flags & SHF_COMPRESSED;
	if (section || strncmp(name, ".debug_", strlen(".debug_")) != 0)
		return section;
	snprintf(packed_name, sizeof(packed_name), ".z%s", name + 1);
	*ret_is_packed = true;
	return find_section(elf, packed_name, ret_header);
}

static struct elf_content packed_content(struct inflater *inflater)
{
	return (struct elf_content){
		.bytes = inflater_bytes(inflater),
		.size = inflater_size(inflater),
	};
}

static struct elf_content plain_content(Elf_Scn *section, const GElf_Shdr *header,
					uint64_t limit_bytes)
{
	Elf_Data *data = elf_rawdata(section, NULL);

	if (!data || !data->d_buf || data->d_size > limit_bytes)
		return (struct elf_content){ 0 };
	return (struct elf_content){
		.bytes = data->d_buf,
		.size = data->d_size,
		.elf_vaddr = header->sh_addr,
	};
}

/* Fill in what the linker of a relocatable file would, in a copy of what @content is: once. */
static struct elf_content relocated(struct elf_file *file, size_t section_i,
				    const struct elf_content *content)
{
	struct elf_kept_section *kept = elf_file_kept_section(file, section_i);

	if (!relocation_is_needed(file, section_i))
		return *content;
	if (!content->size || !kept)
		return (struct elf_content){ 0 };
	if (!kept->relocated) {
		kept->relocated = malloc(content->size);
		if (!kept->relocated)
			return (struct elf_content){ 0 };
		memcpy(kept->relocated, content->bytes, content->size);
		relocation_apply_all(file, section_i, kept->relocated, content->size);
	}
	return (struct elf_content){ .bytes = kept->relocated, .size = content->size };
}

static struct elf_content lost(struct elf_file *file)
{
	elf_file_lose_section(file);
	return (struct elf_content){ 0 };
}

static bool is_filled(struct inflater *inflater, const struct elf_content *content)
{
	return content->size <= SECTION_LIMIT_BYTES &&
	       (!inflater || inflater_fill(inflater, content->size) == content->size);
}

struct elf_content elf_content_section(struct elf_file *file, const char *name)
{
	struct inflater *inflater;
	struct elf_content content = elf_content_section_unfilled(file, name, &inflater);

	return is_filled(inflater, &content) ? content : lost(file);
}

struct elf_content elf_content_section_unfilled(struct elf_file *file, const char *name,
						struct inflater **ret_inflater)
{
	struct inflater *inflater = NULL;
	struct elf_content content;
	Elf_Scn *section;
	GElf_Shdr header;
	bool is_packed;

	*ret_inflater = NULL;
	section = find_section_or_packed(elf_file_elf(file), name, &header, &is_packed);
	if (!section)
		return (struct elf_content){ 0 };
	if (is_packed)
		inflater = unpack(file, section, &header, UNFILLED_LIMIT_BYTES);
	if (is_packed && !inflater)
		return lost(file);
	content = is_packed ? packed_content(inflater)
			    : plain_content(section, &header, UNFILLED_LIMIT_BYTES);
	if (elf_file_is_relocatable(file)) {
		/* Relocations may be in any order: all of it must be there. */
		if (!is_filled(inflater, &content))
			return lost(file);
		return relocated(file, elf_ndxscn(section), &content);
	}
	*ret_inflater = inflater;
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
