/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/daemon/vma_trial.h"

static const char maps[] = "00400000-00401000 r-xp 00000000 08:01 7 /bin/program\n"
			   "00401000-00402000 rw-p 00001000 08:01 7 /bin/program\n"
			   "01000000-01021000 rw-p 00000000 00:00 0 [heap]\n"
			   "7f0000000000-7f0000002000 r-xp 00003000 08:01 9 /lib/library.so\n"
			   "7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0 [vdso]\n"
			   "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n";

/* What a kernel finds: as above, but that overlayfs shows other numbers than it maps. */
static const struct vma_answer truth[] = {
	{ 0x400000, 0x401000, 0, { .inode = 1007, .device = 5 }, 1, VMA_BY_CAST },
	{ 0x401000, 0x402000, 0x1000, { .inode = 1007, .device = 5 }, 1, VMA_BY_CAST },
	{ 0x1000000, 0x1021000, 0x1000000, { 0 }, 1, VMA_BY_CAST },
	{ 0x7f0000000000, 0x7f0000002000, 0x3000, { .inode = 1009, .device = 5 }, 1, VMA_BY_CAST },
	{ 0x7ffd00000000, 0x7ffd00002000, 0x7ffd00000000, { 0 }, 1, VMA_BY_CAST },
};

enum { PROGRAM_CODE, PROGRAM_DATA, HEAP, LIBRARY, VDSO, N_ANSWERS };

struct fake_kernel {
	struct vma_answer answers[N_ANSWERS];
	uint64_t filled_gap_pc; /* 0: none */
	int error;
};

static int ask_fake(void *context, uint64_t pc, struct vma_answer *ret_answer)
{
	const struct fake_kernel *kernel = context;

	*ret_answer = (struct vma_answer){ .flavour = VMA_BY_CAST };
	for (size_t i = 0; i < N_ANSWERS; i++)
		if (pc >= truth[i].start_pc && pc < truth[i].end_pc)
			*ret_answer = kernel->answers[i];
	if (pc == kernel->filled_gap_pc)
		ret_answer->is_found = 1;
	return kernel->error;
}

static struct fake_kernel honest_kernel(void)
{
	struct fake_kernel kernel = { .error = 0 };

	memcpy(kernel.answers, truth, sizeof(truth));
	return kernel;
}

static struct vma_trial compare(struct fake_kernel *kernel)
{
	_cleanup_(mapping_table_freep) struct mapping_table *mappings = NULL;
	struct vma_trial trial;

	assert_int_equal(mapping_table_parse(maps, sizeof(maps) - 1, MAPPINGS_ALL, &mappings), 0);
	assert_int_equal(mapping_table_count(mappings), N_ANSWERS + 1);
	assert_int_equal(vma_trial_compare(mappings, ask_fake, kernel, &trial), kernel->error);
	return trial;
}

static void assert_complaint(struct fake_kernel *kernel, const char *expected)
{
	struct vma_trial trial = compare(kernel);

	assert_false(trial.has_passed);
	assert_string_equal(trial.complaint, expected);
}

static void a_walk_that_finds_all_as_it_is_passes(void **state)
{
	struct fake_kernel kernel = honest_kernel();
	struct vma_trial trial = compare(&kernel);

	(void)state;
	assert_string_equal(trial.complaint, "");
	assert_true(trial.has_passed);
	assert_int_equal(trial.n_mappings, N_ANSWERS);
	assert_int_equal(trial.flavour, VMA_BY_CAST);
}

static void a_mapping_that_is_not_found_fails(void **state)
{
	struct fake_kernel kernel = honest_kernel();

	(void)state;
	kernel.answers[HEAP] = (struct vma_answer){ 0 };
	assert_complaint(&kernel, "at 1000000 it finds no mapping");
}

static void another_start_or_end_fails(void **state)
{
	struct fake_kernel kernel = honest_kernel();

	(void)state;
	kernel.answers[LIBRARY].start_pc -= 4096;
	assert_complaint(&kernel, "at 7f0000000000 it finds a mapping of another size");
	kernel = honest_kernel();
	kernel.answers[VDSO].end_pc += 4096;
	assert_complaint(&kernel, "at 7ffd00000000 it finds a mapping of another size");
}

static void a_mapping_in_a_gap_fails(void **state)
{
	struct fake_kernel kernel = honest_kernel();

	(void)state;
	kernel.filled_gap_pc = 0x402000;
	assert_complaint(&kernel, "at 402000 it finds a mapping where there is none");
}

static void another_place_in_the_file_fails(void **state)
{
	struct fake_kernel kernel = honest_kernel();

	(void)state;
	kernel.answers[LIBRARY].file_off = 3; /* pages, not bytes */
	assert_complaint(&kernel, "at 7f0000000000 it finds another place in the file");
}

static void files_that_are_mixed_up_fail(void **state)
{
	struct fake_kernel kernel = honest_kernel();

	(void)state;
	kernel.answers[PROGRAM_DATA].key.generation++;
	assert_complaint(&kernel, "at 401000 it finds another file");
	kernel = honest_kernel();
	kernel.answers[LIBRARY].key = kernel.answers[PROGRAM_CODE].key;
	assert_complaint(&kernel, "at 7f0000000000 it finds another file");
	kernel = honest_kernel();
	kernel.answers[LIBRARY].key = (struct file_key){ 0 };
	assert_complaint(&kernel, "at 7f0000000000 it finds no file");
	kernel = honest_kernel();
	kernel.answers[VDSO].key.inode = 1;
	assert_complaint(&kernel, "at 7ffd00000000 it finds a file");
}

static void a_walk_that_cannot_be_asked_has_not_passed(void **state)
{
	struct fake_kernel kernel = honest_kernel();

	(void)state;
	kernel.error = -EPERM;
	assert_false(compare(&kernel).has_passed);
}

static void no_mappings_prove_nothing(void **state)
{
	_cleanup_(mapping_table_freep) struct mapping_table *mappings = NULL;
	struct fake_kernel kernel = honest_kernel();
	struct vma_trial trial;

	(void)state;
	assert_int_equal(mapping_table_parse("", 0, MAPPINGS_ALL, &mappings), 0);
	assert_int_equal(vma_trial_compare(mappings, ask_fake, &kernel, &trial), 0);
	assert_false(trial.has_passed);
	assert_string_equal(trial.complaint, "there is no mapping to try it on");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_that_finds_all_as_it_is_passes),
		cmocka_unit_test(a_mapping_that_is_not_found_fails),
		cmocka_unit_test(another_start_or_end_fails),
		cmocka_unit_test(a_mapping_in_a_gap_fails),
		cmocka_unit_test(another_place_in_the_file_fails),
		cmocka_unit_test(files_that_are_mixed_up_fail),
		cmocka_unit_test(a_walk_that_cannot_be_asked_has_not_passed),
		cmocka_unit_test(no_mappings_prove_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
