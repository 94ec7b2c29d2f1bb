/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/base/md5.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/array.h"

/* Those of RFC 1321, and one on each side of a block's end, by md5sum(1). */
static void has_the_digests_of_others(void **state)
{
	static const struct {
		const char *text, *digest;
	} examples[] = {
		{ "", "d41d8cd98f00b204e9800998ecf8427e" },
		{ "abc", "900150983cd24fb0d6963f7d28e17f72" },
		{ "message digest", "f96b697d7cb7938d525a2f31aaf161d0" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
		  "d174ab98d277d9f5a5611c2c9f419d9f" },
		{ "1234567890123456789012345678901234567890123456789012345678901234567890123456789"
		  "0",
		  "57edf4a22be3c955ac49da2e2107b67a" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "ef1772b6dff9a122358552954ad0df65" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "3b0c8ac703f828b04c6c197006d17218" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "014842d480b571495a4a0363793f7367" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		uint8_t digest[MD5_BYTES];
		char text[2 * MD5_BYTES + 1];

		md5(examples[i].text, strlen(examples[i].text), digest);
		for (size_t k = 0; k < MD5_BYTES; k++)
			snprintf(text + 2 * k, 3, "%02x", digest[k]);
		assert_string_equal(text, examples[i].digest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_digests_of_others),
	};

	return cmocka_run_group_tests_name("md5", tests, NULL, NULL);
}
