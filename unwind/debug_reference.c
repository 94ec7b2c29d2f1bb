/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/debug_reference.h"

#include <stdbool.h>
#include <string.h>

#include "unwind/debug_files.h"
#include "unwind/elf_content.h"

/* Copy the terminated string that @content starts with. Returns its length, or 0. */
static size_t copy_name(const struct elf_content *content,
			char ret_name[DEBUG_REFERENCE_PATH_BYTES])
{
	size_t length = content->bytes ? strnlen((const char *)content->bytes, content->size) : 0;

	if (length == content->size || length >= DEBUG_REFERENCE_PATH_BYTES)
		return 0;
	memcpy(ret_name, content->bytes, length);
	return length;
}

/* The name, padded to four bytes, and the checksum: "Separate Debug Files" in GDB's manual. */
static bool read_link(struct elf_file *file, struct debug_reference *ret_reference)
{
	const struct elf_content content = elf_content_section(file, ".gnu_debuglink");
	size_t length = copy_name(&content, ret_reference->name);
	size_t crc32_off = (length / 4 + 1) * 4;

	if (!length || content.size < crc32_off + sizeof(ret_reference->crc32))
		return false;
	ret_reference->kind = DEBUG_REFERENCE_LINK;
	memcpy(&ret_reference->crc32, content.bytes + crc32_off, sizeof(ret_reference->crc32));
	return true;
}

/* The name, and the build id behind its end: dwz(1). */
static bool read_alternate(struct elf_file *file, struct debug_reference *ret_reference)
{
	const struct elf_content content = elf_content_section(file, ".gnu_debugaltlink");
	size_t length = copy_name(&content, ret_reference->name);
	size_t n_bytes = content.size - length - 1;

	if (!length || n_bytes > BUILD_ID_MAX_BYTES)
		return false;
	ret_reference->kind = DEBUG_REFERENCE_ALTERNATE;
	ret_reference->build_id.n_bytes = (uint32_t)n_bytes;
	memcpy(ret_reference->build_id.bytes, content.bytes + length + 1, n_bytes);
	return true;
}

size_t debug_references_read(const struct debug_files *files,
			     struct debug_reference *ret_references, size_t max)
{
	struct elf_file *holder = files->debug ? files->debug : files->binary;
	size_t n = 0;

	memset(ret_references, 0, max * sizeof(*ret_references));
	if (!files->debug && n < max)
		n += read_link(files->binary, &ret_references[n]);
	if (!files->alternate && n < max)
		n += read_alternate(holder, &ret_references[n]);
	return n;
}
