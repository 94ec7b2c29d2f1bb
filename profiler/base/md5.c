/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/base/md5.h"

#include <endian.h>
#include <string.h>

enum { BLOCK_BYTES = 64, LENGTH_BYTES = 8, ROUND_STEPS = 16 };

/* The table T of the RFC: 2^32 times the sine of 1 … 64 radians, without sign. */
static const uint32_t sines[BLOCK_BYTES] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
	0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
	0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
	0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
	0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
	0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
	0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
	0xeb86d391,
};

/* By how much a round's steps rotate, by turns; and which word of the block comes next. */
static const struct {
	uint8_t shifts[4];
	uint8_t first_word;
	uint8_t word_step;
} rounds[4] = {
	{ { 7, 12, 17, 22 }, 0, 1 },
	{ { 5, 9, 14, 20 }, 1, 5 },
	{ { 4, 11, 16, 23 }, 5, 3 },
	{ { 6, 10, 15, 21 }, 0, 7 },
};

static uint32_t mix(unsigned int round, uint32_t b, uint32_t c, uint32_t d)
{
	switch (round) {
	case 0:
		return (b & c) | (~b & d);
	case 1:
		return (b & d) | (c & ~d);
	case 2:
		return b ^ c ^ d;
	default:
		return c ^ (b | ~d);
	}
}

static void add_block(uint32_t state[4], const uint8_t *block)
{
	uint32_t words[BLOCK_BYTES / sizeof(uint32_t)];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

	memcpy(words, block, sizeof(words));
	for (unsigned int i = 0; i < BLOCK_BYTES; i++) {
		unsigned int round = i / ROUND_STEPS;
		unsigned int word = (rounds[round].first_word + i * rounds[round].word_step) % 16;
		unsigned int shift = rounds[round].shifts[i % 4];
		uint32_t sum = a + mix(round, b, c, d) + sines[i] + le32toh(words[word]);

		a = d;
		d = c;
		c = b;
		b += sum << shift | sum >> (32 - shift);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

void md5(const void *bytes, size_t size, uint8_t ret_digest[MD5_BYTES])
{
	uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	uint8_t last[2 * BLOCK_BYTES] = { 0 };
	size_t n_whole = size / BLOCK_BYTES, n_left = size % BLOCK_BYTES;
	size_t last_bytes = n_left + 1 + LENGTH_BYTES <= BLOCK_BYTES ? BLOCK_BYTES : sizeof(last);
	uint64_t n_bits = htole64((uint64_t)size * 8);

	for (size_t i = 0; i < n_whole; i++)
		add_block(state, (const uint8_t *)bytes + i * BLOCK_BYTES);
	if (n_left)
		memcpy(last, (const uint8_t *)bytes + n_whole * BLOCK_BYTES, n_left);
	last[n_left] = 0x80;
	memcpy(last + last_bytes - LENGTH_BYTES, &n_bits, LENGTH_BYTES);
	for (size_t i = 0; i < last_bytes; i += BLOCK_BYTES)
		add_block(state, last + i);
	for (size_t i = 0; i < 4; i++)
		state[i] = htole32(state[i]);
	memcpy(ret_digest, state, MD5_BYTES);
}
