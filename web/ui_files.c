/* SPDX-License-Identifier: Apache-2.0 */
#include "web/ui_files.h"

#include <string.h>

const struct ui_file *ui_file_find(const char *name)
{
	for (const struct ui_file *file = ui_files; file->name; file++) {
		if (!strcmp(file->name, name))
			return file;
	}
	return NULL;
}
