/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/profiler/demangle_counter.h"

#include "unwind/demangle.h"

size_t demangle_count;

/* The linker's names for what stands in for a function, and for the function itself. */
size_t __wrap_demangle(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES]);
size_t __real_demangle(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES]);

size_t __wrap_demangle(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES])
{
	demangle_count++;
	return __real_demangle(symbol, ret_name);
}
