/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/kernel_half.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/daemon/cpu_events.h"
#include "profiler/daemon/module_btf.h"
#include "profiler/daemon/walker.h"

#include "lifecycle.skel.h"
#include "preload.skel.h"
#include "sampler.skel.h"

struct kernel_half {
	struct sampler_bpf *sampler;
	struct lifecycle_bpf *lifecycle; /* NULL where the kernel refuses it */
	struct ring_buffer *ring;
	enum unwinder unwinder; /* that is used */
	struct vma_trial trial;
	struct cpu_events *cpu_events;
	char event[16];
	struct kernel_half_events events;
	struct cpu_counters *counters; /* one for each possible CPU */
	int n_possible_cpus;
};

DEFINE_CLEANUP(struct kernel_half *, kernel_half_free)

/* What libbpf has to say is for us, not for our users: they get one sentence of our own. */
static int keep_silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int on_ring_record(void *context, void *record, size_t size)
{
	struct kernel_half *half = context;

	half->events.on_record(half->events.context, record, size);
	return 0;
}

static int on_pending_record(void *context, void *record, size_t size)
{
	struct kernel_half *half = context;

	half->events.on_pending(half->events.context, record, size);
	return 0;
}

static int open_rings(struct kernel_half *half)
{
	int r;

	half->ring =
		ring_buffer__new(bpf_map__fd(half->sampler->maps.ring), on_ring_record, half, NULL);
	if (!half->ring)
		return -errno;
	r = ring_buffer__add(half->ring, bpf_map__fd(half->sampler->maps.pending_ring),
			     on_pending_record, half);
	return r;
}

/* log2 of the bytes of a page */
static uint32_t page_shift(void)
{
	return (uint32_t)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
}

static struct bpf_program *sampling_program(const struct kernel_half *half)
{
	return half->unwinder == UNWINDER_TABLES ? half->sampler->progs.sample_cpu
						 : half->sampler->progs.sample_by_frame_pointers;
}

static int load_sampler_object(struct kernel_half *half, const struct kernel_half_options *options)
{
	int r;

	half->sampler = sampler_bpf__open();
	if (!half->sampler)
		return -errno;
	module_btf_forgo(half->sampler->obj);
	bpf_program__set_autoload(half->sampler->progs.sample_cpu, false);
	bpf_program__set_autoload(half->sampler->progs.sample_by_frame_pointers, false);
	bpf_program__set_autoload(sampling_program(half), true);
	half->sampler->bss->period_ns = NS_PER_SECOND / options->frequency_hz;
	half->sampler->rodata->wakeup_bytes = options->ring_bytes / 4;
	half->sampler->rodata->select_processes = options->selects_processes;
	half->sampler->rodata->page_shift = page_shift();
	half->sampler->rodata->pc_mask = walker_pc_mask();
	r = bpf_map__set_max_entries(half->sampler->maps.ring, (uint32_t)options->ring_bytes);
	return r < 0 ? r : sampler_bpf__load(half->sampler);
}

/* A kernel that will not have the walk by tables, or on which it goes wrong, still has its own. */
static int load_sampler(struct kernel_half *half, const struct kernel_half_options *options)
{
	int r;

	half->unwinder = options->unwinder;
	if (half->unwinder == UNWINDER_FRAME_POINTERS)
		return load_sampler_object(half, options);
	vma_trial_run(page_shift(), &half->trial);
	if (half->trial.has_passed) {
		r = load_sampler_object(half, options);
		if (r == 0 || r == -EPERM)
			return r;
		half->trial.has_passed = false;
		snprintf(half->trial.complaint, sizeof(half->trial.complaint),
			 "the kernel refuses the program: %s", strerror(-r));
		sampler_bpf__destroy(half->sampler);
	}
	half->unwinder = UNWINDER_FRAME_POINTERS;
	return load_sampler_object(half, options);
}

/* A map of the sampler's, that another object declares too. */
struct shared_map {
	const struct bpf_map *from;
	struct bpf_map *to;
};

static int share_maps(const struct shared_map *maps, size_t n_maps)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_maps; i++)
		r = bpf_map__reuse_fd(maps[i].to, bpf_map__fd(maps[i].from));
	return r;
}

