/* SPDX-License-Identifier: Apache-2.0 */
/* A Host header against nothing allowed: only loopback and localhost may pass. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "web/host_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *host = strndup((const char *)data, size);

	if (!host)
		return 0;
	if (host_is_ours(host, NULL, NULL))
		assert(!strncasecmp(host, "localhost", 9) || !strncmp(host, "127.", 4) ||
		       host[0] == '[');
	free(host);
	return 0;
}
