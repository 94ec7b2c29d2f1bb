/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Text: names of processes, files and functions, as a format can hold them.
 *
 * Strangers choose these names: they may hold any byte but NUL. Each function appends @text to @out
 * as well-formed UTF-8, in which U+FFFD stands for every byte that was none.
 */

struct buffer;

void text_append_utf8(struct buffer *out, const char *text);

/*
 * As one field of a line whose fields end in ";": a semicolon, and all that could end or disguise a
 * line (controls, line separators, marks that turn the direction of writing), is \xHH for each of
 * its bytes. So is a backslash before an "x": what was escaped can be told from what was not.
 */
void text_append_field(struct buffer *out, const char *text);

/* As above, without the semicolon: the rest of a line. */
void text_append_line(struct buffer *out, const char *text);

/* As above, and spaces, too: one word of a line. */
void text_append_word(struct buffer *out, const char *text);

/* As a line, for XML: fit for an element's content and a quoted attribute. */
void text_append_xml(struct buffer *out, const char *text);

/* What stands between the quotes of a string of JSON, which reads back as it was; fit for a
 * <script> of HTML, too, whose end it cannot hold. */
void text_append_json(struct buffer *out, const char *text);
