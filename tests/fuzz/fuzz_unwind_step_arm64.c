/* SPDX-License-Identifier: Apache-2.0 */
/* The steps through stacks of arm64, on whatever machine this is. */
#define ARCH_IS_ARM64 1

#include "fuzz_unwind_step.c"
