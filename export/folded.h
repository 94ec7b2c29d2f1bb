/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Folded: one line a stack, `process;root;…;leaf COUNT`, for people, grep and flame graph tools.
 *
 * Lines are sorted by text, and no two have the same stack. Functions that were inlined end in
 * `_[i]`, those of the kernel in `_[k]`, generated code in `_[j]`. COUNT is samples. A name holds
 * neither ";" nor line breaks: see text_append_field().
 */

struct buffer;
struct profile;

/* See encoder.h. */
int folded_encode(const struct profile *profile, struct buffer *out);
