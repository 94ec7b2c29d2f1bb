/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_table.h"

#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "unwind/debug_files.h"
#include "unwind/elf_file.h"
#include "unwind/elf_file_internal.h"
#include "unwind/mini_debug_info.h"

enum {
	RANK_SIZED = 1,
	RANK_FUNCTION = 2,
};

/* Of a section. More symbols than that has room for do not fit into the memory that a child of the
 * resolver may have. */
#define SYMBOLS_MAX_BYTES (512UL << 20)

/* One section of symbols, and what is needed to judge each of them. */
struct symbol_section {
	const struct elf_file *binary; /* that knows which addresses are code */
	const struct elf_file *file;
	Elf *elf; /* of the same */
	Elf_Data *data;
	size_t names_section;
	bool is_arm;
};

static bool is_mapping_symbol(const char *name)
{
	return name[0] == '$' && name[1] && strchr("adtx", name[1]) &&
	       (name[2] == '\0' || name[2] == '.');
}

static bool is_function(const GElf_Sym *symbol)
{
	switch (GELF_ST_TYPE(symbol->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
	case STT_NOTYPE:
		return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS;
	default:
		return false;
	}
}

static uint32_t rank_of(const GElf_Sym *symbol)
{
	bool is_visible = GELF_ST_VISIBILITY(symbol->st_other) == STV_DEFAULT ||
			  GELF_ST_VISIBILITY(symbol->st_other) == STV_PROTECTED;
	uint32_t rank = symbol->st_size ? RANK_SIZED : 0;

	if (GELF_ST_TYPE(symbol->st_info) != STT_NOTYPE)
		rank |= RANK_FUNCTION;
	if (is_visible && GELF_ST_BIND(symbol->st_info) != STB_LOCAL)
		rank |= SYMBOL_RANK_PUBLIC;
	return rank;
}

/* "memcpy@@GLIBC_2.14" is memcpy. */
static uint32_t length_without_version(const char *name)
{
	const char *at = name[0] ? strchr(name + 1, '@') : NULL;

	return (uint32_t)(at ? (size_t)(at - name) : strlen(name));
}

/* Where the code ends that a symbol without a size starts. */
static uint64_t section_end(const struct symbol_section *from, const GElf_Sym *symbol,
			    uint64_t start_vaddr, uint64_t code_end)
{
	uint64_t section_vaddr;
	Elf_Scn *section = elf_getscn(from->elf, symbol->st_shndx);
	GElf_Shdr header;

	if (symbol->st_shndx >= SHN_LORESERVE || !section || !gelf_getshdr(section, &header))
		return code_end;
	section_vaddr = elf_file_section_vaddr(from->file, symbol->st_shndx);
	if (start_vaddr < section_vaddr || start_vaddr - section_vaddr >= header.sh_size)
		return code_end;
	return section_vaddr + header.sh_size < code_end ? section_vaddr + header.sh_size
							 : code_end;
}

/* Where the symbol starts: in a relocatable file, they count from their section. */
static uint64_t start_of(const struct symbol_section *from, const GElf_Sym *symbol)
{
	uint64_t start_vaddr = from->is_arm ? symbol->st_value & ~1ULL : symbol->st_value;

	if (elf_file_is_relocatable(from->file))
		start_vaddr += elf_file_section_vaddr(from->file, symbol->st_shndx);
	return start_vaddr;
}

static int add_symbol(struct symbol_table *table, const struct symbol_section *from,
		      const GElf_Sym *symbol)
{
	const char *name = elf_strptr(from->elf, from->names_section, symbol->st_name);
	uint64_t start_vaddr = start_of(from, symbol);
	uint64_t code_end = elf_file_code_end(from->binary, start_vaddr);
	int r;

	if (!name || !name[0] || is_mapping_symbol(name) || !code_end)
		return 0;
	r = array_reserve((void **)&table->symbols, &table->capacity, table->n_symbols + 1,
			  sizeof(*table->symbols));
	if (r < 0)
		return r;
	table->symbols[table->n_symbols++] = (struct symbol){
		.start_vaddr = start_vaddr,
		.end_vaddr = symbol->st_size == 0 ? section_end(from, symbol, start_vaddr, code_end)
			     : symbol->st_size > code_end - start_vaddr
				     ? code_end
				     : start_vaddr + symbol->st_size,
		.name = name,
		.name_length = length_without_version(name),
		.rank = rank_of(symbol),
	};
	return 0;
}

static int read_section(struct symbol_table *table, const struct symbol_section *from)
{
	GElf_Sym symbol;
	int r;

	for (int i = 0; gelf_getsym(from->data, i, &symbol); i++) {
		if (!is_function(&symbol))
			continue;
		r = add_symbol(table, from, &symbol);
		if (r < 0)
			return r;
	}
	return 0;
}

static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;
	int order;

	if (left->start_vaddr != right->start_vaddr)
		return left->start_vaddr < right->start_vaddr ? -1 : 1;
	if (left->rank != right->rank)
		return left->rank > right->rank ? -1 : 1;
	/* Of equals, the plain name: write before __write. The rest keeps the order defined. */
	if (left->name_length != right->name_length)
		return left->name_length < right->name_length ? -1 : 1;
	order = memcmp(left->name, right->name, left->name_length);
	return order ? order
		     : (left->end_vaddr < right->end_vaddr) - (left->end_vaddr > right->end_vaddr);
}

