/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernel describer: the describer's part that knows the kernel's names. It has the resolver read
 * them, keeps what it said last, and tells every server.
 *
 *     /proc/kallsyms ──► functions of the kernel, its modules, BPF programs, as they run now
 *     vmlinux ─────────► a file like any other, whose addresses are moved by the kernel's slide
 *     modules' files ──► likewise, each by its own                          kernel_modules.h
 */

#include <stdbool.h>
#include <sys/utsname.h>

#include "profiler/daemon/kernel_file_finder.h"
#include "profiler/daemon/kernel_modules.h"
#include "profiler/message.h"

struct binary;
struct binary_describer;
struct kernel_view;
struct role_process;

struct kernel_describer {
	struct role_process *server; /* borrowed, as are the next */
	struct role_process *resolver;
	struct binary_describer *binaries;
	struct utsname host;
	struct kernel_file_finder finder;
	struct kernel_modules modules;
	struct binary *vmlinux; /* borrowed, or NULL: none was found yet */
	bool has_failed;        /* the resolver has found no names */
	struct message_kernel_names names;
	int fds[MESSAGE_MAX_FDS]; /* symbol file and ranges, or −1: nothing was said yet */
	struct kernel_view *view; /* the ranges, or NULL */
	bool has_moved;           /* modules have; a new dictionary has not begun since */
	bool is_moving;           /* likewise; their names have not come since */
	bool has_news;            /* they are other ones than those that were asked for last */
	bool is_stale;            /* code was met that may have come since */
	int64_t requested_ns;     /* when, last */
	int64_t interval_ns;      /* until that may be again */
};

/* @folders are as in struct kernel_file_finder. */
void kernel_describer_init(struct kernel_describer *describer, struct role_process *server,
			   struct role_process *resolver, struct binary_describer *binaries,
			   const char *const *folders);

void kernel_describer_fini(struct kernel_describer *describer);

/* Have the resolver read the names, as they are now: every few minutes. If it is not there, it will
 * be asked when it is. */
void kernel_describer_request(struct kernel_describer *describer);

/*
 * Code at @addr is on a stack that was not seen before. If it is in no range that is known, or a
 * BPF program's, which come and go, the names are to be read again, though not too often; and if it
 * is in a module, its file is to be found. kernel_describer_refresh() does both, and has names read
 * at once when a module has come, gone or moved; to be called every second or so. One that was met
 * when less was known is only looked up once more.
 */
void kernel_describer_meet(struct kernel_describer *describer, uint64_t addr);
void kernel_describer_meet_again(struct kernel_describer *describer, uint64_t addr);
void kernel_describer_refresh(struct kernel_describer *describer);

/* Whether, since this was asked last, ranges have become known: then what was met before is to be
 * met again. */
bool kernel_describer_has_news(struct kernel_describer *describer);

/* Whether modules have gone, or lie elsewhere: what was sampled until now has the old names, so a
 * new dictionary is to begin. Until then the server is told nothing. */
bool kernel_describer_has_moved(const struct kernel_describer *describer);

/* Whether the resolver says that of the kernel. */
bool kernel_describer_owns(const struct message *message);

/* Take it, and, if that is news, tell the server. Returns 0, or -EBADMSG: it must not say that. */
int kernel_describer_on_message(struct kernel_describer *describer, const struct message *message,
				int fds[MESSAGE_MAX_FDS]);

/* Tell the server of what is known: in a new dictionary. Returns 0 or -errno. */
int kernel_describer_describe(struct kernel_describer *describer);
