/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Encoder: a profile as bytes that someone else's tool reads. One file an encoder; this table is
 * how they are found.
 */

#include <stdbool.h>

struct buffer;
struct profile;

struct encoder {
	const char *name;        /* `format=` of /api/v1/profile */
	const char *file_ending; /* of `record -o`: ".pb.gz" */
	const char *media_type;  /* Content-Type */
	bool wants_moments;      /* shows samples one by one, if the profile has them so */

	/*
	 * Append the encoded @profile to @out. Returns 0, -ENOMEM, or -EFBIG when @out has a limit
	 * that does not suffice.
	 */
	int (*encode)(const struct profile *profile, struct buffer *out);
};

/* The encoders, pprof first; ends with one whose name is NULL. */
extern const struct encoder encoders[];

/* What shows samples one by one in the format of @encoder: often itself; or NULL: nothing can. */
const struct encoder *encoder_in_time(const struct encoder *encoder);

/* The encoder of that name, or NULL. */
const struct encoder *encoder_find(const char *name);

/* The encoder whose ending @path has, or NULL. */
const struct encoder *encoder_find_by_path(const char *path);
