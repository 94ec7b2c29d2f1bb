/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/elf_file.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "unwind/elf_file_internal.h"
#include "unwind/elf_layout.h"
#include "unwind/inflater.h"

enum {
	/* The kernel runs no file whose program headers take more (execve(2), fs/binfmt_elf.c). */
	MAX_PROGRAM_HEADER_BYTES = 64 << 10,

	MAX_NOTE_BYTES = 64 << 10, /* of a segment or section; a program has some hundred */

	MAX_KEPT_SECTIONS = 32, /* there are some twenty that anybody asks for */
};

/* A separate debug file keeps the addresses of its segments, but not their bytes. */
struct code_range {
	uint64_t start_vaddr;
	uint64_t end_vaddr;
};

struct elf_file {
	Elf *elf;
	struct elf_description description;
	struct code_range code[ELF_FILE_MAX_SEGMENTS];
	size_t n_code;
	struct elf_kept_section kept[MAX_KEPT_SECTIONS];
	size_t n_kept;
	uint32_t n_lost_sections;
	bool is_relocatable;
	struct elf_layout layout; /* if so */
};

DEFINE_CLEANUP(struct elf_file *, elf_file_free)

static bool machine_is_known(const GElf_Ehdr *header)
{
	static const uint16_t machines[] = { EM_X86_64, EM_AARCH64, EM_386, EM_ARM, EM_RISCV };

	if (header->e_type != ET_EXEC && header->e_type != ET_DYN && header->e_type != ET_REL)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (header->e_machine == machines[i])
			return true;
	return false;
}

static int add_segment(struct elf_file *file, const GElf_Phdr *segment)
{
	struct elf_description *description = &file->description;
	uint32_t i = description->n_segments;

	if (segment->p_vaddr + segment->p_memsz < segment->p_vaddr ||
	    segment->p_vaddr + segment->p_filesz < segment->p_vaddr ||
	    segment->p_offset + segment->p_filesz < segment->p_offset)
		return -EBADMSG;
	if (i == ELF_FILE_MAX_SEGMENTS)
		return 0;
	for (; i > 0 && description->segments[i - 1].file_off > segment->p_offset; i--)
		description->segments[i] = description->segments[i - 1];
	description->segments[i] = (struct elf_segment){
		.file_off = segment->p_offset,
		.elf_vaddr = segment->p_vaddr,
		.size_bytes = segment->p_filesz,
	};
	description->n_segments++;
	file->code[file->n_code++] = (struct code_range){
		.start_vaddr = segment->p_vaddr,
		.end_vaddr = segment->p_vaddr + segment->p_memsz,
	};
	return 0;
}

static size_t note_bytes(uint64_t size)
{
	return size < MAX_NOTE_BYTES ? size : MAX_NOTE_BYTES;
}

static void find_build_id(struct elf_description *description, const Elf_Data *notes, size_t align)
{
	if (notes && !description->build_id.n_bytes)
		(void)build_id_find(notes->d_buf, note_bytes(notes->d_size), align,
				    &description->build_id);
}

static int read_segments(struct elf_file *file)
{
	size_t n_headers;
	int r;

	if (elf_getphdrnum(file->elf, &n_headers) != 0)
		return -EBADMSG;
	if (n_headers > MAX_PROGRAM_HEADER_BYTES / sizeof(Elf64_Phdr))
		return -EFBIG;
	for (size_t i = 0; i < n_headers; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(file->elf, (int)i, &segment))
			return -EBADMSG;
		if (segment.p_type == PT_NOTE && segment.p_filesz)
			find_build_id(&file->description,
				      elf_getdata_rawchunk(file->elf, (int64_t)segment.p_offset,
							   note_bytes(segment.p_filesz),
							   ELF_T_BYTE),
				      segment.p_align);
		if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X) || !segment.p_memsz)
			continue;
		r = add_segment(file, &segment);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Separate debug files and modules of the kernel have their build id in a section only. */
