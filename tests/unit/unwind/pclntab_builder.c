/* SPDX-License-Identifier: Apache-2.0 */
#include "pclntab_builder.h"

#include <string.h>

#define MAX_FUNCTIONS 16
#define HEADER_BYTES  80

struct place {
	uint32_t name;
	uint32_t sp_values;
	uint64_t record;
};

static void append_u32(struct buffer *bytes, uint32_t value)
{
	buffer_append(bytes, &value, sizeof(value));
}

static void append_u64(struct buffer *bytes, uint64_t value)
{
	buffer_append(bytes, &value, sizeof(value));
}

static void align(struct buffer *bytes)
{
	buffer_append_zeros(bytes, -bytes->size & 7);
}

static void append_address(struct buffer *bytes, const struct built_pclntab *pclntab,
			   uint64_t vaddr)
{
	if (pclntab->version == PCLNTAB_1_16)
		append_u64(bytes, vaddr);
	else
		append_u32(bytes, (uint32_t)(vaddr - pclntab->text_vaddr));
}

static void append_offset(struct buffer *bytes, const struct built_pclntab *pclntab, uint64_t off)
{
	if (pclntab->version == PCLNTAB_1_16)
		append_u64(bytes, off);
	else
		append_u32(bytes, (uint32_t)off);
}

static void append_record(struct buffer *bytes, const struct built_pclntab *pclntab, size_t i,
			  const struct place *place)
{
	const struct built_function *function = &pclntab->functions[i];
	uint8_t tail[] = { 0, function->flags, 0, 0 };

	append_address(bytes, pclntab, function->start_vaddr);
	append_u32(bytes, place->name);
	append_u64(bytes, 0); /* arguments; where deferred calls return to */
	append_u32(bytes, place->sp_values);
	buffer_append_zeros(bytes, pclntab->version == PCLNTAB_1_20 ? 20 : 16);
	buffer_append(bytes, tail, sizeof(tail));
	align(bytes);
}

static void write_header(struct buffer *bytes, const struct built_pclntab *pclntab,
			 const uint64_t *offs)
{
	static const uint8_t magics[] = { 0xfa, 0xf0, 0xf1 };
	uint8_t magic[] = { magics[pclntab->version], 0xff, 0xff, 0xff, 0, 0, 1, 8 };
	uint64_t words[9] = { pclntab->n_functions };
	size_t n = 2;

	if (pclntab->version != PCLNTAB_1_16)
		words[n++] = pclntab->text_vaddr;
	words[n] = offs[0];
	words[n + 3] = offs[1];
	words[n + 4] = offs[2];
	memcpy(bytes->data, magic, sizeof(magic));
	memcpy(bytes->data + sizeof(magic), words, sizeof(words));
}

void pclntab_build(struct buffer *bytes, const struct built_pclntab *pclntab)
{
	size_t n = pclntab->n_functions, entry_bytes = pclntab->version == PCLNTAB_1_16 ? 16 : 8;
	struct place places[MAX_FUNCTIONS];
	uint64_t offs[3], records_off;

	buffer_append_zeros(bytes, HEADER_BYTES);
	offs[0] = bytes->size;
	for (size_t i = 0; i < n; i++) {
		places[i].name = (uint32_t)(bytes->size - offs[0]);
		buffer_append(bytes, pclntab->functions[i].name,
			      strlen(pclntab->functions[i].name) + 1);
	}
	offs[1] = bytes->size;
	buffer_append_zeros(bytes, 1); /* values at 0 are none */
	for (size_t i = 0; i < n; i++) {
		const uint8_t *values = pclntab->functions[i].sp_values;

		places[i].sp_values = values ? (uint32_t)(bytes->size - offs[1]) : 0;
		if (values) /* the first may be 0 */
			buffer_append(bytes, values, 2 + strlen((const char *)values + 1));
	}
	align(bytes);
	offs[2] = bytes->size;
	records_off = (n * entry_bytes + 8 + 7) & ~7UL;
	for (size_t i = 0; i < n; i++) {
		places[i].record = records_off + i * 56;
		append_address(bytes, pclntab, pclntab->functions[i].start_vaddr);
		append_offset(bytes, pclntab, places[i].record);
	}
	append_address(bytes, pclntab, pclntab->end_vaddr);
	for (size_t i = 0; i < n; i++) {
		buffer_append_zeros(bytes, offs[2] + places[i].record - bytes->size);
		append_record(bytes, pclntab, i, &places[i]);
	}
	write_header(bytes, pclntab, offs);
}
