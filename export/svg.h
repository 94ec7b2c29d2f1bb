/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Svg: a flame graph in one file, which refers to nothing outside of it; for tickets and mail.
 *
 * The root is on top. Without its script it is a picture: each frame has a <title>, names are cut
 * to their boxes, colours follow the reader's light or dark theme. With it, a click zooms, and a
 * search by regular expression tells the share of samples that match. Widths are relative, so that
 * it fills a window of any width.
 *
 * Frames too narrow to be seen are not drawn; the picture says how many, and how many samples end
 * in them.
 */

struct buffer;
struct profile;

/* See encoder.h. */
int svg_encode(const struct profile *profile, struct buffer *out);
