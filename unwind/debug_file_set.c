/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/debug_file_set.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "unwind/debug_reference.h"
#include "unwind/elf_file.h"

enum { CHUNK_BYTES = 64 << 10 };

static bool is_same_id(const struct build_id *id, const struct build_id *other)
{
	return id->n_bytes && memcmp(id, other, sizeof(*id)) == 0;
}

static const struct build_id *id_of(const struct elf_file *file)
{
	return &elf_file_describe(file)->build_id;
}

/* What @files name and do not have, of @kind. Returns whether there is one. */
static bool find_reference(const struct debug_files *files, enum debug_reference_kind kind,
			   struct debug_reference *ret_reference)
{
	struct debug_reference references[2];
	size_t n = debug_references_read(files, references, 2);

	for (size_t i = 0; i < n; i++) {
		if (references[i].kind == kind) {
			*ret_reference = references[i];
			return true;
		}
	}
	return false;
}

/* Of the whole file, as .gnu_debuglink has it. */
static bool has_sum(int fd, uint32_t sum)
{
	static uint8_t chunk[CHUNK_BYTES];
	uint32_t crc = 0;
	off_t offset = 0;
	ssize_t n;

	while ((n = pread(fd, chunk, sizeof(chunk), offset)) > 0) {
		crc = (uint32_t)crc32_z(crc, chunk, (size_t)n);
		offset += n;
	}
	return n == 0 && crc == sum;
}

static bool is_debug_file(const struct debug_file_set *set, const struct elf_file *file, int fd)
{
	struct debug_reference link;

	if (is_same_id(id_of(file), id_of(set->files.binary)))
		return true;
	return find_reference(&set->files, DEBUG_REFERENCE_LINK, &link) && has_sum(fd, link.crc32);
}

static bool is_alternate(const struct debug_file_set *set, const struct elf_file *file)
{
	struct debug_reference alternate;

	return find_reference(&set->files, DEBUG_REFERENCE_ALTERNATE, &alternate) &&
	       is_same_id(&alternate.build_id, id_of(file));
}

/* Returns whether the set has a place for it. */
static bool place(struct debug_file_set *set, const struct debug_offer *offer,
		  struct elf_file *file)
{
	struct debug_files *files = &set->files;

	switch (offer->kind) {
	case DEBUG_REFERENCE_LINK:
		if (files->debug || !is_debug_file(set, file, offer->fd))
			return false;
		files->debug = file;
		return true;
	case DEBUG_REFERENCE_ALTERNATE:
		if (files->alternate || !is_alternate(set, file))
			return false;
		files->alternate = file;
		return true;
	case DEBUG_REFERENCE_PACKAGE:
		if (files->package)
			return false;
		files->package = file;
		return true;
	case DEBUG_REFERENCE_OBJECT:
		files->objects[files->n_objects++] = file;
		return true;
	default:
		return false;
	}
}

int debug_file_set_init(struct debug_file_set *set, struct elf_file *binary,
			const struct debug_offer *offers, size_t n_offers)
{
	*set = (struct debug_file_set){ .files.binary = binary };
	set->owned = calloc(n_offers + 1, sizeof(struct elf_file *));
	set->files.objects = calloc(n_offers + 1, sizeof(struct elf_file *));
	if (!set->owned || !set->files.objects) {
		debug_file_set_fini(set);
		return -ENOMEM;
	}
	/* In the order of kinds: the alternate is that of the debug file. */
	for (uint32_t kind = 0; kind <= DEBUG_REFERENCE_OBJECT; kind++) {
		for (size_t i = 0; i < n_offers; i++) {
			struct elf_file *file;

			if (offers[i].kind != kind || elf_file_open(offers[i].fd, &file) < 0)
				continue;
			if (place(set, &offers[i], file))
				set->owned[set->n_owned++] = file;
			else
				elf_file_free(file);
		}
	}
	return 0;
}

void debug_file_set_fini(struct debug_file_set *set)
{
	for (size_t i = 0; i < set->n_owned; i++)
		elf_file_free(set->owned[i]);
	free(set->owned);
	free(set->files.objects);
	*set = (struct debug_file_set){ 0 };
}
