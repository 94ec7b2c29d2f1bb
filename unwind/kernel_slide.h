/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernel slide: how far from where its file says the running kernel lies. At each boot, it is put
 * elsewhere (KASLR), all of it by the same distance.
 */

#include <stddef.h>
#include <stdint.h>

struct elf_file;

/*
 * Compare the start of the kernel's text as @kallsyms has it, @size bytes in the format of
 * /proc/kallsyms, with the symbol in @vmlinux, the kernel's own file.
 *
 * Returns 0 and sets *@ret_slide, which is to be added to addresses of @vmlinux, or -ENODATA: one
 * of them does not say, or addresses are hidden.
 */
int kernel_slide_find(const char *kallsyms, size_t size, struct elf_file *vmlinux,
		      uint64_t *ret_slide);
