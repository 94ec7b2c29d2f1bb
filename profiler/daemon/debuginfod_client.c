/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/debuginfod_client.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/debuginfod.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/daemon/file_fence.h"
#include "profiler/daemon/network_fence.h"

/* Of one file: seconds without progress, seconds in all, bytes, and how often it is tried again. */
#define TIMEOUT_SECONDS "20"
#define MAX_SECONDS     "300"
#define MAX_FETCH_BYTES "2147483648"
#define RETRIES         "0"

struct debuginfod {
	debuginfod_client *(*begin)(void);
	int (*find_debuginfo)(debuginfod_client *client, const unsigned char *id, int n_bytes,
			      char **path);
	int (*find_executable)(debuginfod_client *client, const unsigned char *id, int n_bytes,
			       char **path);
	void (*set_progress)(debuginfod_client *client, debuginfod_progressfn_t on_progress);
	void (*set_context)(debuginfod_client *client, void *context);
	const char *(*get_url)(debuginfod_client *client);
	void (*end)(debuginfod_client *client);
};

/* The library's own bound is for a server that sends too slowly: not for one that takes no
 * connection, or is silent then. */
struct patience {
	const struct debuginfod *debuginfod;
	int64_t end_ns; /* when it has to have begun to send */
	bool is_over;
};

/* dlsym(3) gives functions as pointers to data. */
static bool load(void *handle, const char *name, void *ret_function)
{
	void *address = dlsym(handle, name);

	memcpy(ret_function, &address, sizeof(address));
	return address;
}

static int open_debuginfod(struct debuginfod *ret_debuginfod)
{
	void *handle = dlopen(DEBUGINFOD_SONAME, RTLD_NOW | RTLD_LOCAL);

	if (!handle || !load(handle, "debuginfod_begin", &ret_debuginfod->begin) ||
	    !load(handle, "debuginfod_find_debuginfo", &ret_debuginfod->find_debuginfo) ||
	    !load(handle, "debuginfod_find_executable", &ret_debuginfod->find_executable) ||
	    !load(handle, "debuginfod_set_progressfn", &ret_debuginfod->set_progress) ||
	    !load(handle, "debuginfod_set_user_data", &ret_debuginfod->set_context) ||
	    !load(handle, "debuginfod_get_url", &ret_debuginfod->get_url) ||
	    !load(handle, "debuginfod_end", &ret_debuginfod->end))
		return -ENOSYS;
	return 0; /* it stays loaded: the process ends soon */
}

bool debuginfod_client_is_installed(void)
{
	struct debuginfod debuginfod;

	return open_debuginfod(&debuginfod) == 0;
}

static int set_environment(const struct debuginfod_options *options)
{
	const struct {
		const char *name, *value;
		bool is_ours; /* else people may have set it */
	} variables[] = {
		{ DEBUGINFOD_URLS_ENV_VAR, options->url, true },
		{ DEBUGINFOD_CACHE_PATH_ENV_VAR, options->folder, true },
		{ DEBUGINFOD_RETRY_LIMIT_ENV_VAR, RETRIES, true },
		{ DEBUGINFOD_TIMEOUT_ENV_VAR, TIMEOUT_SECONDS, false },
		{ DEBUGINFOD_MAXTIME_ENV_VAR, MAX_SECONDS, false },
		{ DEBUGINFOD_MAXSIZE_ENV_VAR, MAX_FETCH_BYTES, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		if (setenv(variables[i].name, variables[i].value, variables[i].is_ours) < 0)
			return -errno;
	unsetenv(DEBUGINFOD_PROGRESS_ENV_VAR);
	unsetenv(DEBUGINFOD_VERBOSE_ENV_VAR);
	return 0;
}

/* Those who say that a server is a folder name it. */
static const char *folder_of_url(const char *url)
{
	static const char scheme[] = "file://";
	const char *found = strstr(url, scheme);

	return found ? found + sizeof(scheme) - 1 : NULL;
}

/* Beside what the network needs. */
static int raise_fence(const struct debuginfod_options *options)
{
	const struct file_gate gates[] = {
		{ options->folder, true },
		{ folder_of_url(options->url), false },
		{ NULL, false },
	};

	return network_fence_raise(gates);
}

static int64_t timeout_ns(void)
{
	const char *text = getenv(DEBUGINFOD_TIMEOUT_ENV_VAR);
	long seconds = text ? strtol(text, NULL, 10) : 0;

	return (seconds > 0 ? seconds : strtol(TIMEOUT_SECONDS, NULL, 10)) * NS_PER_SECOND;
}

/* Of what is loaded already. */
static struct patience *patience_of(debuginfod_client *client)
{
	void *(*get_context)(debuginfod_client * client);
	void *handle = dlopen(DEBUGINFOD_SONAME, RTLD_NOW | RTLD_NOLOAD);

	if (!handle || !load(handle, "debuginfod_get_user_data", &get_context))
		return NULL;
	return get_context(client);
}

/* Called some times a second. Returns whether to give up. */
static int on_progress(debuginfod_client *client, long n_done, long n_total)
{
	struct patience *patience = patience_of(client);
	bool has_begun = n_total > 0 || (patience && patience->debuginfod->get_url(client));

	(void)n_done; /* rounds, before there are bytes */
	if (!patience || has_begun || clock_monotonic_ns() < patience->end_ns)
		return 0;
	patience->is_over = true;
	return 1;
}

int debuginfod_client_find(const struct debuginfod_options *options,
			   const struct build_id *build_id, bool wants_executable)
{
	const int n_bytes = (int)build_id->n_bytes;
	_cleanup_(freep) char *path = NULL;
	struct debuginfod debuginfod = { 0 };
	struct patience patience = { .debuginfod = &debuginfod };
	debuginfod_client *client;
	int fd, r;

	r = set_environment(options);
	if (r == 0)
		r = raise_fence(options);
	if (r == 0)
		r = open_debuginfod(&debuginfod);
	if (r < 0)
		return r;
	client = debuginfod.begin();
	if (!client)
		return -ENOMEM;
	patience.end_ns = clock_monotonic_ns() + timeout_ns();
	debuginfod.set_context(client, &patience);
	debuginfod.set_progress(client, on_progress);
	fd = wants_executable ? debuginfod.find_executable(client, build_id->bytes, n_bytes, &path)
			      : debuginfod.find_debuginfo(client, build_id->bytes, n_bytes, &path);
	debuginfod.end(client);
	return fd < 0 && patience.is_over ? -ETIME : fd;
}