static void read_note_sections(struct elf_file *file)
{
	Elf_Scn *section = NULL;

	while (!file->description.build_id.n_bytes &&
	       (section = elf_nextscn(file->elf, section)) != NULL) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_type == SHT_NOTE)
			find_build_id(&file->description, elf_rawdata(section, NULL),
				      header.sh_addralign);
	}
}

/* There are no segments, and nothing is where the file says. */
static int lay_out(struct elf_file *file)
{
	int r = elf_layout_make(file->elf, &file->layout);

	if (r < 0)
		return r;
	file->code[file->n_code++] = (struct code_range){
		.start_vaddr = ELF_LAYOUT_VADDR,
		.end_vaddr = file->layout.code_end,
	};
	return 0;
}

/* Takes @elf, which is NULL if libelf did not like it. */
static int open_elf(Elf *elf, struct elf_file **ret_file)
{
	_cleanup_(elf_file_freep) struct elf_file *file = calloc(1, sizeof(*file));
	GElf_Ehdr header;
	int r;

	if (!file) {
		elf_end(elf);
		return -ENOMEM;
	}
	file->elf = elf;
	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF || !gelf_getehdr(file->elf, &header) ||
	    !machine_is_known(&header))
		return -EBADMSG;
	file->is_relocatable = header.e_type == ET_REL;
	r = file->is_relocatable ? lay_out(file) : read_segments(file);
	if (r < 0)
		return r;
	read_note_sections(file);
	*ret_file = steal(file);
	return 0;
}

int elf_file_open(int fd, struct elf_file **ret_file)
{
	struct stat status;

	/* Anything else could block, or grow while it is read. */
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return -EBADMSG;
	elf_version(EV_CURRENT);
	return open_elf(elf_begin(fd, ELF_C_READ_MMAP, NULL), ret_file);
}

int elf_file_open_bytes(char *bytes, size_t size, struct elf_file **ret_file)
{
	elf_version(EV_CURRENT);
	return open_elf(elf_memory(bytes, size), ret_file);
}

struct elf_file *elf_file_free(struct elf_file *file)
{
	if (!file)
		return NULL;
	for (size_t i = 0; i < file->n_kept; i++) {
		inflater_free(file->kept[i].inflater);
		free(file->kept[i].relocated);
	}
	elf_layout_fini(&file->layout);
	elf_end(file->elf);
	free(file);
	return NULL;
}

const struct elf_description *elf_file_describe(const struct elf_file *file)
{
	return &file->description;
}

Elf *elf_file_elf(const struct elf_file *file)
{
	return file->elf;
}

void elf_file_lose_section(struct elf_file *file)
{
	file->n_lost_sections++;
}

uint32_t elf_file_lost_sections(const struct elf_file *file)
{
	return file->n_lost_sections;
}

struct elf_kept_section *elf_file_kept_section(struct elf_file *file, size_t section_i)
{
	for (size_t i = 0; i < file->n_kept; i++)
		if (file->kept[i].section_i == section_i)
			return &file->kept[i];
	if (file->n_kept == MAX_KEPT_SECTIONS)
		return NULL;
	file->kept[file->n_kept].section_i = section_i;
	return &file->kept[file->n_kept++];
}

bool elf_file_is_relocatable(const struct elf_file *file)
{
	return file->is_relocatable;
}

uint64_t elf_file_section_vaddr(const struct elf_file *file, size_t section_i)
{
	Elf_Scn *section;
	GElf_Shdr header;

	if (file->is_relocatable)
		return elf_layout_vaddr(&file->layout, section_i);
	section = elf_getscn(file->elf, section_i);
	return section && gelf_getshdr(section, &header) ? header.sh_addr : 0;
}

uint64_t elf_file_code_end(const struct elf_file *file, uint64_t elf_vaddr)
{
	for (size_t i = 0; i < file->n_code; i++)
		if (elf_vaddr >= file->code[i].start_vaddr && elf_vaddr < file->code[i].end_vaddr)
			return file->code[i].end_vaddr;
	return 0;
}
