/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/profiler/demangle_counter.h"

#include "unwind/demangle.h"

size_t demangle_count;

/* The linker's names for what stands in for functions, and for the functions themselves. */
size_t __wrap_demangle(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES]);
size_t __real_demangle(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES]);
size_t __wrap_demangle_and_tell(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES],
				bool *ret_is_refused);
size_t __real_demangle_and_tell(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES],
				bool *ret_is_refused);

size_t __wrap_demangle(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES])
{
	demangle_count++;
	return __real_demangle(symbol, ret_name);
}

size_t __wrap_demangle_and_tell(const char *symbol, char ret_name[DEMANGLE_MAX_BYTES],
				bool *ret_is_refused)
{
	demangle_count++;
	return __real_demangle_and_tell(symbol, ret_name, ret_is_refused);
}
