/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/frame_entry.h"

#include <assert.h>
#include <errno.h>
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "unwind/cfa_rule.h"

/* Where an FDE may start: below 4 TB, so that one word has that and its number. */
#define MAX_VADDR (1ULL << (64 - FRAME_FDE_BITS))

#define MAX_CIES ((size_t)256 << 10) /* a bound of memory */

#define MAX_CIE_VERSION 4

#define FDE_BYTES 48 /* of a section, for each FDE: about the mean */

/* One record, unparsed. */
struct frame_entry {
	uint64_t off;            /* in the section, of its length */
	uint64_t cie_off;        /* of an FDE */
	struct byte_cursor body; /* behind the id */
	bool is_cie;
};

static uint64_t offset_of(const struct frame_section *section, const uint8_t *bytes)
{
	return (uint64_t)(bytes - section->content.bytes);
}

/* The id of .eh_frame is 0, or how far back the CIE is; that of .debug_frame ~0, or its offset. */
static void read_id(const struct frame_section *section, struct frame_entry *entry, bool is_64)
{
	uint64_t id_off = offset_of(section, entry->body.next);
	bool is_wide = is_64 && section->is_debug_frame;
	uint64_t id = byte_cursor_number(&entry->body, is_wide ? 8 : 4);

	if (section->is_debug_frame) {
		entry->is_cie = id == (is_wide ? UINT64_MAX : UINT32_MAX);
		entry->cie_off = id;
	} else {
		entry->is_cie = id == 0;
		entry->cie_off = id_off - id;
	}
}

/* Returns false at the end. An entry of length 0, which is padding, has an empty body. */
static bool next_entry(const struct frame_section *section, struct byte_cursor *cursor,
		       struct frame_entry *ret_entry)
{
	struct frame_entry entry = { .off = offset_of(section, cursor->next) };
	uint64_t length = byte_cursor_u32(cursor);
	bool is_64 = length == UINT32_MAX;
	const uint8_t *bytes;

	if (is_64)
		length = byte_cursor_u64(cursor);
	bytes = byte_cursor_take(cursor, length);
	if (cursor->is_bad || (length == 0 && section->ends_at_zero))
		return false;
	entry.body = byte_cursor_at(bytes, length);
	if (length)
		read_id(section, &entry, is_64);
	*ret_entry = entry;
	return true;
}

/* The data that the letters behind the 'z' announce. */
static void read_augmentation(const struct frame_section *section, const char *letters,
			      struct byte_cursor *data, struct frame_cie *cie)
{
	for (; *letters; letters++) {
		switch (*letters) {
		case 'R':
			cie->form.pointer_encoding = byte_cursor_u8(data);
			break;
		case 'P': /* nobody follows it: an indirect one need not be read */
			eh_pointer_read(data, byte_cursor_u8(data) & ~DW_EH_PE_indirect,
					&section->base);
			break;
		case 'L':
			byte_cursor_u8(data);
			break;
		case 'S':
			cie->is_signal = true;
			break;
		case 'B': /* return addresses are signed with the other key */
		case 'G': /* the stack is tagged */
			break;
		default: /* nothing behind it can be told apart, but its end is known */
			return;
		}
	}
}

static const char *take_string(struct byte_cursor *cursor)
{
	const uint8_t *end = memchr(cursor->next, '\0', byte_cursor_left(cursor));

	if (!end) {
		byte_cursor_fail(cursor);
		return "";
	}
	return (const char *)byte_cursor_take(cursor, (uint64_t)(end - cursor->next) + 1);
}

static bool read_cie_head(struct byte_cursor *body, struct frame_cie *cie,
			  const char **ret_augmentation)
{
	uint8_t version = byte_cursor_u8(body);
	const char *augmentation = take_string(body);

	if (version == 0 || version == 2 || version > MAX_CIE_VERSION)
		return false;
	if (augmentation[0] == 'e' && augmentation[1] == 'h') { /* of GCC before 3.0 */
		byte_cursor_u64(body);
		augmentation += 2;
	}
	if (version == 4) {
		uint8_t address_bytes = byte_cursor_u8(body);
		uint8_t segment_bytes = byte_cursor_u8(body);

		if (address_bytes != 8 || segment_bytes != 0)
			return false;
	}
	cie->form.code_factor = byte_cursor_uleb(body);
	cie->form.data_factor = byte_cursor_sleb(body);
	cie->form.ra_register =
		version == 1 ? byte_cursor_u8(body) : (uint32_t)byte_cursor_uleb(body);
	*ret_augmentation = augmentation;
	return !body->is_bad && (!*augmentation || *augmentation == 'z');
}