static int load_lifecycle_object(struct kernel_half *half)
{
	const struct sampler_bpf *from = half->sampler;
	struct lifecycle_bpf *to = half->lifecycle;
	const struct shared_map maps[] = {
		{ from->maps.ring, to->maps.ring },
		{ from->maps.counters, to->maps.counters },
		{ from->maps.selected, to->maps.selected },
		{ from->maps.unwind_files, to->maps.unwind_files },
		{ from->maps.file_counters, to->maps.file_counters },
	};
	int r = share_maps(maps, ARRAY_SIZE(maps));

	if (r == 0)
		r = lifecycle_bpf__load(to);
	return r < 0 ? r : lifecycle_bpf__attach(to);
}

/* Without it, sampling goes on: so there is nothing to return. */
static void load_lifecycle(struct kernel_half *half, const struct kernel_half_options *options)
{
	half->lifecycle = lifecycle_bpf__open();
	if (!half->lifecycle)
		return;
	module_btf_forgo(half->lifecycle->obj);
	half->lifecycle->rodata->select_processes = options->selects_processes;
	half->lifecycle->rodata->page_shift = page_shift();
	half->lifecycle->rodata->by_tables = half->unwinder == UNWINDER_TABLES;
	if (load_lifecycle_object(half) < 0) {
		lifecycle_bpf__destroy(half->lifecycle);
		half->lifecycle = NULL;
	}
}

/* An iterator runs as often as its file is opened, and as far as that is read. */
static int run_iterator(struct bpf_program *program)
{
	struct bpf_link *link = bpf_program__attach_iter(program, NULL);
	_cleanup_(closep) int fd = -1;
	char nothing[64];
	ssize_t n;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	bpf_link__destroy(link);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, nothing, sizeof(nothing))) > 0 || (n < 0 && errno == EAGAIN))
		;
	return n < 0 ? -errno : 0;
}

static int load_preload_object(const struct sampler_bpf *from, struct preload_bpf *to)
{
	const struct shared_map maps[] = {
		{ from->maps.ring, to->maps.ring },
		{ from->maps.counters, to->maps.counters },
		{ from->maps.selected, to->maps.selected },
		{ from->maps.unwind_files, to->maps.unwind_files },
		{ from->maps.file_counters, to->maps.file_counters },
	};
	int r = share_maps(maps, ARRAY_SIZE(maps));

	to->rodata->page_shift = page_shift();
	to->rodata->select_processes = from->rodata->select_processes;
	return r < 0 ? r : preload_bpf__load(to);
}

int kernel_half_preload(struct kernel_half *half)
{
	bool iterates_mappings = libbpf_find_vmlinux_btf_id("task_vma", BPF_TRACE_ITER) > 0;
	struct preload_bpf *preload;
	int r;

	if (half->unwinder != UNWINDER_TABLES)
		return 0;
	preload = preload_bpf__open();
	if (!preload)
		return -errno;
	bpf_program__set_autoload(preload->progs.preload_mapping, iterates_mappings);
	bpf_program__set_autoload(preload->progs.preload_task, !iterates_mappings);
	r = load_preload_object(half->sampler, preload);
	if (r == 0)
		r = run_iterator(iterates_mappings ? preload->progs.preload_mapping
						   : preload->progs.preload_task);
	preload_bpf__destroy(preload);
	return r;
}

static int set_up(struct kernel_half *half, const struct kernel_half_options *options)
{
	int r;

	r = load_sampler(half, options);
	if (r < 0)
		return r;
	load_lifecycle(half, options);
	r = open_rings(half);
	if (r < 0)
		return r;
	half->n_possible_cpus = libbpf_num_possible_cpus();
	if (half->n_possible_cpus < 0)
		return half->n_possible_cpus;
	half->counters = calloc((size_t)half->n_possible_cpus, sizeof(*half->counters));
	if (!half->counters)
		return -ENOMEM;
	r = cpu_events_new(bpf_program__fd(sampling_program(half)), options->frequency_hz,
			   &half->cpu_events);
	if (r < 0)
		return r;
	strncpy(half->event, cpu_events_name(half->cpu_events), sizeof(half->event) - 1);
	return 0;
}

int kernel_half_new(const struct kernel_half_options *options,
		    const struct kernel_half_events *events, struct kernel_half **ret_half)
{
	_cleanup_(kernel_half_freep) struct kernel_half *half = calloc(1, sizeof(*half));
	int r;

	if (!half)
		return -ENOMEM;
	half->events = *events;
	libbpf_set_print(keep_silent);
	r = set_up(half, options);
	if (r < 0)
		return r;
	*ret_half = steal(half);
	return 0;
}

