/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Code range: the machine code of a function, as the ELF file numbers its addresses.
 */

#include <stdint.h>

struct code_range {
	uint64_t start_vaddr;
	uint64_t end_vaddr;
};
