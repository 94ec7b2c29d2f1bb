/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * UI files: everything in web/ui/, as it was when the program was built, each as a gzip file.
 *
 * The table is written by embed_ui.py.
 */

#include <stddef.h>

struct ui_file {
	const char *name; /* "index.html": what follows the slash in a URL */
	const char *media_type;
	const char *etag;           /* of the contents, in quotes */
	const unsigned char *bytes; /* gzip'd */
	size_t size;
};

/* Sorted by name; ends with one whose name is NULL. */
extern const struct ui_file ui_files[];

/* The file of that name, or NULL. */
const struct ui_file *ui_file_find(const char *name);
