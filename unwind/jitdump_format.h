/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The format of jitdump files: see unwind/jitdump.h for where it is defined.
 */

#include <stdint.h>

#define JITDUMP_MAGIC        0x4a695444 /* as a number of the machine that wrote it */
#define JITDUMP_OTHER_MAGIC  0x4454694a /* … of a machine of the other byte order */
#define JITDUMP_VERSION      1
#define JITDUMP_HEADER_BYTES 40

enum jitdump_record_id {
	JITDUMP_LOAD,
	JITDUMP_MOVE,
	JITDUMP_DEBUG_INFO,
};

/* What each record begins with. */
struct jitdump_record {
	uint32_t id;
	uint32_t n_bytes; /* of all of it, this included */
	uint64_t time;
};

#define JITDUMP_LOAD_BYTES 40 /* before the name, which is followed by the code */
#define JITDUMP_MOVE_BYTES 48