static bool run_initial_program(const struct frame_section *section, struct byte_cursor code,
				struct frame_cie *cie)
{
	struct cfa_program program = {
		.form = &cie->form,
		.base = &section->base,
		.code = code,
	};
	uint64_t advance;

	if (cfa_program_step(&program, &advance) != CFA_DONE)
		return false;
	cie->initial = program.state;
	cie->word_form = cfa_word_form_of(&cie->form, &cie->initial);
	return true;
}

static bool read_cie(const struct frame_section *section, struct byte_cursor body,
		     struct frame_cie *cie)
{
	struct cfa_form *form = &cie->form;
	const char *augmentation = "";

	form->is_arm64 = section->is_arm64;
	form->fp_register = section->is_arm64 ? ARM64_FP : X86_64_RBP;
	form->pointer_encoding = DW_EH_PE_absptr;
	if (!read_cie_head(&body, cie, &augmentation))
		return false;
	if (*augmentation == 'z') {
		uint64_t size = byte_cursor_uleb(&body);
		const uint8_t *bytes = byte_cursor_take(&body, size);
		struct byte_cursor data = byte_cursor_at(bytes, bytes ? size : 0);

		cie->has_augmentation = true;
		read_augmentation(section, augmentation + 1, &data, cie);
		if (data.is_bad)
			return false;
	}
	return !body.is_bad && form->pointer_encoding != DW_EH_PE_omit &&
	       run_initial_program(section, body, cie);
}

static int add_cie(const struct frame_section *section, const struct frame_entry *entry,
		   struct frame_entries *entries)
{
	struct frame_cie cie = { .off = (uint32_t)entry->off };
	int r;

	if (entries->n_cies == MAX_CIES) {
		entries->n_bad++;
		return 0;
	}
	cie.is_bad = !read_cie(section, entry->body, &cie);
	entries->n_bad += cie.is_bad;
	r = array_reserve((void **)&entries->cies, &entries->cie_capacity, entries->n_cies + 1,
			  sizeof(*entries->cies));
	if (r < 0)
		return r;
	entries->cies[entries->n_cies++] = cie;
	return 0;
}

/* The CIE at @off, one of those before this place, or NULL. FDEs of one CIE come in rows. */
static const struct frame_cie *find_cie(const struct frame_entries *entries, uint64_t off)
{
	size_t start = 0, end = entries->n_cies;

	if (entries->n_fdes) {
		const struct frame_cie *last =
			&entries->cies[entries->fdes[entries->n_fdes - 1].cie_i];

		if (last->off == off)
			return last;
	}
	while (start < end) {
		size_t middle = start + (end - start) / 2;

		if (entries->cies[middle].off == off)
			return &entries->cies[middle];
		if (entries->cies[middle].off < off)
			start = middle + 1;
		else
			end = middle;
	}
	return NULL;
}

static bool read_fde(const struct frame_section *section, struct byte_cursor body,
		     const struct frame_cie *cie, struct frame_fde *ret_fde)
{
	uint8_t encoding = cie->form.pointer_encoding;
	struct frame_fde fde;
	uint64_t size;

	fde.start_vaddr = eh_pointer_read(&body, encoding, &section->base);
	size = eh_pointer_read_length(&body, encoding, &section->base);
	if (cie->has_augmentation)
		byte_cursor_take(&body, byte_cursor_uleb(&body));
	fde.end_vaddr = fde.start_vaddr + size;
	if (body.is_bad || fde.start_vaddr >= MAX_VADDR || fde.end_vaddr < fde.start_vaddr)
		return false;
	fde.code_off = (uint32_t)offset_of(section, body.next);
	fde.code_bytes = (uint32_t)byte_cursor_left(&body);
	*ret_fde = fde;
	return true;
}

static int add_fde(const struct frame_section *section, const struct frame_entry *entry,
		   struct frame_entries *entries)
{
	const struct frame_cie *cie = find_cie(entries, entry->cie_off);
	struct frame_fde fde;
	int r;

