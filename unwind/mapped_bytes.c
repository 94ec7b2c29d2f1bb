/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/mapped_bytes.h"

#include <sys/mman.h>
#include <unistd.h>

void mapped_bytes_release(const uint8_t *bytes, size_t size)
{
	uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t before = -(uintptr_t)bytes % page_bytes; /* to the first whole page */

	if (size <= before)
		return;
	size = (size - before) / page_bytes * page_bytes;
	if (size)
		madvise((void *)((uintptr_t)bytes + before), size, MADV_DONTNEED);
}
