/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/build_job.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/channel.h"
#include "unwind/elf_file.h"
#include "unwind/symbol_file.h"

DEFINE_CLEANUP(struct build_job *, build_job_free)
DEFINE_CLEANUP(struct channel *, channel_free)
DEFINE_CLEANUP(struct elf_file *, elf_file_free)

enum { MAX_HEARD = 8 };

/* What the child of a job has said. */
struct heard {
	enum message_type types[MAX_HEARD];
	struct symbol_file *symbols[MAX_HEARD]; /* of MESSAGE_NAMES */
	uint32_t states[MAX_HEARD];
	size_t n;
};

static int on_message(void *context, const struct message *message, int fds[MESSAGE_MAX_FDS])
{
	const struct message_names *names = message->body;
	struct heard *heard = context;

	assert_true(heard->n < MAX_HEARD);
	heard->types[heard->n] = message->type;
	if (message->type == MESSAGE_NAMES) {
		assert_int_equal(symbol_file_map(fds[0], &heard->symbols[heard->n]), 0);
		heard->states[heard->n] = names->state;
	}
	heard->n++;
	return 0;
}

static int on_object(struct dl_phdr_info *info, size_t size, void *ret_bias)
{
	(void)size;
	*(uint64_t *)ret_bias = info->dlpi_addr;
	return 1; /* the first one is the program itself */
}

static uint64_t vaddr_of(int (*function)(void *, const struct message *, int *))
{
	uint64_t bias = 0;

	dl_iterate_phdr(on_object, &bias);
	return (uint64_t)(uintptr_t)function - bias;
}

static uint64_t file_off_of(uint64_t elf_vaddr)
{
	_cleanup_(closep) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_(elf_file_freep) struct elf_file *file = NULL;
	const struct elf_segment *segment;

	assert_int_equal(elf_file_open(fd, &file), 0);
	segment = elf_file_describe(file)->segments;
	while (elf_vaddr - segment->elf_vaddr >= segment->size_bytes)
		segment++;
	return segment->file_off + (elf_vaddr - segment->elf_vaddr);
}

/* Have the functions of this program read, those at @places first. */
static void run(const uint64_t *places, uint32_t n_places, struct heard *ret_heard)
{
	_cleanup_(build_job_freep) struct build_job *job = calloc(1, sizeof(*job));
	_cleanup_(channel_freep) struct channel *channel = NULL;
	int fds[2], status;

	assert_non_null(job);
	job->what.kind = BUILD_NAMES;
	job->what.n_places = n_places;
	for (uint32_t i = 0; i < n_places; i++)
		job->what.places[i] = places[i];
	job->step = BUILD_STEP_FUNCTIONS;
	job->fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	job->second_fd = -1;
	assert_int_equal(channel_pair(fds), 0);
	assert_int_equal(channel_new(fds[0], 1 << 20, &channel), 0);
	assert_int_equal(build_job_start(job, fds[1]), 0);
	close(fds[1]);
	assert_int_equal(waitpid(job->pid, &status, 0), job->pid);
	assert_int_equal(build_job_outcome(job, status), BUILD_OK);
	*ret_heard = (struct heard){ .n = 0 };
	assert_int_equal(channel_receive(channel, on_message, ret_heard), -EPIPE);
}

static void forget(struct heard *heard)
{
	for (size_t i = 0; i < heard->n; i++)
		symbol_file_free(heard->symbols[i]);
}

static void has_name(const struct symbol_file *symbols, uint64_t elf_vaddr, const char *name)
{
	struct symbol_frame frames[SYMBOL_MAX_INLINE];

	assert_int_equal(symbol_file_find(symbols, elf_vaddr, frames, ARRAY_SIZE(frames)), 1);
	assert_string_equal(frames[0].function, name);
}

static void names_the_places_of_its_order_before_all_functions(void **state)
{
	const uint64_t elf_vaddr = vaddr_of(on_message);
	const uint64_t place = file_off_of(elf_vaddr);
	struct heard heard;

	(void)state;
	run(&place, 1, &heard);
	assert_int_equal(heard.n, 3);
	assert_int_equal(heard.types[0], MESSAGE_DESCRIPTION);
	assert_int_equal(heard.types[1], MESSAGE_NAMES);
	assert_int_equal(heard.states[1], NAMES_PENDING);
	assert_int_equal(symbol_file_function_count(heard.symbols[1]), 1);
	has_name(heard.symbols[1], elf_vaddr, "on_message");
	assert_int_equal(heard.types[2], MESSAGE_NAMES);
	assert_int_equal(heard.states[2], NAMES_FUNCTIONS);
	has_name(heard.symbols[2], elf_vaddr, "on_message");
	has_name(heard.symbols[2], elf_vaddr + 1, "on_message");
	forget(&heard);
}

static void says_nothing_before_them_if_no_place_has_a_name(void **state)
{
	struct heard heard;

	(void)state;
	run((uint64_t[]){ 0 }, 1, &heard);
	assert_int_equal(heard.n, 2);
	assert_int_equal(heard.states[1], NAMES_FUNCTIONS);
	forget(&heard);
	run(NULL, 0, &heard);
	assert_int_equal(heard.n, 2);
	assert_int_equal(heard.states[1], NAMES_FUNCTIONS);
	forget(&heard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_places_of_its_order_before_all_functions),
		cmocka_unit_test(says_nothing_before_them_if_no_place_has_a_name),
	};

	/* As the resolver has set it, for a filter of system calls. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("build job", tests, NULL, NULL);
}