	if (!cie || cie->is_bad || entries->n_fdes == FRAME_MAX_FDES ||
	    !read_fde(section, entry->body, cie, &fde)) {
		entries->n_bad++;
		return 0;
	}
	fde.cie_i = (uint32_t)(cie - entries->cies);
	r = array_reserve((void **)&entries->fdes, &entries->fde_capacity, entries->n_fdes + 1,
			  sizeof(*entries->fdes));
	if (r < 0)
		return r;
	entries->fdes[entries->n_fdes++] = fde;
	return 0;
}

int frame_entries_read(const struct frame_section *section, struct frame_entries *ret_entries)
{
	_cleanup_(frame_entries_fini) struct frame_entries entries = { 0 };
	struct byte_cursor cursor = byte_cursor_at(section->content.bytes, section->content.size);
	struct frame_entry entry;
	int r;

	r = array_prepare((void **)&entries.fdes, &entries.fde_capacity,
			  frame_section_guess(section, FDE_BYTES), sizeof(*entries.fdes));
	if (r < 0)
		return r;
	while (byte_cursor_left(&cursor) && next_entry(section, &cursor, &entry)) {
		if (!byte_cursor_left(&entry.body))
			continue;
		r = entry.is_cie ? add_cie(section, &entry, &entries)
				 : add_fde(section, &entry, &entries);
		if (r < 0)
			return r;
	}
	*ret_entries = entries;
	entries = (struct frame_entries){ 0 };
	return 0;
}

void frame_entries_fini(struct frame_entries *entries)
{
	free(entries->cies);
	free(entries->fdes);
	free(entries->orders);
	*entries = (struct frame_entries){ 0 };
}

/* Sets *@ret_min_vaddr and *@ret_max_vaddr to where the first and the last one start. */
static bool is_sorted(const struct frame_fde *fdes, size_t n, uint64_t *ret_min_vaddr,
		      uint64_t *ret_max_vaddr)
{
	uint64_t min_vaddr = n ? fdes[0].start_vaddr : 0, max_vaddr = min_vaddr;
	bool is_sorted_so_far = true;

	for (size_t i = 1; i < n; i++) {
		uint64_t vaddr = fdes[i].start_vaddr;

		is_sorted_so_far &= fdes[i - 1].start_vaddr <= vaddr;
		min_vaddr = vaddr < min_vaddr ? vaddr : min_vaddr;
		max_vaddr = vaddr > max_vaddr ? vaddr : max_vaddr;
	}
	*ret_min_vaddr = min_vaddr;
	*ret_max_vaddr = max_vaddr;
	return is_sorted_so_far;
}

#define DIGIT_BITS 11

static_assert(sizeof(struct frame_order) == 8, "sorting moves one word each");

static size_t digit_of(struct frame_order order, unsigned int shift)
{
	return order.start_off >> shift & ((1 << DIGIT_BITS) - 1);
}

/* Deal @from into @to by one digit of their addresses, keeping the order of those that share it. */
static void deal(const struct frame_order *from, struct frame_order *to, size_t n,
		 unsigned int shift)
{
	uint32_t next[1 << DIGIT_BITS] = { 0 }, sum = 0;

	for (size_t i = 0; i < n; i++)
		next[digit_of(from[i], shift)]++;
	for (size_t digit = 0; digit < 1 << DIGIT_BITS; digit++) {
		uint32_t count = next[digit];

		next[digit] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[next[digit_of(from[i], shift)]++] = from[i];
}

/* A radix sort: three rounds for a file whose code is less than 8 GB. */
int frame_entries_sort(struct frame_entries *entries)
{
	size_t n = entries->n_fdes;
	uint64_t min_vaddr, max_vaddr;
	struct frame_order *from, *to;
	size_t capacity = 0;
	int r;

	if (is_sorted(entries->fdes, n, &min_vaddr, &max_vaddr))
		return 0;
	r = array_prepare((void **)&entries->orders, &capacity, 2 * n, sizeof(*entries->orders));
	if (r < 0)
		return r;
	from = entries->orders;
	to = from + n;
	for (size_t i = 0; i < n; i++)
		from[i] = (struct frame_order){ entries->fdes[i].start_vaddr - min_vaddr, i };
	for (unsigned int shift = 0; shift < 64 && (max_vaddr - min_vaddr) >> shift;
	     shift += DIGIT_BITS) {
		struct frame_order *sorted = to;

		deal(from, to, n, shift);
		to = from;
		from = sorted;
	}
	entries->order = from;
	return 0;
}
