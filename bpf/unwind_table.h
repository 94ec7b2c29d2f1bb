/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Unwind table: from a place in a file to the rule that leads to its caller. The format that the
 * resolver compiles, the sampler checks and copies into the maps, and BPF programs read.
 *
 *     file_off ──► chunk (64 KiB of file) ──► bucket (256 bytes) ──► row: u8 low byte ──► rule
 *
 * Keyed by file offset, so that one table serves every process wherever it has mapped the file. A
 * chunk is self-contained:
 *
 *     uint16_t first_row[257]  of each bucket, and one past the last: rows of bucket b are
 *                              [first_row[b], first_row[b + 1])
 *     uint16_t unused[3]
 *     uint8_t  low[n_rows]     low byte of the file offset at which a row begins, ascending in a
 *                              bucket; padded to 8 bytes, and by 8 more, so that readers may load
 *                              eight at once
 *     uint16_t rule[n_rows]    index into the rules; padded to 8 bytes
 *
 * A row holds until the next row of the chunk. A bucket without a row of its own at its start goes
 * on with the last row before it; the first row of a chunk is that which holds at its start.
 */

#ifdef __bpf__
#include "bpf/kernel.h"
#else
#include <stdint.h>
#endif

enum {
	UNWIND_CHUNK_SHIFT = 16,
	UNWIND_BUCKET_SHIFT = 8,
	UNWIND_BUCKETS = 256,                                /* in a chunk */
	UNWIND_CHUNK_LOW_OFF = (UNWIND_BUCKETS + 1 + 3) * 2, /* bytes: where low[] lies */
	UNWIND_MAX_CHUNK_BYTES = 256 << 10,
	UNWIND_MAX_RULES = 16384,     /* of all files together, in the maps */
	UNWIND_MAX_FILE_RULES = 4096, /* of one, so that none takes them all: five times LLVM's */
};

/* What low[] and rule[] take of a chunk, with their padding. */
#define UNWIND_CHUNK_LOW_BYTES(n_rows)  ((((n_rows) + 7) & ~7U) + 8)
#define UNWIND_CHUNK_RULE_BYTES(n_rows) (((n_rows)*2 + 7) & ~7U)

/* How to find the canonical frame address: the caller's stack pointer. */
enum unwind_cfa_kind {
	UNWIND_CFA_NONE,        /* nothing is known: by frame pointer, if that can be checked */
	UNWIND_CFA_SP,          /* sp + cfa_off */
	UNWIND_CFA_FP,          /* fp + cfa_off */
	UNWIND_CFA_PLT,         /* sp + 8 + ((pc & 15) >= cfa_off ? 8 : 0) */
	UNWIND_CFA_DEREF_SP,    /* *(sp + (cfa_off & ~7)) + (cfa_off & 7) * 8 */
	UNWIND_CFA_DEREF_FP,    /* *(fp + (cfa_off & ~7)) + (cfa_off & 7) * 8 */
	UNWIND_CFA_REGISTER,    /* register + cfa_off: known at the leaf, or after a signal, only */
	UNWIND_CFA_SIGNAL,      /* a signal frame: all registers are on the stack */
	UNWIND_CFA_END,         /* the entry of a thread: there is no caller */
	UNWIND_CFA_UNSUPPORTED, /* there is a rule, and it cannot be said here */
	UNWIND_CFA_FP_ANYWHERE, /* fp + cfa_off, which may lie on another stack: below sp too */
	UNWIND_CFA_GO_SAVED,    /* where Go's runtime has left the goroutine: see below */
	UNWIND_CFA_JUMP,        /* to the pc in reg: sp is in register cfa_off, and fp in fp_off */
	UNWIND_CFA_LANDING,     /* where libgcc has prepared to go: see below */
	UNWIND_CFA_KIND_COUNT,
};

/*
 * UNWIND_CFA_GO_SAVED: the stack goes on in the goroutine that the thread has in its keeping, in
 * Go's words m.curg, found as the runtime itself finds it:
 *
 *     g = *(thread pointer + (cfa_off & ~7)), m = *(g + 48), curg = *(m + fp_off),
 *     saved = curg + 56: its sp, and its pc behind that
 *
 * The bits below, cfa_off & 7, tell how it was left. fp_off is a multiple of 8.
 */
