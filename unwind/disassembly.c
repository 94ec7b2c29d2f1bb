/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/disassembly.h"

#include <capstone/capstone.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "unwind/elf_content.h"

#define LIBRARY "libcapstone.so.4"

/* What we call of it. Set once, before there is a second thread or process. */
static struct {
	__typeof__(&cs_open) open;
	__typeof__(&cs_close) close;
	__typeof__(&cs_option) option;
	__typeof__(&cs_malloc) malloc;
	__typeof__(&cs_free) free;
	__typeof__(&cs_disasm_iter) disasm_iter;
} capstone;

static const struct machine {
	uint16_t elf_machine;
	cs_arch arch;
	cs_mode mode;
} machines[] = {
	{ EM_X86_64, CS_ARCH_X86, CS_MODE_64 },
	{ EM_AARCH64, CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN },
};

void disassembly_load(void)
{
	void *library = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);

	if (!library)
		return;
	capstone.open = (__typeof__(capstone.open))dlsym(library, "cs_open");
	capstone.close = (__typeof__(capstone.close))dlsym(library, "cs_close");
	capstone.option = (__typeof__(capstone.option))dlsym(library, "cs_option");
	capstone.malloc = (__typeof__(capstone.malloc))dlsym(library, "cs_malloc");
	capstone.free = (__typeof__(capstone.free))dlsym(library, "cs_free");
	capstone.disasm_iter = (__typeof__(capstone.disasm_iter))dlsym(library, "cs_disasm_iter");
}

bool disassembly_is_loaded(void)
{
	return capstone.open && capstone.close && capstone.option && capstone.malloc &&
	       capstone.free && capstone.disasm_iter;
}

static const struct machine *machine_of(const struct elf_file *file)
{
	uint16_t machine = elf_content_machine(file);

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].elf_machine == machine)
			return &machines[i];
	return NULL;
}

static void append_line(const cs_insn *instruction, struct buffer *lines)
{
	struct code_line line = {
		.elf_vaddr = instruction->address,
		.n_bytes = instruction->size < CODE_LINE_MAX_BYTES ? instruction->size
								   : CODE_LINE_MAX_BYTES,
	};

	memcpy(line.bytes, instruction->bytes, line.n_bytes);
	snprintf(line.text, sizeof(line.text), "%s%s%s", instruction->mnemonic,
		 instruction->op_str[0] ? " " : "", instruction->op_str);
	buffer_append(lines, &line, sizeof(line));
}

static int append_all(csh handle, const struct elf_content *code, struct buffer *lines)
{
	cs_insn *instruction = capstone.malloc(handle);
	const uint8_t *bytes = code->bytes;
	uint64_t elf_vaddr = code->elf_vaddr;
	size_t size = code->size;

	if (!instruction)
		return -ENOMEM;
	while (!buffer_error(lines) &&
	       capstone.disasm_iter(handle, &bytes, &size, &elf_vaddr, instruction))
		append_line(instruction, lines);
	capstone.free(instruction, 1);
	return buffer_error(lines);
}

int disassembly_append(const struct elf_file *file, struct code_range range,
		       struct buffer *ret_lines)
{
	const struct machine *machine = machine_of(file);
	struct elf_content code;
	csh handle;
	int r;

	if (!machine)
		return -ENOTSUP;
	if (!disassembly_is_loaded())
		return -ENOSYS;
	if (range.start_vaddr >= range.end_vaddr)
		return -ENODATA;
	if (range.end_vaddr - range.start_vaddr > CODE_MAX_BYTES)
		return -EFBIG;
	code = elf_content_at(file, range.start_vaddr);
	if (code.size < range.end_vaddr - range.start_vaddr)
		return -ENODATA;
	code.elf_vaddr = range.start_vaddr;
	code.size = range.end_vaddr - range.start_vaddr;
	if (capstone.open(machine->arch, machine->mode, &handle) != CS_ERR_OK)
		return -ENOMEM;
	capstone.option(handle, CS_OPT_SKIPDATA, CS_OPT_ON);
	r = append_all(handle, &code, ret_lines);
	capstone.close(&handle);
	return r;
}
