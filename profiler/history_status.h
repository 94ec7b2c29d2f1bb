/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History status: what history tells of itself.
 */

#include <stdint.h>

/* `pilotlight_store_errors_total{reason}` */
enum history_error {
	HISTORY_ERROR_FULL,      /* the disk is */
	HISTORY_ERROR_READ_ONLY, /* the disk, or the file, is */
	HISTORY_ERROR_DAMAGED,   /* the database; it was put aside */
	HISTORY_ERROR_BUSY,      /* another process has it */
	HISTORY_ERROR_VERSION,   /* a newer Pilotlight has written it; it is left alone */
	HISTORY_ERROR_NO_MEMORY,
	HISTORY_ERROR_IO, /* anything else that the disk may say */
	HISTORY_ERROR_COUNT,
};

/* "full", "read_only" … */
extern const char *const history_error_names[HISTORY_ERROR_COUNT];

struct history_status {
	uint64_t written;         /* samples */
	uint64_t damaged;         /* windows and sums of samples that could not be read: left out */
	uint64_t windows_expired; /* by age */
	uint64_t windows_evicted; /* by the bound on bytes, before their time */
	uint64_t moments_evicted; /* pieces of exact times, likewise */
	uint64_t rows_collected;  /* of dictionaries, that nothing used any more */
	uint64_t roll_ups;
	uint64_t errors[HISTORY_ERROR_COUNT];
	int64_t bytes;         /* of the database */
	int64_t moments_bytes; /* of that, what exact times take */
	int64_t oldest_unix_s; /* start of the first window, 0 if there is none */
	int64_t newest_unix_s; /* of the last, likewise: nothing newer begins before that */
};
