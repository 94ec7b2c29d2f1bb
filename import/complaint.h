/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Complaint: what is wrong with a file, and where, in half a sentence for the person who has it.
 */

#define COMPLAINT_BYTES 256

struct complaint {
	char text[COMPLAINT_BYTES];
};

/* The first one counts. Always returns -EBADMSG. */
int complain(struct complaint *complaint, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
