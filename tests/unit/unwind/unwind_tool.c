/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unwind tool: unwind tables from a shell, for tests that compare them with what other programs
 * say.
 *
 *     unwind_tool find ELF      read addresses, print the rule of each: "CFA FP RA RBX", registers
 *                               by their DWARF numbers, "-" where a rule has no room for rbx,
 *                               "lands:" before RA if that is a landing pad; or a word for a
 *                               rule that has no such parts
 *     unwind_tool report ELF    print what the build met
 *     unwind_tool build ELF     print the table itself
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "unwind/elf_content.h"
#include "unwind/elf_file.h"
#include "unwind/unwind_table.h"
#include "unwind/unwind_table_build.h"

struct table {
	struct elf_file *elf;
	struct buffer bytes;
	struct unwind_table_report report;
	bool is_arm64;
};

static void table_fini(struct table *table)
{
	elf_file_free(table->elf);
	buffer_fini(&table->bytes);
}

static int table_init(struct table *table, const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : elf_file_open(fd, &table->elf);

	if (r == 0)
		r = unwind_table_build(table->elf, &table->bytes, &table->report);
	if (r == 0) {
		r = unwind_table_check(table->bytes.data, table->bytes.size);
		table->is_arm64 = elf_content_machine(table->elf) == EM_AARCH64;
	}
	return r;
}

/* NULL if the address is in no executable segment of the file, as in a separate debug file. */
static const struct unwind_rule *find_rule(const struct table *table, uint64_t elf_vaddr)
{
	const struct elf_description *elf = elf_file_describe(table->elf);

	for (uint32_t i = 0; i < elf->n_segments; i++) {
		uint64_t off = elf_vaddr - elf->segments[i].elf_vaddr;

		if (off < elf->segments[i].size_bytes)
			return unwind_table_find(table->bytes.data,
						 elf->segments[i].file_off + off);
	}
	return NULL;
}

static void print_cfa(const struct unwind_rule *rule, bool is_arm64)
{
	int32_t off = rule->cfa_off;

	switch (rule->cfa_kind) {
	case UNWIND_CFA_SP:
		printf("r%d%+d", is_arm64 ? 31 : 7, off);
		break;
	case UNWIND_CFA_FP:
		printf("r%d%+d", is_arm64 ? 29 : 6, off);
		break;
	case UNWIND_CFA_FP_ANYWHERE:
		printf("anywhere:r%d%+d", is_arm64 ? 29 : 6, off);
		break;
	case UNWIND_CFA_REGISTER:
		printf("r%d%+d", rule->reg, off);
		break;
	case UNWIND_CFA_PLT:
		printf("plt%+d", off);
		break;
	default:
		printf("*(r%d%+d)%+d", rule->cfa_kind == UNWIND_CFA_DEREF_SP ? 7 : 6, off & ~7,
		       (off & 7) * 8);
		break;
	}
}

static void print_fp(const struct unwind_rule *rule, bool is_arm64)
{
	switch (rule->fp_kind) {
	case UNWIND_FP_SAME:
		printf(" s");
		break;
	case UNWIND_FP_CFA:
		printf(" c%+d", is_arm64 ? rule->fp_off - 8 : rule->fp_off);
		break;
	case UNWIND_FP_FP:
		printf(" f%+d", rule->fp_off);
		break;
	default:
		printf(" u");
		break;
	}
}

static void print_rbx(const struct unwind_rule *rule, bool is_arm64)
{
	if (is_arm64 || rule->cfa_kind == UNWIND_CFA_REGISTER ||
	    rule->ra_kind == UNWIND_RA_REGISTER)
		printf(" -\n");
	else if (rule->reg == UNWIND_RBX_UNKNOWN)
		printf(" u\n");
	else if (rule->reg == UNWIND_RBX_SAME)
		printf(" s\n");
	else
		printf(" c-%d\n", rule->reg * 8);
}

static void print_rule(const struct unwind_rule *rule, bool is_arm64)
{
	static const char *const words[UNWIND_CFA_KIND_COUNT] = {
		[UNWIND_CFA_NONE] = "none",      [UNWIND_CFA_SIGNAL] = "signal",
		[UNWIND_CFA_END] = "end",        [UNWIND_CFA_UNSUPPORTED] = "unsupported",
		[UNWIND_CFA_GO_SAVED] = "saved", [UNWIND_CFA_LANDING] = "landing",
	};

	if (!rule || words[rule->cfa_kind]) {
		printf("%s\n", rule ? words[rule->cfa_kind] : "outside");
		return;
	}
	if (rule->cfa_kind == UNWIND_CFA_JUMP) {
		printf("jump:r%d r%d r%d -\n", rule->cfa_off, rule->fp_off, rule->reg);
		return;
	}
	print_cfa(rule, is_arm64);
	print_fp(rule, is_arm64);
	printf(rule->lands ? " lands:" : " ");
	if (rule->ra_kind == UNWIND_RA_REGISTER)
		printf("r%d", rule->reg);
	else
		printf("c%+d", is_arm64 ? rule->fp_off : -8);
	print_rbx(rule, is_arm64);
}

static int find(const struct table *table)
{
	uint64_t elf_vaddr;

	while (scanf("%" SCNx64, &elf_vaddr) == 1)
		print_rule(find_rule(table, elf_vaddr), table->is_arm64);
	return 0;
}

static int report(const struct table *table)
{
	const struct unwind_table_report *report = &table->report;

	printf("%u functions, %u of Go, %u rows, %u rules, %" PRIu64
	       " frame bytes, %zu bytes, losses",
	       report->n_functions, report->n_go_functions, report->n_rows, report->n_rules,
	       report->frame_bytes, table->bytes.size);
	for (size_t i = 0; i < UNWIND_LOSS_COUNT; i++)
		printf(" %u", report->losses[i]);
	printf("\n");
	return 0;
}

static int build(const struct table *table)
{
	return file_write_fd(STDOUT_FILENO, table->bytes.data, table->bytes.size);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct table *table);
	} verbs[] = { { "find", find }, { "report", report }, { "build", build } };
	_cleanup_(table_fini) struct table table = { 0 };
	int r = argc == 3 ? table_init(&table, argv[2]) : -EINVAL;

	for (size_t i = 0; r == 0 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			r = verbs[i].run(&table);
	if (r < 0)
		fprintf(stderr, "unwind_tool: %s\n", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
