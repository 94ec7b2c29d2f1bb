/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/packed_section.h"

#include <elf.h>
#include <string.h>

#define COMPRESSED_ZSTD 2 /* ELFCOMPRESS_ZSTD, which elf.h does not know yet */

static bool set_format(uint32_t type, struct inflater_source *source)
{
	source->format = type == COMPRESSED_ZSTD ? INFLATER_ZSTD : INFLATER_ZLIB;
	return type == ELFCOMPRESS_ZLIB || type == COMPRESSED_ZSTD;
}

bool packed_section_read(const uint8_t *bytes, size_t size, bool is_64_bit,
			 struct inflater_source *ret_source)
{
	size_t head_bytes = is_64_bit ? sizeof(Elf64_Chdr) : sizeof(Elf32_Chdr);
	Elf64_Chdr head_64;
	Elf32_Chdr head_32;

	if (size < head_bytes)
		return false;
	memcpy(&head_64, bytes, head_bytes);
	memcpy(&head_32, bytes, sizeof(head_32));
	ret_source->packed = bytes + head_bytes;
	ret_source->packed_bytes = size - head_bytes;
	ret_source->size = is_64_bit ? head_64.ch_size : head_32.ch_size;
	return set_format(head_32.ch_type, ret_source);
}

/* "ZLIB", the size as eight bytes, big end first, and the stream. */
bool packed_section_read_gnu(const uint8_t *bytes, size_t size, struct inflater_source *ret_source)
{
	uint64_t unpacked_size;

	if (size < 12 || memcmp(bytes, "ZLIB", 4) != 0)
		return false;
	memcpy(&unpacked_size, bytes + 4, sizeof(unpacked_size));
	*ret_source = (struct inflater_source){
		.format = INFLATER_ZLIB,
		.packed = bytes + 12,
		.packed_bytes = size - 12,
		.size = __builtin_bswap64(unpacked_size),
	};
	return true;
}
