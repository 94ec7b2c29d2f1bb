/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/finding.h"

#include <stdarg.h>
#include <stdio.h>

void finding_set(struct finding *finding, enum verdict verdict, const char *format, ...)
{
	va_list args;

	finding->verdict = verdict;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}
