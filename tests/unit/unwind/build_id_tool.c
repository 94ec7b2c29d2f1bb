/* SPDX-License-Identifier: Apache-2.0 */
/* Build id tool: prints the build id of each file that is named, or "none", a line each. */
#include <fcntl.h>
#include <stdio.h>

#include "profiler/base/cleanup.h"
#include "unwind/build_id.h"

int main(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++) {
		_cleanup_(closep) int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
		struct build_id id = { 0 };

		if (fd < 0 || build_id_read(fd, &id) < 0)
			printf("none");
		for (uint32_t k = 0; k < id.n_bytes; k++)
			printf("%02x", id.bytes[k]);
		printf("\n");
	}
	return 0;
}
