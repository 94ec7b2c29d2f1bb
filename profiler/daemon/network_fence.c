/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/network_fence.h"

#include <errno.h>
#include <stddef.h>

#include "profiler/base/array.h"

/*
 * What such a library, its libraries and the name service read. Those of other hosts: Debian's
 * OpenSSL and GnuTLS, Fedora's; resolv.conf and hosts as files, or where their links lead to.
 */
static const char *const readable_paths[] = {
	"/lib",
	"/lib64",
	"/usr/lib",
	"/usr/lib64",
	"/usr/local/lib",
	"/etc/ld.so.cache",
	"/etc/nsswitch.conf",
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/gai.conf",
	"/etc/services",
	"/etc/localtime",
	"/etc/ssl",
	"/etc/pki",
	"/etc/gnutls",
	"/etc/crypto-policies",
	"/etc/ca-certificates",
	"/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates",
	"/usr/share/pki",
	"/usr/share/p11-kit",
	"/usr/share/crypto-policies",
	"/var/lib/ca-certificates",
	"/proc/sys/crypto",
	"/dev/urandom",
	"/dev/null",
};

int network_fence_raise(const struct file_gate *gates)
{
	struct file_gate all[ARRAY_SIZE(readable_paths) + NETWORK_FENCE_MAX_GATES + 1] = {
		{ NULL, false }
	};
	size_t n = 0;
	int r;

	for (; n < ARRAY_SIZE(readable_paths); n++)
		all[n].path = readable_paths[n];
	for (size_t i = 0; i < NETWORK_FENCE_MAX_GATES && gates[i].path; i++)
		all[n++] = gates[i];
	r = file_fence_raise(all);
	return r == -ENOSYS || r == -EOPNOTSUPP ? 0 : r;
}
