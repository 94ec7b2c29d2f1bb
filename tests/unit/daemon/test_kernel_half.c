/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/kernel_half.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"

#define WAIT_NS (10 * NS_PER_SECOND)

DEFINE_CLEANUP(struct kernel_half *, kernel_half_free)

/* The linker puts this in the place of the real trial. */
void __wrap_vma_trial_run(uint32_t page_shift, struct vma_trial *ret_trial);
void __real_vma_trial_run(uint32_t page_shift, struct vma_trial *ret_trial);

static bool trial_shall_fail;

void __wrap_vma_trial_run(uint32_t page_shift, struct vma_trial *ret_trial)
{
	__real_vma_trial_run(page_shift, ret_trial);
	if (!trial_shall_fail)
		return;
	ret_trial->has_passed = false;
	snprintf(ret_trial->complaint, sizeof(ret_trial->complaint), "at 400000 it errs");
}

/* Our own samples, by how their stacks ended. */
struct seen {
	uint32_t outcomes[STACK_OUTCOME_COUNT];
	uint32_t n_pending;
};

static void on_record(void *context, const void *record, size_t size)
{
	const struct sample_record *sample = record;
	struct seen *seen = context;

	if (sample->header.type != RECORD_SAMPLE)
		return;
	assert_true(size >= sizeof(*sample) && sample->outcome < STACK_OUTCOME_COUNT);
	seen->outcomes[sample->outcome] += sample->n_user_frames > 0;
}

static void on_pending(void *context, const void *record, size_t size)
{
	struct seen *seen = context;

	(void)record;
	(void)size;
	seen->n_pending++;
}

static struct kernel_half *start(struct seen *seen)
{
	const struct kernel_half_options options = {
		.frequency_hz = 999,
		.ring_bytes = 1 << 20,
		.selects_processes = true,
		.unwinder = UNWINDER_TABLES,
	};
	const struct kernel_half_events events = { on_record, on_pending, seen };
	struct kernel_half *half;
	int r = kernel_half_new(&options, &events, &half);

	if (r == -EPERM || r == -EACCES || r == -ESRCH)
		skip(); /* BPF programs cannot be loaded here */
	assert_int_equal(r, 0);
	assert_int_equal(kernel_half_select(half, (uint32_t)getpid()), 0);
	assert_true(kernel_half_refresh_cpus(half) > 0);
	return half;
}

static struct kernel_half_status status_of(const struct kernel_half *half)
{
	struct kernel_half_status status;

	assert_int_equal(kernel_half_get_status(half, &status), 0);
	return status;
}

static void a_trial_that_fails_leads_to_the_walk_by_frame_pointers(void **state)
{
	int64_t end_ns = clock_monotonic_ns() + WAIT_NS;
	_cleanup_(kernel_half_freep) struct kernel_half *half = NULL;
	struct seen seen = { .n_pending = 0 };
	struct kernel_half_status status;

	(void)state;
	trial_shall_fail = true;
	half = start(&seen);
	status = status_of(half);
	assert_int_equal(status.unwinder, UNWINDER_FRAME_POINTERS);
	assert_string_equal(status.trial.complaint, "at 400000 it errs");
	while (!seen.outcomes[STACK_FRAME_POINTERS] && clock_monotonic_ns() < end_ns)
		assert_int_equal(kernel_half_read(half), 0);
	assert_true(seen.outcomes[STACK_FRAME_POINTERS] > 0);
	assert_int_equal(seen.n_pending, 0);
}

static void a_trial_that_passes_leads_to_the_walk_by_tables(void **state)
{
	_cleanup_(kernel_half_freep) struct kernel_half *half = NULL;
	struct seen seen = { .n_pending = 0 };

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* its own mappings grow while they are compared */
#endif
	trial_shall_fail = false;
	half = start(&seen);
	assert_int_equal(status_of(half).unwinder, UNWINDER_TABLES);
	assert_true(status_of(half).trial.has_passed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_trial_that_fails_leads_to_the_walk_by_frame_pointers),
		cmocka_unit_test(a_trial_that_passes_leads_to_the_walk_by_tables),
	};

	return cmocka_run_group_tests_name("kernel half", tests, NULL, NULL);
}
