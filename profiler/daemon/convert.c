/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/convert.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "export/encoder.h"
#include "import/complaint.h"
#include "import/reader.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/base/string_table.h"
#include "profiler/daemon/log.h"
#include "profiler/daemon/options.h"
#include "profiler/daemon/sandbox.h"
#include "profiler/profile.h"

#define OUTPUT_MAX (4UL << 30)

/* What readers left out, they say in comments that begin so. */
#define LEFT_OUT "left out: "

DEFINE_CLEANUP(struct profile *, profile_free)

static void complain_of_reading(const char *path, int r)
{
	if (r == -EFBIG)
		log_line("cannot read %s: it is larger than %lu MiB", path, READER_INPUT_MAX >> 20);
	else if (r < 0)
		log_line("cannot read %s: %s", path, strerror(-r));
}

/* Returns 0, or an error of which the log has been told. */
static int read_input(const char *path, int fd, struct profile **ret_profile)
{
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct complaint complaint = { "" };
	int r;

	r = file_read_fd(fd, READER_INPUT_MAX, &bytes);
	if (r == 0)
		r = reader_read(bytes.data, bytes.size, ret_profile, &complaint);
	if (r == -EBADMSG)
		log_line("cannot read %s: %s", path, complaint.text);
	else
		complain_of_reading(path, r);
	return r;
}

static int write_output(const char *path, const struct profile *profile, int fd)
{
	_cleanup_(buffer_fini) struct buffer bytes = { .limit = OUTPUT_MAX };
	int r;

	r = encoder_find_by_path(path)->encode(profile, &bytes);
	if (r == 0)
		r = file_write_fd(fd, bytes.data, bytes.size);
	if (r < 0)
		log_line("cannot write %s: %s", path, strerror(-r));
	return r;
}

static void tell_what_is_left_out(const struct profile *profile)
{
	for (size_t i = 0; i < profile->n_comments; i++) {
		const char *comment = string_table_get(profile->strings, profile->comments[i]);

		if (!strncmp(comment, LEFT_OUT, strlen(LEFT_OUT)))
			log_line("%s", comment);
	}
	if (profile->n_untimed)
		log_line("the last %" PRIu64 " samples have no time: they are too many",
			 profile->n_untimed);
}

/* The child: what it reads was written by a stranger, so all that it can do is read, and write the
 * result. Returns its exit status. */
static int run_child(const struct options *options, int input_fd, int output_fd)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	int r;

	r = sandbox_drop_privileges(ROLE_RESOLVER);
	if (r == 0)
		r = sandbox_filter(FILTER_BUILD);
	if (r < 0) {
		log_line("cannot give up what reading %s does not need: %s", options->convert_from,
			 strerror(-r));
		return 1;
	}
	if (read_input(options->convert_from, input_fd, &profile) < 0)
		return 1;
	tell_what_is_left_out(profile);
	return write_output(options->convert_to, profile, output_fd) < 0 ? 1 : 0;
}

/* Where the result goes, once there is one: a file that is there keeps what is in it until then. */
struct output {
	const char *path;
	int fd; /* −1: not opened yet */
};

static int output_open(struct output *output)
{
	output->fd = open(output->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	if (output->fd < 0)
		return -errno;
	if (ftruncate(output->fd, 0) < 0 && errno != EINVAL) /* EINVAL: is no file */
		return -errno;
	return 0;
}

/* Copy what comes from @fd, to its end. */
static int output_copy(struct output *output, int fd)
{
	char chunk[65536];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (output->fd < 0)
			r = output_open(output);
		if (r == 0)
			r = file_write_fd(output->fd, chunk, (size_t)n);
	}
	return r;
}

/* Returns whether the child has done all. What it could not do, it has said, unless it was killed.
 */
static bool await_child(pid_t pid, const struct options *options, bool is_wanted)
{
	int status;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (is_wanted && WIFSIGNALED(status))
		log_line("cannot convert %s: signal %d ended it", options->convert_from,
			 WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What the child at the other end of @fd makes of the input. Returns the exit status. */
static int collect(const struct options *options, pid_t pid, int fd)
{
	struct output output = { options->convert_to, -1 };
	bool is_done;
	int r = output_copy(&output, fd);

	if (r < 0)
		(void)kill(pid, SIGKILL); /* nobody wants it any more */
	is_done = await_child(pid, options, r == 0);
	if (is_done && output.fd < 0)
		r = output_open(&output); /* it is empty */
	if (r < 0)
		log_line("cannot write %s: %s", output.path, strerror(-r));
	closep(&output.fd);
	close(fd);
	return is_done && r == 0 ? 0 : 1;
}

int convert_main(const struct options *options)
{
	_cleanup_(closep) int input_fd =
		open(options->convert_from, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int pipe_fds[2];
	pid_t pid;

	if (input_fd < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0) {
		complain_of_reading(options->convert_from, -errno);
		return 1;
	}
	pid = fork();
	if (pid == 0) {
		close(pipe_fds[0]);
		_exit(run_child(options, input_fd, pipe_fds[1]));
	}
	close(pipe_fds[1]);
	if (pid > 0)
		return collect(options, pid, pipe_fds[0]);
	complain_of_reading(options->convert_from, -errno);
	close(pipe_fds[0]);
	return 1;
}
