/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/inflater.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

/* More than the inflater takes in one step, and no multiple of it. */
#define SIZE ((size_t)9 << 20 | 12345)

struct packed {
	uint8_t *plain;
	struct inflater_source source;
	uint8_t *bytes;
};

static struct packed pack(enum inflater_format format)
{
	struct packed packed = { .plain = malloc(SIZE), .bytes = malloc(SIZE + 100000) };
	uLongf n = SIZE + 100000;

	assert_non_null(packed.plain);
	assert_non_null(packed.bytes);
	for (size_t i = 0; i < SIZE; i++)
		packed.plain[i] = (uint8_t)((uint32_t)(i * i * 2654435761U) >> 28);
	if (format == INFLATER_ZLIB)
		assert_int_equal(compress(packed.bytes, &n, packed.plain, SIZE), Z_OK);
	else
		n = ZSTD_compress(packed.bytes, n, packed.plain, SIZE, 1);
	packed.source = (struct inflater_source){
		.format = format,
		.packed = packed.bytes,
		.packed_bytes = n,
		.size = SIZE,
	};
	return packed;
}

static void free_packed(struct packed *packed)
{
	free(packed->plain);
	free(packed->bytes);
}

static void for_each_format(void (*check)(struct packed *packed))
{
	for (int format = INFLATER_ZLIB; format <= INFLATER_ZSTD; format++) {
		struct packed packed = pack((enum inflater_format)format);

		check(&packed);
		free_packed(&packed);
	}
}

static void check_steps(struct packed *packed)
{
	struct inflater *inflater;
	size_t end = 0;

	assert_int_equal(inflater_new(&packed->source, &inflater), 0);
	assert_int_equal(inflater_size(inflater), SIZE);
	while (end < SIZE) {
		size_t start = end;

		end = end + 1000000 < SIZE ? end + 1000000 : SIZE;
		assert_int_equal(inflater_fill(inflater, end), end);
		assert_memory_equal(inflater_bytes(inflater) + start, packed->plain + start,
				    end - start);
	}
	assert_int_equal(inflater_fill(inflater, SIZE + 1), SIZE);
	inflater_free(inflater);
}

static void gives_the_bytes_as_far_as_they_are_asked_for(void **state)
{
	(void)state;
	for_each_format(check_steps);
}

static void check_release(struct packed *packed)
{
	struct inflater *inflater;

	/* What is packed is not mapped from a file here, and must not be taken for it. */
	assert_int_equal(inflater_new(&packed->source, &inflater), 0);
	assert_int_equal(inflater_fill(inflater, 5000000), 5000000);
	inflater_release(inflater, 1000);
	assert_memory_equal(inflater_bytes(inflater), packed->plain, 5000000);
	inflater_free(inflater);
}

static void keeps_what_is_less_than_a_step(void **state)
{
	(void)state;
	for_each_format(check_release);
}

static void check_damage(struct packed *packed)
{
	struct inflater *inflater;

	packed->source.packed_bytes /= 2;
	assert_int_equal(inflater_new(&packed->source, &inflater), 0);
	assert_in_range(inflater_fill(inflater, SIZE), 1, SIZE - 1);
	inflater_free(inflater);
	memset(packed->bytes, 'x', 1000);
	assert_int_equal(inflater_new(&packed->source, &inflater), 0);
	assert_int_equal(inflater_fill(inflater, SIZE), 0);
	inflater_free(inflater);
}

static void tells_how_much_of_damaged_bytes_is_there(void **state)
{
	(void)state;
	for_each_format(check_damage);
}

static void check_bomb(struct packed *packed)
{
	struct inflater *inflater;

	/* More comes than is claimed. */
	packed->source.size = 70000;
	assert_int_equal(inflater_new(&packed->source, &inflater), 0);
	assert_int_equal(inflater_fill(inflater, SIZE), 70000);
	inflater_free(inflater);
	/* More is claimed than can come. */
	packed->source.size = (uint64_t)10 << 30;
	packed->source.packed_bytes = 1000;
	assert_int_equal(inflater_new(&packed->source, &inflater), -EBADMSG);
	packed->source.size = UINT64_MAX;
	assert_int_equal(inflater_new(&packed->source, &inflater), -EBADMSG);
	packed->source.size = 0;
	assert_int_equal(inflater_new(&packed->source, &inflater), -EBADMSG);
}

static void believes_no_size_that_cannot_be_true(void **state)
{
	(void)state;
	for_each_format(check_bomb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_bytes_as_far_as_they_are_asked_for),
		cmocka_unit_test(keeps_what_is_less_than_a_step),
		cmocka_unit_test(tells_how_much_of_damaged_bytes_is_there),
		cmocka_unit_test(believes_no_size_that_cannot_be_true),
	};

	return cmocka_run_group_tests_name("inflater", tests, NULL, NULL);
}
