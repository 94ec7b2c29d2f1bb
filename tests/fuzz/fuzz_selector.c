/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Selector: any text either parses or gives a sentence; what parses can be asked.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/label.h"
#include "profiler/selector.h"

DEFINE_CLEANUP(struct selector *, selector_free)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct label labels[] = {
		{ "cgroup", "/system.slice/api.service" },
		{ "comm", "a\"b\\c\n\xff" },
		{ "exe", "" },
	};
	_cleanup_(selector_freep) struct selector *selector = NULL;
	_cleanup_(freep) char *text = strndup((const char *)data, size);
	unsigned long n_limited = 0;
	char error[256] = "";
	int r;

	if (!text)
		return 0;
	r = selector_parse(text, &selector, error, sizeof(error));
	if (r < 0) {
		assert(!selector);
		assert(r == -ENOMEM || (r == -EINVAL && error[0]));
		return 0;
	}
	selector_matches(selector, labels, ARRAY_SIZE(labels), &n_limited);
	selector_matches(selector, NULL, 0, NULL);
	return 0;
}
