/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"

enum { EXIT_NOT_RUNNABLE = 126, EXIT_NOT_FOUND = 127, EXIT_SIGNAL = 128 };

/* In the child: wait for the byte, then become the program, or tell why not. */
static void run(char *const args[], int go_fd, int error_fd)
{
	int error;
	char byte;

	if (read(go_fd, &byte, 1) != 1)
		_exit(0);
	execvp(args[0], args);
	error = errno;
	if (write(error_fd, &error, sizeof(error)) < 0)
		_exit(EXIT_NOT_FOUND);
	_exit(program_exit_status_of_error(-error));
}

int program_prepare(char *const args[], struct program *ret_program)
{
	_cleanup_(closep) int go_read = -1;
	_cleanup_(closep) int go_write = -1;
	_cleanup_(closep) int error_read = -1;
	_cleanup_(closep) int error_write = -1;
	int go[2], error[2];
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	go_read = go[0];
	go_write = go[1];
	if (pipe2(error, O_CLOEXEC) < 0)
		return -errno;
	error_read = error[0];
	error_write = error[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(go_write);
		run(args, go_read, error_write);
	}
	*ret_program = (struct program){
		.pid = pid,
		.pid_fd = (int)syscall(SYS_pidfd_open, pid, 0),
		.go_fd = steal_fd(&go_write),
		.error_fd = steal_fd(&error_read),
	};
	return 0;
}

int program_go(struct program *program)
{
	int error = 0;

	if (write(program->go_fd, "", 1) != 1)
		return -errno;
	/* Its end of the pipe closes when it becomes the program: then there is nothing to read. */
	if (read(program->error_fd, &error, sizeof(error)) == sizeof(error))
		return -error;
	return 0;
}

int program_wait(struct program *program)
{
	int status = 0;

	while (waitpid(program->pid, &status, 0) < 0 && errno == EINTR)
		;
	program->pid = 0;
	return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

void program_fini(struct program *program)
{
	if (!program->pid_fd) /* never prepared */
		return;
	closep(&program->go_fd);
	closep(&program->error_fd);
	closep(&program->pid_fd);
	if (program->pid > 0)
		waitpid(program->pid, NULL, WNOHANG);
	*program = (struct program){ 0 };
}

int program_exit_status_of_error(int error)
{
	return error == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE;
}
