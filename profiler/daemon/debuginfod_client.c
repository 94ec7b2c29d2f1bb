/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/debuginfod_client.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/debuginfod.h>

#include "profiler/base/cleanup.h"

/* Of one file: seconds without progress, seconds in all, and bytes. */
#define TIMEOUT_SECONDS "30"
#define MAX_SECONDS     "300"
#define MAX_FETCH_BYTES "2147483648"

struct library {
	debuginfod_client *(*begin)(void);
	int (*find_debuginfo)(debuginfod_client *client, const unsigned char *id, int n_bytes,
			      char **path);
	int (*find_executable)(debuginfod_client *client, const unsigned char *id, int n_bytes,
			       char **path);
	void (*end)(debuginfod_client *client);
};

/* dlsym(3) gives functions as pointers to data. */
static bool load(void *handle, const char *name, void *ret_function)
{
	void *address = dlsym(handle, name);

	memcpy(ret_function, &address, sizeof(address));
	return address;
}

static int open_library(struct library *ret_library)
{
	void *handle = dlopen(DEBUGINFOD_SONAME, RTLD_NOW | RTLD_LOCAL);

	if (!handle || !load(handle, "debuginfod_begin", &ret_library->begin) ||
	    !load(handle, "debuginfod_find_debuginfo", &ret_library->find_debuginfo) ||
	    !load(handle, "debuginfod_find_executable", &ret_library->find_executable) ||
	    !load(handle, "debuginfod_end", &ret_library->end))
		return -ENOSYS;
	return 0; /* it stays loaded: the process ends soon */
}

static int set_environment(const struct debuginfod_options *options)
{
	const char *const variables[][2] = {
		{ DEBUGINFOD_URLS_ENV_VAR, options->urls },
		{ DEBUGINFOD_CACHE_PATH_ENV_VAR, options->folder },
		{ DEBUGINFOD_TIMEOUT_ENV_VAR, TIMEOUT_SECONDS },
		{ DEBUGINFOD_MAXTIME_ENV_VAR, MAX_SECONDS },
		{ DEBUGINFOD_MAXSIZE_ENV_VAR, MAX_FETCH_BYTES },
	};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (setenv(variables[i][0], variables[i][1], true) < 0)
			return -errno;
	unsetenv(DEBUGINFOD_PROGRESS_ENV_VAR);
	unsetenv(DEBUGINFOD_VERBOSE_ENV_VAR);
	return 0;
}

int debuginfod_client_find(const struct debuginfod_options *options,
			   const struct build_id *build_id, bool wants_executable)
{
	const int n_bytes = (int)build_id->n_bytes;
	_cleanup_(freep) char *path = NULL;
	debuginfod_client *client;
	struct library library = { 0 };
	int fd, r;

	r = set_environment(options);
	if (r == 0)
		r = open_library(&library);
	if (r < 0)
		return r;
	client = library.begin();
	if (!client)
		return -ENOMEM;
	fd = wants_executable ? library.find_executable(client, build_id->bytes, n_bytes, &path)
			      : library.find_debuginfo(client, build_id->bytes, n_bytes, &path);
	library.end(client);
	return fd;
}