struct kernel_half *kernel_half_free(struct kernel_half *half)
{
	if (!half)
		return NULL;
	kernel_half_stop(half);
	ring_buffer__free(half->ring);
	lifecycle_bpf__destroy(half->lifecycle);
	sampler_bpf__destroy(half->sampler);
	free(half->counters);
	free(half);
	return NULL;
}

struct table_store_maps kernel_half_table_maps(const struct kernel_half *half)
{
	return (struct table_store_maps){
		.files_fd = bpf_map__fd(half->sampler->maps.unwind_files),
		.shards_fd = bpf_map__fd(half->sampler->maps.unwind_shards),
		.rules_fd = bpf_map__fd(half->sampler->maps.unwind_rules),
	};
}

int kernel_half_refresh_cpus(struct kernel_half *half)
{
	return half->cpu_events ? cpu_events_refresh(half->cpu_events) : 0;
}

void kernel_half_stop(struct kernel_half *half)
{
	half->cpu_events = cpu_events_free(half->cpu_events);
}

int kernel_half_set_frequency(struct kernel_half *half, unsigned int frequency_hz)
{
	half->sampler->bss->period_ns = NS_PER_SECOND / frequency_hz;
	return cpu_events_set_frequency(half->cpu_events, frequency_hz);
}

int kernel_half_fd(const struct kernel_half *half)
{
	return ring_buffer__epoll_fd(half->ring);
}

int kernel_half_read(struct kernel_half *half)
{
	int r = ring_buffer__consume(half->ring);

	return r < 0 ? r : 0;
}

int kernel_half_select(struct kernel_half *half, uint32_t pid)
{
	const uint8_t one = 1;

	return bpf_map__update_elem(half->sampler->maps.selected, &pid, sizeof(pid), &one,
				    sizeof(one), BPF_ANY);
}

void kernel_half_forget_stack(struct kernel_half *half, uint64_t stack_hash)
{
	/* One that is not there was forgotten already. */
	(void)bpf_map__delete_elem(half->sampler->maps.sent_stacks, &stack_hash, sizeof(stack_hash),
				   0);
}

/* All fields of struct cpu_counters are uint64_t. */
static void add_counters(struct cpu_counters *sum, const struct cpu_counters *counters)
{
	const uint64_t *from = (const uint64_t *)counters;
	uint64_t *to = (uint64_t *)sum;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

/* An upper bound: entries, as if each took its key, its value and 64 bytes of the kernel's. */
static uint64_t map_bytes(const struct bpf_map *map, int n_cpus)
{
	uint64_t entry_bytes = bpf_map__key_size(map) + bpf_map__value_size(map) + 64;

	if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
		return bpf_map__max_entries(map);
	if (bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY)
		entry_bytes *= (uint64_t)n_cpus;
	return entry_bytes * bpf_map__max_entries(map);
}

int kernel_half_get_status(const struct kernel_half *half, struct kernel_half_status *ret_status)
{
	const size_t all_cpus_bytes = (size_t)half->n_possible_cpus * sizeof(*half->counters);
	const uint32_t zero = 0;
	struct bpf_prog_info info = { 0 };
	uint32_t info_bytes = sizeof(info);
	struct bpf_map *map;
	int r;

	*ret_status = (struct kernel_half_status){
		.event = half->event,
		.has_lifecycle = half->lifecycle != NULL,
		.unwinder = half->unwinder,
		.trial = half->trial,
	};
	r = bpf_map__lookup_elem(half->sampler->maps.counters, &zero, sizeof(zero), half->counters,
				 all_cpus_bytes, 0);
	if (r < 0)
		return r;
	for (int cpu = 0; cpu < half->n_possible_cpus; cpu++)
		add_counters(&ret_status->sum, &half->counters[cpu]);
	bpf_object__for_each_map (map, half->sampler->obj)
		ret_status->map_bytes += map_bytes(map, half->n_possible_cpus);
	if (bpf_obj_get_info_by_fd(bpf_program__fd(sampling_program(half)), &info, &info_bytes) ==
	    0) {
		ret_status->run_ns = info.run_time_ns;
		ret_status->run_count = info.run_cnt;
	}
	return 0;
}
