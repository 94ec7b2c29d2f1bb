/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/kernel_slide.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "unwind/elf_content.h"

/* Either one is at, or near, the start of the text. */
static const char *const names[] = { "_stext", "_text" };

/* The address in the line of @name: "ffffffff81000000 T _stext". */
static uint64_t running_address(const char *kallsyms, size_t size, const char *name)
{
	const char *end = kallsyms + size, *found = kallsyms;
	size_t length = strlen(name);

	while ((found = memmem(found, (size_t)(end - found), name, length)) != NULL) {
		const char *after = found + length;

		if (found - kallsyms >= 19 && found[-1] == ' ' && found[-3] == ' ' &&
		    (after == end || *after == '\n'))
			return strtoull(found - 19, NULL, 16);
		found = after;
	}
	return 0;
}

/* The name that @symbol has in @strings, if that is it. */
static bool is_named(const Elf64_Sym *symbol, const struct elf_content *strings, const char *name)
{
	size_t length = strlen(name) + 1;

	return symbol->st_name < strings->size && strings->size - symbol->st_name >= length &&
	       memcmp(strings->bytes + symbol->st_name, name, length) == 0;
}

static uint64_t address_in_file(struct elf_file *vmlinux, const char *name)
{
	struct elf_content symbols = elf_content_section(vmlinux, ".symtab");
	struct elf_content strings = elf_content_section(vmlinux, ".strtab");
	Elf64_Sym symbol;

	for (size_t i = 0; i < symbols.size / sizeof(symbol); i++) {
		memcpy(&symbol, symbols.bytes + i * sizeof(symbol), sizeof(symbol));
		if (symbol.st_value && is_named(&symbol, &strings, name))
			return symbol.st_value;
	}
	return 0;
}

int kernel_slide_find(const char *kallsyms, size_t size, struct elf_file *vmlinux,
		      uint64_t *ret_slide)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		uint64_t running = running_address(kallsyms, size, names[i]);
		uint64_t in_file = running ? address_in_file(vmlinux, names[i]) : 0;

		if (in_file) {
			*ret_slide = running - in_file;
			return 0;
		}
	}
	return -ENODATA;
}
