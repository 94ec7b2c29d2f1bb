/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to name places, once there is a symbol file: the addresses come from the input, the
 * symbol file is the argument. Prints a figure a line, all of them CPU time of this process:
 *
 *     first_us   from a file that is not mapped to the name of one address
 *     bare_us    an address, in a symbol file that keeps nothing; without demangling
 *     cold_ms    all addresses, demangled, by a cache that has none of them
 *     warm_us    an address, by the cache that has them all, its functions read
 *     again_us   an address of which the cache has the functions, but not the place
 *     reader_kb, cache_kb   private memory that the mapped file and the cache take
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/symbol_cache.h"
#include "profiler/symbols.h"
#include "unwind/symbol_file.h"

struct addresses {
	uint64_t *vaddrs;
	size_t n;
	size_t capacity;
};

static int64_t cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static double us_each(int64_t start_ns, size_t n)
{
	return (double)(cpu_ns() - start_ns) / 1e3 / (double)n;
}

static int addresses_read(struct addresses *addresses)
{
	uint64_t elf_vaddr;
	int r = 0;

	while (r == 0 && scanf("%" SCNx64, &elf_vaddr) == 1) {
		r = array_reserve((void **)&addresses->vaddrs, &addresses->capacity,
				  addresses->n + 1, sizeof(elf_vaddr));
		if (r == 0)
			addresses->vaddrs[addresses->n++] = elf_vaddr;
	}
	return r < 0 || addresses->n ? r : -EINVAL;
}

/* Of this process, or -1. */
static long private_kb(void)
{
	_cleanup_(fclosep) FILE *status = fopen("/proc/self/status", "re");
	char line[256];
	long kb = -1;

	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, "RssAnon:", 8) == 0)
			kb = strtol(line + 8, NULL, 10);
	return kb;
}

static int map(const char *path, struct symbols **ret_symbols)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct symbol_file *file;
	int r = fd < 0 ? -errno : symbol_file_map(fd, &file);

	return r < 0 ? r : symbols_new(file, 1, ret_symbols);
}

static void look_up_bare(const struct symbols *symbols, const struct addresses *addresses)
{
	struct symbol_frame frames[SYMBOL_MAX_INLINE];

	for (size_t i = 0; i < addresses->n; i++)
		symbol_file_find(symbols->file, addresses->vaddrs[i], frames, ARRAY_SIZE(frames));
}

struct reader {
	struct symbols *symbols;
	struct symbol_cache *cache;
	size_t n_letters; /* keeps the compiler from leaving out what is measured */
};

/* The first @n of @addresses, @delta bytes further. Returns 0 or -errno. */
static int look_up(struct reader *reader, const struct addresses *addresses, size_t n,
		   uint64_t delta)
{
	const struct symbol_place *place;

	for (size_t i = 0; i < n; i++) {
		int r = symbol_cache_find(reader->cache, reader->symbols,
					  addresses->vaddrs[i] + delta, &place);

		if (r < 0)
			return r;
		for (uint32_t k = 0; k < place->n_lines; k++) {
			uint32_t function = place->lines[k].function;

			reader->n_letters +=
				symbol_cache_function(reader->cache, function)->name[0] != '\0';
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct addresses addresses = { 0 };
	struct reader reader = { 0 };
	long start_kb, reader_kb;
	int64_t start_ns;
	int r = argc == 2 ? addresses_read(&addresses) : -EINVAL;

	start_kb = private_kb();
	start_ns = cpu_ns();
	r = r < 0 ? r : map(argv[1], &reader.symbols);
	r = r < 0 ? r : symbol_cache_new(&reader.cache);
	r = r < 0 ? r : look_up(&reader, &addresses, 1, 0);
	if (r < 0)
		return 1;
	printf("first_us %.1f\n", us_each(start_ns, 1));
	look_up_bare(reader.symbols, &addresses);
	start_ns = cpu_ns();
	look_up_bare(reader.symbols, &addresses);
	printf("bare_us %.3f\n", us_each(start_ns, addresses.n));
	reader_kb = private_kb();
	start_ns = cpu_ns();
	r = look_up(&reader, &addresses, addresses.n, 0);
	printf("cold_ms %.1f\n", us_each(start_ns, 1000));
	start_ns = cpu_ns();
	r = r < 0 ? r : look_up(&reader, &addresses, addresses.n, 0);
	printf("warm_us %.3f\n", us_each(start_ns, addresses.n));
	start_ns = cpu_ns();
	r = r < 0 ? r : look_up(&reader, &addresses, addresses.n, 1);
	printf("again_us %.3f\n", us_each(start_ns, addresses.n));
	printf("reader_kb %ld\ncache_kb %ld\n", reader_kb - start_kb, private_kb() - reader_kb);
	symbol_cache_unref(reader.cache);
	symbols_unref(reader.symbols);
	free(addresses.vaddrs);
	return r < 0 || !reader.n_letters;
}
