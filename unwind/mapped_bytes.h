/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Mapped bytes: of a file that is mapped, for reading only.
 */

#include <stddef.h>
#include <stdint.h>

/* Give back the memory of the pages that lie in these bytes: who reads them again gets them from
 * the file again. */
void mapped_bytes_release(const uint8_t *bytes, size_t size);
