/* SPDX-License-Identifier: Apache-2.0 */
#include "known_profile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "profiler/base/string_table.h"
#include "profiler/frame.h"
#include "profiler/profile.h"

#define PERIOD_NS    10000000
#define MAX_DEPTH    64
#define KERNEL_START 0xffffffff81000000

/* Expect success of what can only fail by lack of memory. */
static void must(int r)
{
	if (r < 0)
		abort();
}

static uint32_t string(struct profile *profile, const char *text)
{
	uint32_t string;

	must(string_table_add(profile->strings, text, &string));
	return string;
}

static uint32_t add_mapping(struct profile *profile, uint64_t start_addr, const char *filename,
			    const char *build_id)
{
	uint32_t index;

	must(profile_add_mapping(profile,
				 &(struct profile_mapping){
					 .start_addr = start_addr,
					 .limit_addr = start_addr + 0x10000,
					 .file_off = filename[0] == '/' ? 0x1000 : 0,
					 .filename = string(profile, filename),
					 .build_id = string(profile, build_id),
				 },
				 &index));
	return index;
}

static struct profile_line make_line(struct profile *profile, const char *name, uint32_t line)
{
	struct profile_line made = { .line = line, .column = line ? 3 : 0 };

	must(profile_add_function(profile,
				  &(struct profile_function){
					  .name = string(profile, name),
					  .system_name = string(profile, name),
					  .filename = string(profile, line ? "/src/api.c" : ""),
					  .start_line = line ? line - line % 10 : 0,
				  },
				  &made.function));
	return made;
}

/* A location with one function, and one that is inlined in it, if @inlined is not NULL. */
static uint32_t add_location(struct profile *profile, uint32_t mapping, enum frame_kind kind,
			     uint64_t address, const char *names[2])
{
	struct profile_line lines[2];
	uint32_t line = kind == FRAME_NATIVE ? 12 : 0;
	size_t n_lines = 0;
	uint32_t index;

	if (names[1])
		lines[n_lines++] = make_line(profile, names[1], line + 30);
	lines[n_lines++] = make_line(profile, names[0], line);
	must(profile_add_location(profile,
				  &(struct profile_location){
					  .address = address,
					  .mapping = mapping,
					  .kind = kind,
					  .function_off = kind == FRAME_JIT ? 0 : address & 0xff },
				  lines, n_lines, &index));
	return index;
}

static uint32_t add_label_set(struct profile *profile, const char *comm, const char *exe,
			      const char *tid)
{
	struct profile_label labels[3];
	size_t n_labels = 0;
	uint32_t index;

	if (comm)
		labels[n_labels++] =
			(struct profile_label){ string(profile, "comm"), string(profile, comm) };
	labels[n_labels++] = (struct profile_label){ string(profile, "exe"), string(profile, exe) };
	labels[n_labels++] = (struct profile_label){ string(profile, "tid"), string(profile, tid) };
	must(profile_add_label_set(profile, labels, n_labels, &index));
	return index;
}

static void add_sample(struct profile *profile, const uint32_t *frames, size_t n_frames,
		       uint32_t label_set, uint64_t count)
{
	struct profile_sample sample = {
		.label_set = label_set,
		.count = count,
		.value = count * PERIOD_NS,
	};

	must(profile_add_stack(profile, frames, n_frames, &sample.stack));
	must(profile_add_sample(profile, &sample));
}

static struct profile *new_profile(void)
{
	struct profile *profile;

	must(profile_new(&profile));
	profile->start_unix_ns = 1700000000000000000;
	profile->duration_ns = 5000000000;
	profile->period_ns = PERIOD_NS;
	return profile;
}

#define ADD_SAMPLE(profile, label_set, count, ...)                                                 \
	add_sample((profile), (const uint32_t[]){ __VA_ARGS__ },                                   \
		   ARRAY_SIZE(((const uint32_t[]){ __VA_ARGS__ })), (label_set), (count))

