/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * MD5 (RFC 1321): not for secrets, but for numbers that others compute in the same way.
 */

#include <stddef.h>
#include <stdint.h>

enum { MD5_BYTES = 16 };

void md5(const void *bytes, size_t size, uint8_t ret_digest[MD5_BYTES]);
