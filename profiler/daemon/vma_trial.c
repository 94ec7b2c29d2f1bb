/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/vma_trial.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "profiler/base/cleanup.h"
#include "profiler/daemon/module_btf.h"
#include "profiler/procfs.h"

#include "vma_trial.skel.h"

/* Mappings may change between reading them and asking: our own heap grows while we read. */
enum { MAX_TRIES = 5 };

const char *const vma_flavour_names[VMA_FLAVOUR_COUNT] = {
	[VMA_BY_CAST] = "through the maple tree, read directly",
	[VMA_BY_PROBE] = "through the maple tree, read by probes",
	[VMA_IN_RB_TREE] = "through the red-black tree, read by probes",
};

/* A comparison under way. */
struct comparison {
	const struct mapping_table *mappings;
	struct file_key *keys; /* one for each mapping so far */
	vma_trial_ask ask;
	void *context;
	struct vma_trial *trial;
};

static void complain(struct vma_trial *trial, uint64_t pc, const char *what)
{
	if (*trial->complaint) /* the first one leads to the cause */
		return;
	snprintf(trial->complaint, sizeof(trial->complaint), "at %" PRIx64 " it finds %s", pc,
		 what);
}

/* Returns 0; what is wrong becomes the complaint. */
static int ask_in_mapping(struct comparison *comparison, const struct mapping *mapping, uint64_t pc,
			  struct file_key *ret_key)
{
	struct vma_trial *trial = comparison->trial;
	struct vma_answer answer = { 0 };
	int r;

	r = comparison->ask(comparison->context, pc, &answer);
	if (r < 0)
		return r;
	if (answer.flavour >= VMA_FLAVOUR_COUNT)
		return -EBADMSG;
	trial->flavour = (enum vma_flavour)answer.flavour;
	*ret_key = answer.key;
	if (!answer.is_found)
		complain(trial, pc, "no mapping");
	else if (answer.start_pc != mapping->start_pc || answer.end_pc != mapping->end_pc)
		complain(trial, pc, "a mapping of another size");
	else if (!answer.key.inode != !mapping->inode)
		complain(trial, pc, mapping->inode ? "no file" : "a file");
	else if (mapping->inode && answer.file_off != mapping->file_off)
		complain(trial, pc, "another place in the file");
	return 0;
}

static int ask_in_gap(struct comparison *comparison, uint64_t pc)
{
	struct vma_answer answer = { 0 };
	int r;

	r = comparison->ask(comparison->context, pc, &answer);
	if (r == 0 && answer.is_found)
		complain(comparison->trial, pc, "a mapping where there is none");
	return r;
}

static bool is_same_file(const struct mapping *a, const struct mapping *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

/* Mappings of one file have one key, and those of two have two. */
static void compare_files(struct comparison *comparison, size_t index)
{
	const struct mapping *mapping = mapping_table_get(comparison->mappings, index);
	const struct file_key *keys = comparison->keys;

	for (size_t i = 0; i < index; i++) {
		const struct mapping *other = mapping_table_get(comparison->mappings, i);
		bool has_same_key = !memcmp(&keys[i], &keys[index], sizeof(keys[i]));

		if (mapping->inode && has_same_key != is_same_file(mapping, other))
			complain(comparison->trial, mapping->start_pc, "another file");
	}
}

static int compare_mapping(struct comparison *comparison, size_t index)
{
	const struct mapping_table *mappings = comparison->mappings;
	const struct mapping *mapping = mapping_table_get(mappings, index);
	bool is_last = index + 1 == mapping_table_count(mappings);
	struct file_key key_of_end;
	int r;

	if (mapping->kind == MAPPING_VSYSCALL) /* no process's, and in no tree */
		return 0;
	r = ask_in_mapping(comparison, mapping, mapping->start_pc, &comparison->keys[index]);
	if (r == 0)
		r = ask_in_mapping(comparison, mapping, mapping->end_pc - 1, &key_of_end);
	if (r == 0 &&
	    (is_last || mapping_table_get(mappings, index + 1)->start_pc != mapping->end_pc))
		r = ask_in_gap(comparison, mapping->end_pc);
	compare_files(comparison, index);
	comparison->trial->n_mappings++;
	return r;
}

int vma_trial_compare(const struct mapping_table *mappings, vma_trial_ask ask, void *context,
		      struct vma_trial *ret_trial)
{
	_cleanup_(freep) struct file_key *keys =
		calloc(mapping_table_count(mappings) + 1, sizeof(*keys));
	struct comparison comparison = { mappings, keys, ask, context, ret_trial };
	int r = 0;

	*ret_trial = (struct vma_trial){ 0 };
	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && !*ret_trial->complaint && i < mapping_table_count(mappings);
	     i++)
		r = compare_mapping(&comparison, i);
	if (r == 0 && !ret_trial->n_mappings)
		strncpy(ret_trial->complaint, "there is no mapping to try it on",
			sizeof(ret_trial->complaint) - 1);
	ret_trial->has_passed = r == 0 && !*ret_trial->complaint;
	return r;
}

static int ask_kernel(void *context, uint64_t pc, struct vma_answer *ret_answer)
{
	const struct vma_trial_bpf *bpf = context;
	const uint32_t zero = 0;
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &pc, .ctx_size_in = sizeof(pc));
	int r;

	r = bpf_prog_test_run_opts(bpf_program__fd(bpf->progs.ask), &options);
	if (r == 0)
		r = bpf_map__lookup_elem(bpf->maps.answers, &zero, sizeof(zero), ret_answer,
					 sizeof(*ret_answer), 0);
	return r;
}

static int try_on_self(struct vma_trial_bpf *bpf, struct vma_trial *ret_trial)
{
	_cleanup_(closep) int proc_fd = -1;
	_cleanup_(closep) int process_fd = -1;
	int r;

	r = procfs_open(&proc_fd);
	if (r == 0)
		r = procfs_open_process(proc_fd, getpid(), &process_fd);
	for (int i = 0; r == 0 && !ret_trial->has_passed && i < MAX_TRIES; i++) {
		_cleanup_(mapping_table_freep) struct mapping_table *mappings = NULL;

		r = procfs_read_maps(process_fd, MAPPINGS_ALL, &mappings);
		if (r == 0)
			r = vma_trial_compare(mappings, ask_kernel, bpf, ret_trial);
	}
	return r;
}

void vma_trial_run(uint32_t page_shift, struct vma_trial *ret_trial)
{
	struct vma_trial_bpf *bpf = vma_trial_bpf__open();
	int r;

	*ret_trial = (struct vma_trial){ 0 };
	r = bpf ? 0 : -errno;
	if (r == 0) {
		module_btf_forgo(bpf->obj);
		bpf->rodata->page_shift = page_shift;
		r = vma_trial_bpf__load(bpf);
	}
	if (r == 0)
		r = try_on_self(bpf, ret_trial);
	vma_trial_bpf__destroy(bpf);
	if (r < 0)
		snprintf(ret_trial->complaint, sizeof(ret_trial->complaint),
			 "it cannot be tried: %s", strerror(-r));
}