struct profile *known_profile_new(void)
{
	struct profile *p = new_profile();
	uint32_t kernel = add_mapping(p, KERNEL_START, "[kernel.kallsyms]", "");
	uint32_t libc = add_mapping(p, 0x7f0000000000, "/usr/lib/libc.so.6", "c0ffee");
	uint32_t api = add_mapping(p, 0x400000, "/usr/bin/api", "deadbeef");
	uint32_t start = add_location(p, libc, FRAME_NATIVE, 0x7f0000000010,
				      (const char *[2]){ "__libc_start_main" });
	uint32_t main = add_location(p, api, FRAME_NATIVE, 0x400100, (const char *[2]){ "main" });
	uint32_t serve = add_location(p, api, FRAME_NATIVE, 0x400200,
				      (const char *[2]){ "serve", "parse<std::string>" });
	uint32_t again = add_location(p, api, FRAME_NATIVE, 0x400210,
				      (const char *[2]){ "serve", "parse<std::string>" });
	uint32_t copy =
		add_location(p, libc, FRAME_NATIVE, 0x7f0000000020, (const char *[2]){ "memcpy" });
	uint32_t page_fault = add_location(p, kernel, FRAME_KERNEL, KERNEL_START + 0x30,
					   (const char *[2]){ "asm_exc_page_fault" });
	uint32_t jit = add_location(p, PROFILE_NO_MAPPING, FRAME_JIT, 0x7e0000000000,
				    (const char *[2]){ "[anonymous]+0x7e0000000000" });
	uint32_t evil = add_location(p, api, FRAME_NATIVE, 0x400300,
				     (const char *[2]){ "<script>alert(\"1\")</script>;\xff\n" });
	uint32_t one = add_label_set(p, "api", "/usr/bin/api", "17");
	uint32_t two = add_label_set(p, "api", "/usr/bin/api", "18");
	uint32_t nobody = add_label_set(p, NULL, "", "");
	uint32_t stranger = add_label_set(p, "evil;\n", "/tmp/evil", "66");

	p->mappings[api].has_functions = true;
	p->mappings[api].has_filenames = true;
	p->mappings[api].has_line_numbers = true;
	p->mappings[api].has_inline_frames = true;
	ADD_SAMPLE(p, one, 20, serve, main, start);
	ADD_SAMPLE(p, two, 7, again, main, start);
	ADD_SAMPLE(p, one, 15, copy, serve, main, start);
	ADD_SAMPLE(p, two, 9, page_fault, copy, main, start);
	ADD_SAMPLE(p, one, 5, jit, main, start);
	ADD_SAMPLE(p, stranger, 3, evil, start);
	ADD_SAMPLE(p, nobody, 1, page_fault);
	ADD_SAMPLE(p, one, 0, main, start);
	add_sample(p, NULL, 0, two, 1);
	must(profile_add_comment(p, "made by hand"));
	return p;
}

struct profile *known_profile_new_timed(void)
{
	struct profile *profile = known_profile_new();
	int64_t time_unix_ns = profile->start_unix_ns;
	bool is_left = true;

	for (uint64_t turn = 1; is_left; turn++) {
		is_left = false;
		for (size_t i = 0; i < profile->n_samples; i++) {
			struct profile_moment moment = {
				.count = 1,
				.value = PERIOD_NS,
				.stack = profile->samples[i].stack,
				.label_set = profile->samples[i].label_set,
				.cpu = profile->n_moments % 2,
			};

			if (profile->samples[i].count < turn)
				continue;
			time_unix_ns += PERIOD_NS;
			moment.time_unix_ns = time_unix_ns;
			must(profile_add_moment(profile, &moment));
			is_left = true;
		}
	}
	return profile;
}

struct profile *known_profile_new_large(uint32_t n_samples, uint32_t depth)
{
	struct profile *profile = new_profile();
	uint32_t mapping = add_mapping(profile, 0x400000, "/usr/bin/large", "1a");
	uint32_t label_set = add_label_set(profile, "large", "/usr/bin/large", "1");
	uint32_t locations[1024], frames[MAX_DEPTH];
	uint32_t state = 1;

	for (uint32_t i = 0; i < ARRAY_SIZE(locations); i++) {
		char name[64];

		snprintf(name, sizeof(name), "a_function_of_usual_length_%u", i);
		locations[i] = add_location(profile, mapping, FRAME_NATIVE, 0x400000 + i * 16,
					    (const char *[2]){ name });
	}
	for (uint32_t i = 0; i < n_samples; i++) {
		for (uint32_t k = 0; k < depth; k++) {
			state = state * 1664525 + 1013904223; /* a generator of Lehmer's kind */
			frames[k] = locations[k < depth / 2 ? state >> 22 : k];
		}
		add_sample(profile, frames, depth, label_set, 1);
	}
	return profile;
}
