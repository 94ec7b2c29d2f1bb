/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/kubelet_client.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/base/memory_file.h"

enum { CONNECT_SECONDS = 3, HTTP_OK = 200 };

/* As Debian builds it with OpenSSL, or GnuTLS; and as others call either. */
static const char *const library_names[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };

struct curl {
	CURL *(*init)(void);
	CURLcode (*setopt)(CURL *handle, CURLoption option, ...);
	CURLcode (*perform)(CURL *handle);
	CURLcode (*getinfo)(CURL *handle, CURLINFO info, ...);
	const char *(*strerror)(CURLcode code);
	void (*cleanup)(CURL *handle);
};

/* What has come so far. */
struct answer {
	int fd;
	size_t n_bytes, max_bytes;
	bool is_too_large;
};

static bool load(void *handle, const char *name, void *ret_function)
{
	void *address = dlsym(handle, name);

	memcpy(ret_function, &address, sizeof(address));
	return address;
}

static int open_curl(struct curl *ret_curl)
{
	void *handle = NULL;

	for (size_t i = 0; !handle && i < ARRAY_SIZE(library_names); i++)
		handle = dlopen(library_names[i], RTLD_NOW | RTLD_LOCAL);
	if (!handle || !load(handle, "curl_easy_init", &ret_curl->init) ||
	    !load(handle, "curl_easy_setopt", &ret_curl->setopt) ||
	    !load(handle, "curl_easy_perform", &ret_curl->perform) ||
	    !load(handle, "curl_easy_getinfo", &ret_curl->getinfo) ||
	    !load(handle, "curl_easy_strerror", &ret_curl->strerror) ||
	    !load(handle, "curl_easy_cleanup", &ret_curl->cleanup))
		return -ENOSYS;
	return 0; /* it stays loaded: the process ends soon */
}

bool kubelet_client_is_installed(void)
{
	struct curl curl;

	return open_curl(&curl) == 0;
}

static size_t on_bytes(char *bytes, size_t size, size_t n, void *context)
{
	struct answer *answer = context;

	n *= size;
	answer->n_bytes += n;
	answer->is_too_large = answer->n_bytes > answer->max_bytes;
	return !answer->is_too_large && file_write_fd(answer->fd, bytes, n) == 0 ? n : 0;
}

static void configure(const struct curl *curl, CURL *handle, const char *url, struct answer *answer)
{
	curl->setopt(handle, CURLOPT_URL, url);
	curl->setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	curl->setopt(handle, CURLOPT_PROXY, "");
	curl->setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl->setopt(handle, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl->setopt(handle, CURLOPT_TIMEOUT, (long)KUBELET_MAX_SECONDS);
	curl->setopt(handle, CURLOPT_WRITEFUNCTION, on_bytes);
	curl->setopt(handle, CURLOPT_WRITEDATA, (void *)answer);
}

/* Returns 0, or -errno and a complaint. */
static int get(const struct curl *curl, CURL *handle, const struct answer *answer,
	       char ret_complaint[KUBELET_COMPLAINT_BYTES])
{
	CURLcode code = curl->perform(handle);
	long status = 0;

	if (answer->is_too_large) {
		snprintf(ret_complaint, KUBELET_COMPLAINT_BYTES, "its answer has more than %zu MB",
			 answer->max_bytes >> 20);
		return -EFBIG;
	}
	if (code != CURLE_OK) {
		snprintf(ret_complaint, KUBELET_COMPLAINT_BYTES, "%s", curl->strerror(code));
		return -EIO;
	}
	curl->getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	if (status == HTTP_OK)
		return 0;
	snprintf(ret_complaint, KUBELET_COMPLAINT_BYTES, "it answers with the status %ld", status);
	return -EPROTO;
}

int kubelet_client_get(const char *url, size_t max_bytes, int *ret_fd,
		       char ret_complaint[KUBELET_COMPLAINT_BYTES])
{
	_cleanup_(closep) int fd = memfd_create("pods", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct answer answer = { .fd = fd, .max_bytes = max_bytes };
	struct curl curl = { 0 };
	CURL *handle;
	int r = fd < 0 ? -errno : open_curl(&curl);

	if (r < 0) {
		snprintf(ret_complaint, KUBELET_COMPLAINT_BYTES, "%s",
			 r == -ENOSYS ? "libcurl is not installed" : strerror(-r));
		return r;
	}
	handle = curl.init();
	if (!handle) {
		snprintf(ret_complaint, KUBELET_COMPLAINT_BYTES, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	configure(&curl, handle, url, &answer);
	r = get(&curl, handle, &answer, ret_complaint);
	curl.cleanup(handle);
	if (r == 0)
		r = memory_file_seal(fd);
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}
