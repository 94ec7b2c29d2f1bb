/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/build_id.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "profiler/base/file.h"

enum {
	MAX_PROGRAM_HEADERS = 64, /* a program has about a dozen */
	MAX_SECTION_HEADERS =
		256,           /* a module of the kernel, with its debug information, up to 100 */
	MAX_NOTE_BYTES = 4096, /* of one segment; a program has some hundred */
};

/* The two classes differ in the widths of fields only. */
union elf_header {
	unsigned char ident[EI_NIDENT];
	Elf32_Ehdr e32;
	Elf64_Ehdr e64;
};

union program_headers {
	Elf32_Phdr e32[MAX_PROGRAM_HEADERS];
	Elf64_Phdr e64[MAX_PROGRAM_HEADERS];
};

union section_headers {
	Elf32_Shdr e32[MAX_SECTION_HEADERS];
	Elf64_Shdr e64[MAX_SECTION_HEADERS];
};

/* Of program headers, or, where there are none, a section. */
struct segment {
	bool is_notes;
	uint64_t file_off;
	uint64_t size_bytes;
	uint64_t align;
};

static bool is_64_bit(const union elf_header *header)
{
	return header->ident[EI_CLASS] == ELFCLASS64;
}

/* The type is at the same place in both classes. */
static bool is_relocatable(const union elf_header *header)
{
	return header->e64.e_type == ET_REL;
}

static int read_header(int fd, union elf_header *ret_header)
{
	int r = file_read_at(fd, ret_header, sizeof(*ret_header), 0);

	if (r < 0)
		return r == -ENODATA ? -EBADMSG : r;
	if (memcmp(ret_header->ident, ELFMAG, SELFMAG) != 0 ||
	    ret_header->ident[EI_DATA] != ELFDATA2LSB ||
	    (ret_header->ident[EI_CLASS] != ELFCLASS32 && !is_64_bit(ret_header)))
		return -EBADMSG;
	return 0;
}

/* Read @n headers, of one of two sizes each. */
static int read_headers(int fd, void *headers, size_t n, size_t header_bytes, uint64_t file_off)
{
	int r = file_read_at(fd, headers, n * header_bytes, file_off);

	return r == -ENODATA ? -EBADMSG : r;
}

static struct segment segment_of(const union elf_header *header,
				 const union program_headers *headers, size_t i)
{
	const Elf32_Phdr *e32 = &headers->e32[i];
	const Elf64_Phdr *e64 = &headers->e64[i];

	if (is_64_bit(header))
		return (struct segment){ e64->p_type == PT_NOTE, e64->p_offset, e64->p_filesz,
					 e64->p_align };
	return (struct segment){ e32->p_type == PT_NOTE, e32->p_offset, e32->p_filesz,
				 e32->p_align };
}

static struct segment section_of(const union elf_header *header,
				 const union section_headers *headers, size_t i)
{
	const Elf32_Shdr *e32 = &headers->e32[i];
	const Elf64_Shdr *e64 = &headers->e64[i];

	if (is_64_bit(header))
		return (struct segment){ e64->sh_type == SHT_NOTE, e64->sh_offset, e64->sh_size,
					 e64->sh_addralign };
	return (struct segment){ e32->sh_type == SHT_NOTE, e32->sh_offset, e32->sh_size,
				 e32->sh_addralign };
}

static int read_notes(int fd, const struct segment *segment, struct build_id *ret_id)
{
	uint8_t notes[MAX_NOTE_BYTES];
	size_t size = segment->size_bytes < sizeof(notes) ? segment->size_bytes : sizeof(notes);
	int r = file_read_at(fd, notes, size, segment->file_off);

	if (r < 0)
		return r;
	return build_id_find(notes, size, segment->align, ret_id) ? 0 : -ENODATA;
}

static int read_from_segments(int fd, const union elf_header *header, struct build_id *ret_id)
{
	union program_headers headers;
	size_t n = is_64_bit(header) ? header->e64.e_phnum : header->e32.e_phnum;
	size_t size = is_64_bit(header) ? header->e64.e_phentsize : header->e32.e_phentsize;
	int r;

	if (size != (is_64_bit(header) ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
		return -EBADMSG;
	if (n > MAX_PROGRAM_HEADERS)
		n = MAX_PROGRAM_HEADERS;
	r = read_headers(fd, &headers, n, size,
			 is_64_bit(header) ? header->e64.e_phoff : header->e32.e_phoff);
	if (r < 0)
		return r;
	r = -ENODATA;
	for (size_t i = 0; i < n && r == -ENODATA; i++) {
		const struct segment segment = segment_of(header, &headers, i);

		if (segment.is_notes)
			r = read_notes(fd, &segment, ret_id);
	}
	return r;
}

static int read_from_sections(int fd, const union elf_header *header, struct build_id *ret_id)
{
	union section_headers headers;
	size_t n = is_64_bit(header) ? header->e64.e_shnum : header->e32.e_shnum;
	size_t size = is_64_bit(header) ? header->e64.e_shentsize : header->e32.e_shentsize;
	int r;

	if (size != (is_64_bit(header) ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)))
		return -EBADMSG;
	if (n > MAX_SECTION_HEADERS)
		n = MAX_SECTION_HEADERS;
	r = read_headers(fd, &headers, n, size,
			 is_64_bit(header) ? header->e64.e_shoff : header->e32.e_shoff);
	if (r < 0)
		return r;
	r = -ENODATA;
	for (size_t i = 0; i < n && r == -ENODATA; i++) {
		const struct segment section = section_of(header, &headers, i);

		if (section.is_notes)
			r = read_notes(fd, &section, ret_id);
	}
	return r;
}

int build_id_read(int fd, struct build_id *ret_id)
{
	union elf_header header;
	int r = read_header(fd, &header);

	if (r < 0)
		return r;
	return is_relocatable(&header) ? read_from_sections(fd, &header, ret_id)
				       : read_from_segments(fd, &header, ret_id);
}

static bool is_build_id(const Elf32_Nhdr *note, const void *name)
{
	return note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof("GNU") &&
	       memcmp(name, "GNU", sizeof("GNU")) == 0 && note->n_descsz > 0 &&
	       note->n_descsz <= BUILD_ID_MAX_BYTES;
}

static uint64_t aligned(uint64_t size, uint64_t align)
{
	return (size + align - 1) & ~(align - 1);
}

bool build_id_find(const void *notes, size_t size, size_t align, struct build_id *ret_id)
{
	const uint8_t *next = notes;
	uint64_t n_left = size;
	Elf32_Nhdr note; /* of the same form in both classes */

	if (align != 8)
		align = 4;
	while (n_left >= sizeof(note)) {
		uint64_t id_off, end;

		memcpy(&note, next, sizeof(note));
		id_off = aligned(sizeof(note) + (uint64_t)note.n_namesz, align);
		if (id_off + note.n_descsz > n_left)
			return false;
		if (is_build_id(&note, next + sizeof(note))) {
			*ret_id = (struct build_id){ .n_bytes = note.n_descsz };
			memcpy(ret_id->bytes, next + id_off, note.n_descsz);
			return true;
		}
		end = aligned(id_off + note.n_descsz, align);
		if (end >= n_left)
			return false;
		next += end;
		n_left -= end;
	}
	return false;
}
