/* SPDX-License-Identifier: Apache-2.0 */
#include "import/complaint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int complain(struct complaint *complaint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!complaint->text[0])
		vsnprintf(complaint->text, sizeof(complaint->text), format, args);
	va_end(args);
	return -EBADMSG;
}
