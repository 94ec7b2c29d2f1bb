/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Module BTF: the types of the kernel's modules, which libbpf lists when it does not find something
 * among the kernel's own: a function, say, that our programs declare weak, because older kernels
 * have none. The list is for CAP_SYS_ADMIN only, and without it libbpf takes what is merely missing
 * for an error. Nothing that we look for is in a module.
 */

struct bpf_object;

/* Have @object, which is not loaded yet, be loaded without that list, unless this process may have
 * it. */
void module_btf_forgo(struct bpf_object *object);