enum unwind_go_way {
	UNWIND_GO_CALLS,   /* in a call: at its sp is the return address */
	UNWIND_GO_RESUMES, /* at its pc, with its sp */
	UNWIND_GO_ENTERS,  /* likewise, and sp is its already */
	UNWIND_GO_WAY_COUNT,
};

enum {
	UNWIND_GO_M_OFF = 48,     /* of g.m, which g.sched, what is saved, follows */
	UNWIND_GO_SAVED_WORDS = 3 /* m, sp, pc */
};

/*
 * UNWIND_CFA_LANDING: libgcc leaves its own frames for the landing pad of an exception. It writes
 * that frame's registers over those that it has saved itself, so what its call frame information
 * says is true no more; but all of it is in its struct _Unwind_Context:
 *
 *     at = register reg + cfa_off: sp, and pc, exactly: there is no call before a landing pad
 *     fp = **(at + fp_off)
 *
 * reg is ARCH_FP or ARCH_SP.
 */

/* Where the caller's frame pointer is. On arm64, whose functions save it next to the return
 * address, fp_off is where that one is, and UNWIND_FP_CFA is *(cfa + fp_off - 8). */
enum unwind_fp_kind {
	UNWIND_FP_SAME,      /* unchanged */
	UNWIND_FP_CFA,       /* *(cfa + fp_off) */
	UNWIND_FP_FP,        /* *(fp + fp_off) */
	UNWIND_FP_UNDEFINED, /* cannot be known */
	UNWIND_FP_KIND_COUNT,
};

/* Where the return address is. x86-64 has it at cfa − 8, but for leaves that say otherwise. */
enum unwind_ra_kind {
	UNWIND_RA_CFA,      /* x86-64: *(cfa − 8); arm64: *(cfa + fp_off), whatever fp_kind is */
	UNWIND_RA_REGISTER, /* in a register: known at the leaf, or after a signal, only */
	UNWIND_RA_KIND_COUNT,
};

/*
 * Where the caller's rbx is, on x86-64: the loader's lazy binding finds its frame by it while it
 * calls others. Kinds that need reg for something else do not know; Go's rules say nothing, as Go
 * is not what is called there.
 */
enum {
	UNWIND_RBX_SAME = 0,     /* unchanged */
	UNWIND_RBX_UNKNOWN = 31, /* below: *(cfa − 8 · reg) */
};

struct unwind_rule {
	uint8_t cfa_kind : 7; /* enum unwind_cfa_kind */
	uint8_t lands : 1;    /* the return address is no call's: it is where the caller goes on */
	uint8_t fp_kind : 2;  /* enum unwind_fp_kind */
	uint8_t ra_kind : 1;  /* enum unwind_ra_kind */
	uint8_t reg : 5;      /* DWARF number, of the kinds that need one; else where rbx is */
	int16_t fp_off;
	int32_t cfa_off;
};

#define UNWIND_TABLE_MAGIC 0x314c4254574e5550ULL /* "PUNWTBL1" */

/*
 * The flat file: this header, n_rules rules, n_chunks offsets of chunks (bytes from the start of
 * the file, multiples of 8; 0 = there is no code in that chunk), padding to 8, and the chunks, one
 * behind the other. Rule 0 is UNWIND_CFA_NONE.
 */
struct unwind_table_header {
	uint64_t magic;
	uint32_t n_rules;
	uint32_t n_chunks; /* 64 KiB of file each, from offset 0 */
	uint32_t n_rows;
	uint32_t size_bytes; /* of the whole */
};

/* Where the first chunk lies. */
#define UNWIND_TABLE_CHUNKS_OFF(n_rules, n_chunks)                                                 \
	((sizeof(struct unwind_table_header) + (n_rules) * sizeof(struct unwind_rule) +            \
	  (n_chunks) * sizeof(uint32_t) + 7) &                                                     \
	 ~(size_t)7)
