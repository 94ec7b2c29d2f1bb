/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"

int file_read_fd(int fd, size_t limit_bytes, struct buffer *text)
{
	char chunk[16384];
	size_t total_bytes = 0;

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		total_bytes += (size_t)n;
		if (total_bytes > limit_bytes)
			return -EFBIG;
		buffer_append(text, chunk, (size_t)n);
	}
	buffer_append_char(text, '\0');
	if (buffer_error(text))
		return buffer_error(text);
	text->size--;
	return 0;
}

int file_read(int dir_fd, const char *path, size_t limit_bytes, struct buffer *text)
{
	_cleanup_(closep) int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : file_read_fd(fd, limit_bytes, text);
}

int file_read_up_to(int fd, void *bytes, size_t size, uint64_t file_off, size_t *ret_n)
{
	char *start = bytes;
	size_t n_read = 0;

	while (n_read < size) {
		ssize_t n = pread(fd, start + n_read, size - n_read, (off_t)(file_off + n_read));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		n_read += (size_t)n;
	}
	*ret_n = n_read;
	return 0;
}

int file_read_at(int fd, void *bytes, size_t size, uint64_t file_off)
{
	size_t n;
	int r = file_read_up_to(fd, bytes, size, file_off, &n);

	if (r < 0)
		return r;
	return n == size ? 0 : -ENODATA;
}

int file_write_fd(int fd, const void *bytes, size_t size)
{
	const char *next = bytes;

	while (size) {
		ssize_t n = write(fd, next, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		next += n;
		size -= (size_t)n;
	}
	return 0;
}
