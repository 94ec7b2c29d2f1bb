/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pprof tables: what the samples of a pprof file refer to, by numbers and ids of the file's own.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/base/buffer.h"
#include "profiler/pair_map.h"

struct complaint;
struct profile;
struct profile_line;
struct protobuf_field;

struct pprof_tables {
	struct profile *profile; /* borrowed; has extras */
	struct complaint *complaint;
	uint64_t at;       /* offset of the field that is being read, for complaints */
	uint32_t *strings; /* the file's numbers → the profile's */
	size_t n_strings;
	size_t string_capacity;
	struct pair_map mappings, functions, locations; /* ids → indices */
	struct profile_line *lines;                     /* scratch */
	size_t line_capacity;
	struct buffer text; /* scratch */
};

/* Works on a zeroed struct. */
void pprof_tables_fini(struct pprof_tables *tables);

/* Complain of @what, a number of the file. Always returns -EBADMSG. */
int pprof_refuse(struct pprof_tables *tables, const char *what, uint64_t number);

/* The profile's string of that number. Returns 0 or -EBADMSG. */
int pprof_find_string(struct pprof_tables *tables, uint64_t number, uint32_t *ret_string);

/* Each adds one thing to the profile; to be called in this order: all strings first … Returns 0,
 * -EBADMSG or -ENOMEM. */
int pprof_read_string(struct pprof_tables *tables, const struct protobuf_field *field);
int pprof_read_mapping(struct pprof_tables *tables, const struct protobuf_field *field);
int pprof_read_function(struct pprof_tables *tables, const struct protobuf_field *field);
int pprof_read_location(struct pprof_tables *tables, const struct protobuf_field *field);
