/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/convert.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
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
#include "profiler/profile.h"

#define OUTPUT_MAX (4UL << 30)

/* What readers left out, they say in comments that begin so. */
#define LEFT_OUT "left out: "

DEFINE_CLEANUP(struct profile *, profile_free)

static int read_input(const char *path, struct profile **ret_profile)
{
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct complaint complaint = { "" };
	int r;

	r = file_read(AT_FDCWD, path, READER_INPUT_MAX, &bytes);
	if (r == 0)
		r = reader_read(bytes.data, bytes.size, ret_profile, &complaint);
	if (r == -EBADMSG)
		log_line("cannot read %s: %s", path, complaint.text);
	else if (r == -EFBIG)
		log_line("cannot read %s: it is larger than %lu MiB", path, READER_INPUT_MAX >> 20);
	else if (r < 0)
		log_line("cannot read %s: %s", path, strerror(-r));
	return r;
}

/* A file that is there keeps what is in it until there is something better. */
static int write_file(const char *path, const struct buffer *bytes)
{
	_cleanup_(closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, 0) < 0 && errno != EINVAL) /* EINVAL: is no file */
		return -errno;
	return file_write_fd(fd, bytes->data, bytes->size);
}

static int write_output(const char *path, const struct profile *profile)
{
	_cleanup_(buffer_fini) struct buffer bytes = { .limit = OUTPUT_MAX };
	int r;

	r = encoder_find_by_path(path)->encode(profile, &bytes);
	if (r == 0)
		r = write_file(path, &bytes);
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

int convert_main(const struct options *options)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;

	if (read_input(options->convert_from, &profile) < 0)
		return 1;
	tell_what_is_left_out(profile);
	return write_output(options->convert_to, profile) < 0 ? 1 : 0;
}
