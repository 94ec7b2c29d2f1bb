/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON text: what is more than a number, appended to an answer as it goes, without a tree of it in
 * memory. Errors are those of the buffer.
 */

#include <stddef.h>
#include <stdint.h>

struct buffer;
struct label;

/* Append @text in quotes; bytes that are no UTF-8 become U+FFFD. */
void json_text_append_string(struct buffer *out, const char *text);

/* Append an object: names and values of @labels. */
void json_text_append_labels(struct buffer *out, const struct label *labels, size_t n_labels);

/* Append an array: the names of the query limits whose bits @limits_met has. */
void json_text_append_limits(struct buffer *out, unsigned int limits_met);

/* Append @ns as a number of seconds, exactly. */
void json_text_append_seconds(struct buffer *out, int64_t ns);
