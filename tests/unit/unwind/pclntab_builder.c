/* SPDX-License-Identifier: Apache-2.0 */
#include "pclntab_builder.h"

#include <string.h>

#define MAX_FUNCTIONS 16
#define HEADER_BYTES  80
#define RECORD_BYTES  128
#define N_TABLES      3 /* of values, of which the last one is of calls */
#define N_DATA        4 /* of which the last one is calls */

struct place {
	uint32_t name;
	uint32_t sp_values, file_values, line_values, call_values;
	uint32_t calls;
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

/* What was there is told by a pointer up to 1.17, then by where it is among all of its kind. */
static void append_data(struct buffer *bytes, const struct built_pclntab *pclntab,
			const struct built_function *function, const struct place *place)
{
	bool is_old = pclntab->version == PCLNTAB_1_16;

	if (is_old)
		align(bytes);
	for (int i = 0; i < N_DATA; i++) {
		bool has_it = i == N_DATA - 1 && function->n_calls;

		if (is_old)
			append_u64(bytes, has_it ? pclntab->calls_vaddr + place->calls : 0);
		else
			append_u32(bytes, has_it ? place->calls : UINT32_MAX);
	}
}

static void append_record(struct buffer *bytes, const struct built_pclntab *pclntab, size_t i,
			  const struct place *place)
{
	const struct built_function *function = &pclntab->functions[i];
	uint8_t tail[] = { 0, function->flags, 0, N_DATA };

	append_address(bytes, pclntab, function->start_vaddr);
	append_u32(bytes, place->name);
	append_u64(bytes, 0); /* arguments; where deferred calls return to */
	append_u32(bytes, place->sp_values);
	append_u32(bytes, place->file_values);
	append_u32(bytes, place->line_values);
	append_u32(bytes, N_TABLES);
	append_u32(bytes, 0); /* the unit */
	if (pclntab->version == PCLNTAB_1_20)
		append_u32(bytes, function->start_line);
	buffer_append(bytes, tail, sizeof(tail));
	append_u64(bytes, 0); /* two other tables */
	append_u32(bytes, place->call_values);
	append_data(bytes, pclntab, function, place);
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
	memcpy(&words[n], offs, 5 * sizeof(offs[0]));
	memcpy(bytes->data, magic, sizeof(magic));
	memcpy(bytes->data + sizeof(magic), words, sizeof(words));
}

static uint32_t append_text(struct buffer *bytes, uint64_t start, const char *text)
{
	uint32_t off = (uint32_t)(bytes->size - start);

	buffer_append(bytes, text, strlen(text) + 1);
	return off;
}

/* Names of functions first, then those of calls, in order. */
static void append_names(struct buffer *bytes, const struct built_pclntab *pclntab,
			 struct place *places)
{
	uint64_t start = bytes->size;

	for (size_t i = 0; i < pclntab->n_functions; i++)
		places[i].name = append_text(bytes, start, pclntab->functions[i].name);
	for (size_t i = 0; i < pclntab->n_functions; i++)
		for (size_t k = 0; k < pclntab->functions[i].n_calls; k++)
			append_text(bytes, start, pclntab->functions[i].calls[k].name);
}

static void append_files(struct buffer *bytes, const struct built_pclntab *pclntab, uint64_t *offs)
{
	uint32_t off = 0;

	align(bytes);
	offs[0] = bytes->size;
	for (const char *const *file = pclntab->files; file && *file; file++) {
		append_u32(bytes, off);
		off += (uint32_t)strlen(*file) + 1;
	}
	offs[1] = bytes->size;
	for (const char *const *file = pclntab->files; file && *file; file++)
		append_text(bytes, offs[1], *file);
}

static uint32_t append_values(struct buffer *bytes, uint64_t start, const uint8_t *values)
{
	uint32_t off = (uint32_t)(bytes->size - start);

	if (!values)
		return 0;
	buffer_append(bytes, values, 2 + strlen((const char *)values + 1)); /* the first may be 0 */
	return off;
}

static uint64_t append_all_values(struct buffer *bytes, const struct built_pclntab *pclntab,
				  struct place *places)
{
	uint64_t start = bytes->size;

	buffer_append_zeros(bytes, 1); /* values at 0 are none */
	for (size_t i = 0; i < pclntab->n_functions; i++) {
		const struct built_function *function = &pclntab->functions[i];

		places[i].sp_values = append_values(bytes, start, function->sp_values);
		places[i].file_values = append_values(bytes, start, function->file_values);
		places[i].line_values = append_values(bytes, start, function->line_values);
		places[i].call_values = append_values(bytes, start, function->call_values);
	}
	return start;
}

static size_t call_bytes(const struct built_pclntab *pclntab)
{
	return pclntab->version == PCLNTAB_1_20 ? 16 : 20;
}

void pclntab_build(struct buffer *bytes, const struct built_pclntab *pclntab)
{
	size_t n = pclntab->n_functions, entry_bytes = pclntab->version == PCLNTAB_1_16 ? 16 : 8;
	struct place places[MAX_FUNCTIONS];
	uint64_t offs[5], records_off = (n * entry_bytes + 8 + 7) & ~7UL;
	uint32_t calls = 0;

	buffer_append_zeros(bytes, HEADER_BYTES);
	offs[0] = bytes->size;
	append_names(bytes, pclntab, places);
	append_files(bytes, pclntab, &offs[1]);
	offs[3] = append_all_values(bytes, pclntab, places);
	align(bytes);
	offs[4] = bytes->size;
	for (size_t i = 0; i < n; i++) {
		places[i].calls = calls;
		calls += (uint32_t)(pclntab->functions[i].n_calls * call_bytes(pclntab));
		places[i].record = records_off + i * RECORD_BYTES;
		append_address(bytes, pclntab, pclntab->functions[i].start_vaddr);
		append_offset(bytes, pclntab, places[i].record);
	}
	append_address(bytes, pclntab, pclntab->end_vaddr);
	for (size_t i = 0; i < n; i++) {
		buffer_append_zeros(bytes, offs[4] + places[i].record - bytes->size);
		append_record(bytes, pclntab, i, &places[i]);
	}
	write_header(bytes, pclntab, offs);
}

void pclntab_build_calls(struct buffer *bytes, const struct built_pclntab *pclntab)
{
	uint32_t name = 0;

	for (size_t i = 0; i < pclntab->n_functions; i++)
		name += (uint32_t)strlen(pclntab->functions[i].name) + 1;
	for (size_t i = 0; i < pclntab->n_functions; i++)
		for (size_t k = 0; k < pclntab->functions[i].n_calls; k++) {
			const struct built_call *call = &pclntab->functions[i].calls[k];

			/* An id; up to 1.19 also the caller, and the file and line of the call. */
			buffer_append_zeros(bytes, call_bytes(pclntab) == 16 ? 4 : 12);
			append_u32(bytes, name);
			append_u32(bytes, call->caller_pc);
			if (call_bytes(pclntab) == 16)
				append_u32(bytes, 0); /* line that the called function starts at */
			name += (uint32_t)strlen(call->name) + 1;
		}
}
