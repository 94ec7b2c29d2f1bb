/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/file_fence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

#include "profiler/base/cleanup.h"

/* Rights that are known, and refused where no gate gives them: those of version 1. Files may be
 * moved between folders from version 2 on, if that is given: never here. */
#define FILE_RIGHTS                                                                                \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define FOLDER_RIGHTS                                                                              \
	(LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |                             \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                           \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                               \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                             \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* Of those, what a gate gives. */
#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_RIGHTS                                                                               \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                           \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |                            \
	 LANDLOCK_ACCESS_FS_MAKE_REG)

int file_fence_probe(void)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return version < 0 ? -errno : 0;
}

static int add_gate(int rules_fd, const struct file_gate *gate)
{
	_cleanup_(closep) int fd = open(gate->path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = { .parent_fd = fd };
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return 0;
	rule.allowed_access = READ_RIGHTS | (gate->may_write ? WRITE_RIGHTS : 0);
	if (!S_ISDIR(status.st_mode))
		rule.allowed_access &= FILE_RIGHTS;
	return syscall(SYS_landlock_add_rule, rules_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
		       ? -errno
		       : 0;
}

int file_fence_raise(const struct file_gate *gates)
{
	const struct landlock_ruleset_attr known = { FILE_RIGHTS | FOLDER_RIGHTS };
	_cleanup_(closep) int fd =
		(int)syscall(SYS_landlock_create_ruleset, &known, sizeof(known), 0);
	int r = fd < 0 ? -errno : 0;

	for (; r == 0 && gates->path; gates++)
		r = add_gate(fd, gates);
	if (r == 0 && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		r = -errno;
	return r;
}
