/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/module_btf.h"

#include <cap-ng.h>

#include <bpf/libbpf.h>

/* libbpf tries to list the modules once for each object; that it could not, it has forgotten when
 * it looks for the next thing. So let it try for something that nobody misses. */
void module_btf_forgo(struct bpf_object *object)
{
	capng_get_caps_process();
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN))
		return;
	(void)bpf_program__set_attach_target(bpf_object__next_program(object, NULL), 0,
					     "a_function_that_no_kernel_has");
}