/* The same name twice, from .symtab and from .dynsym, is one alias. */
static void drop_repeated(struct symbol_table *table)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < table->n_symbols; i++) {
		const struct symbol *symbol = &table->symbols[i];
		const struct symbol *last = n_kept ? &table->symbols[n_kept - 1] : NULL;

		if (last && last->start_vaddr == symbol->start_vaddr &&
		    last->name_length == symbol->name_length &&
		    memcmp(last->name, symbol->name, symbol->name_length) == 0)
			continue;
		table->symbols[n_kept++] = *symbol;
	}
	table->n_symbols = n_kept;
}

static void end_unsized(struct symbol_table *table)
{
	uint64_t next_vaddr = UINT64_MAX;

	for (size_t i = table->n_symbols; i-- > 0;) {
		struct symbol *symbol = &table->symbols[i];

		if (i + 1 < table->n_symbols && symbol[1].start_vaddr != symbol->start_vaddr)
			next_vaddr = symbol[1].start_vaddr;
		if (!(symbol->rank & RANK_SIZED) && symbol->end_vaddr > next_vaddr)
			symbol->end_vaddr = next_vaddr;
	}
}

/* Add the symbols of @file, which belongs to @binary. Sets *@ret_has_symtab if there are all. */
static int read_file(struct symbol_table *table, const struct elf_file *binary,
		     const struct elf_file *file, bool *ret_has_symtab)
{
	Elf *elf = elf_file_elf(file);
	Elf_Scn *section = NULL;
	GElf_Ehdr elf_header;
	int r = 0;

	if (!gelf_getehdr(elf, &elf_header))
		return 0;
	while (r == 0 && (section = elf_nextscn(elf, section)) != NULL) {
		struct symbol_section from = { .binary = binary, .file = file, .elf = elf };
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header) ||
		    (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
			continue;
		if (header.sh_size > SYMBOLS_MAX_BYTES)
			return -EFBIG;
		from.data = elf_getdata(section, NULL);
		from.names_section = header.sh_link;
		from.is_arm = elf_header.e_machine == EM_ARM;
		if (!from.data)
			continue;
		*ret_has_symtab |= header.sh_type == SHT_SYMTAB;
		r = read_section(table, &from);
	}
	return r;
}

static int read_files(const struct debug_files *files, struct symbol_table *table)
{
	bool has_symtab = false;
	int r = read_file(table, files->binary, files->binary, &has_symtab);

	if (r == 0 && files->debug)
		r = read_file(table, files->binary, files->debug, &has_symtab);
	if (r < 0 || has_symtab)
		return r;
	r = mini_debug_info_open(files->binary, &table->mini_bytes, &table->mini);
	if (r < 0)
		return r == -ENODATA ? 0 : r;
	return read_file(table, files->binary, table->mini, &has_symtab);
}

