/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Demangle counter: how often demangle() is called, in a test that is linked with --wrap=demangle.
 */

#include <stddef.h>

extern size_t demangle_count;
