/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Demangle counter: how often names are demangled, in a test that is linked with --wrap for what
 * does that.
 */

#include <stddef.h>

extern size_t demangle_count;