int symbol_table_read(const struct debug_files *files, struct symbol_table *ret_table)
{
	int r = read_files(files, ret_table);

	if (r < 0)
		return r;
	if (ret_table->n_symbols)
		qsort(ret_table->symbols, ret_table->n_symbols, sizeof(*ret_table->symbols),
		      compare_symbols);
	drop_repeated(ret_table);
	end_unsized(ret_table);
	return 0;
}

void symbol_table_fini(struct symbol_table *table)
{
	free(table->symbols);
	elf_file_free(table->mini);
	buffer_fini(&table->mini_bytes);
	*table = (struct symbol_table){ 0 };
}

size_t symbol_table_find_from(const struct symbol_table *table, uint64_t elf_vaddr)
{
	size_t low = 0, high = table->n_symbols;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->symbols[middle].start_vaddr < elf_vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct symbol *symbol_table_find(const struct symbol_table *table, uint64_t elf_vaddr,
				       size_t *ret_n)
{
	size_t first = symbol_table_find_from(table, elf_vaddr), end = first;

	while (end < table->n_symbols && table->symbols[end].start_vaddr == elf_vaddr)
		end++;
	*ret_n = end - first;
	return end > first ? &table->symbols[first] : NULL;
}

/* Symbols that enclose an address, the innermost last, while pieces are cut from left to right. */
struct cutter {
	struct symbol_table open;
	struct symbol_table *pieces;
	uint64_t cut_vaddr;    /* everything before is done */
	uint64_t inside_until; /* where the last of the symbols ends that are open */
};

static int push_symbol(struct symbol_table *table, const struct symbol *symbol)
{
	int r = array_reserve((void **)&table->symbols, &table->capacity, table->n_symbols + 1,
			      sizeof(*table->symbols));

	if (r == 0)
		table->symbols[table->n_symbols++] = *symbol;
	return r;
}

/* Give what lies before @elf_vaddr to the innermost open symbols. */
static int cut_before(struct cutter *cutter, uint64_t elf_vaddr)
{
	struct symbol_table *open = &cutter->open;
	int r = 0;

	while (r == 0 && open->n_symbols && cutter->cut_vaddr < elf_vaddr) {
		struct symbol piece = open->symbols[open->n_symbols - 1];

		if (piece.end_vaddr <= elf_vaddr)
			open->n_symbols--;
		if (piece.end_vaddr <= cutter->cut_vaddr)
			continue;
		piece.start_vaddr = cutter->cut_vaddr;
		if (piece.end_vaddr > elf_vaddr)
			piece.end_vaddr = elf_vaddr;
		cutter->cut_vaddr = piece.end_vaddr;
		r = push_symbol(cutter->pieces, &piece);
	}
	return r;
}

int symbol_table_cut(const struct symbol_table *table, struct symbol_table *ret_pieces)
{
	struct cutter cutter = { .pieces = ret_pieces };
	uint64_t last_vaddr = UINT64_MAX;
	int r = 0;

	for (size_t i = 0; r == 0 && i < table->n_symbols; i++) {
		const struct symbol *symbol = &table->symbols[i];
		bool is_alias = symbol->start_vaddr == last_vaddr;

		if (is_alias || symbol->end_vaddr <= symbol->start_vaddr)
			continue;
		last_vaddr = symbol->start_vaddr;
		/* A label inside of a function is no function. */
		if (!(symbol->rank & RANK_SIZED) && symbol->start_vaddr < cutter.inside_until)
			continue;
		r = cut_before(&cutter, symbol->start_vaddr);
		if (r < 0)
			break;
		cutter.cut_vaddr = symbol->start_vaddr;
		if (symbol->end_vaddr > cutter.inside_until)
			cutter.inside_until = symbol->end_vaddr;
		r = push_symbol(&cutter.open, symbol);
	}
	if (r == 0)
		r = cut_before(&cutter, UINT64_MAX);
	symbol_table_fini(&cutter.open);
	return r;
}
