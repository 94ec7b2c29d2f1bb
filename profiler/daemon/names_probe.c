/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/names_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/daemon/container_describer.h"
#include "profiler/daemon/debuginfod_client.h"
#include "profiler/daemon/fetcher.h"
#include "profiler/daemon/kernel_file_finder.h"
#include "profiler/daemon/kernel_modules.h"
#include "profiler/daemon/kubelet_client.h"
#include "profiler/daemon/options.h"
#include "unwind/disassembly.h"

enum {
	LIST_MAX_BYTES = 1 << 20, /* of modules */
	MODULE_NAME_BYTES = 64,   /* with its NUL */
};

#define USUAL_FOLDER "/usr/lib/debug"

static struct kernel_file_finder make_finder(const struct options *options, struct utsname *host)
{
	struct kernel_file_finder finder = {
		.folders = options->debug_folders,
		.modules = KERNEL_MODULES_FOLDER,
		.release = host->release,
	};

	uname(host);
	return finder;
}

void names_probe_kernel_file(const struct options *options, struct finding *finding)
{
	struct utsname host = { 0 };
	struct kernel_file_finder finder = make_finder(options, &host);
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = -1;
	int r = kernel_file_finder_read_build_id(&finder.build_id);

	fd = kernel_file_finder_find(&finder, &path);
	if (fd >= 0)
		finding_set(finding, VERDICT_OK, "%s: functions of the kernel have lines", path);
	else if (r < 0)
		finding_set(finding, VERDICT_WARN,
			    "the kernel does not say its build id (%s): its functions have names, "
			    "but no lines",
			    strerror(-r));
	else
		finding_set(finding, VERDICT_WARN,
			    "no vmlinux of this kernel is there: its functions have names, but no "
			    "lines (Debian has it in linux-image-…-dbg)");
}

static bool has_file(const struct kernel_file_finder *finder, const char *name)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = -1;
	struct build_id build_id;

	if (kernel_file_finder_read_module_build_id(KERNEL_MODULES_STATE, name, &build_id) == 0)
		fd = kernel_file_finder_find_module(finder, name, &build_id, &path);
	return fd >= 0;
}

void names_probe_modules(const struct options *options, struct finding *finding)
{
	struct utsname host = { 0 };
	const struct kernel_file_finder finder = make_finder(options, &host);
	_cleanup_(buffer_fini) struct buffer list = { 0 };
	char name[MODULE_NAME_BYTES], missing[MODULE_NAME_BYTES] = "";
	unsigned int n = 0, n_missing = 0;
	int r = file_read(AT_FDCWD, KERNEL_MODULES_LIST, LIST_MAX_BYTES, &list);

	if (r < 0) {
		finding_set(finding, VERDICT_OK, "none can be loaded (%s: %s)", KERNEL_MODULES_LIST,
			    strerror(-r));
		return;
	}
	for (const char *line = list.data; *line; line += strcspn(line, "\n"), line += !!*line) {
		n++;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, " \n"), line);
		if (has_file(&finder, name))
			continue;
		n_missing++;
		memcpy(missing, name, sizeof(missing));
	}
	if (n_missing)
		finding_set(finding, VERDICT_WARN,
			    "no file of %u of %u is there, as of %s: their functions have names, "
			    "but no lines",
			    n_missing, n, missing);
	else
		finding_set(finding, VERDICT_OK,
			    "%u, whose files are there: their functions have lines where these "
			    "have debug information",
			    n);
}

static bool is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

void names_probe_debug_folders(const struct options *options, struct finding *finding)
{
	char folders[sizeof(finding->text)] = "";
	size_t length = 0;

	for (const char *const *folder = options->debug_folders; folder && *folder; folder++) {
		if (!is_folder(*folder)) {
			finding_set(finding, VERDICT_WARN,
				    "%s, of --debug-dir, is no folder: nothing is found there",
				    *folder);
			return;
		}
		if (length < sizeof(folders))
			length += (size_t)snprintf(folders + length, sizeof(folders) - length,
						   "%s, ", *folder);
	}
	if (is_folder(USUAL_FOLDER))
		finding_set(finding, VERDICT_OK, "%s" USUAL_FOLDER, folders);
	else
		finding_set(finding, VERDICT_OK,
			    "%sno " USUAL_FOLDER ": else they are looked for beside programs",
			    folders);
}

void names_probe_debuginfod(const struct options *options, struct finding *finding)
{
	const char *urls = fetcher_urls(options);
	bool is_installed = debuginfod_client_is_installed();

	if (!urls)
		finding_set(finding, VERDICT_OK,
			    "off: neither --debuginfod-urls nor DEBUGINFOD_URLS names a server%s",
			    is_installed ? "" : "; nor is libdebuginfod installed");
	else if (is_installed)
		finding_set(finding, VERDICT_OK,
			    "a process of its own asks for what is not on this host: %s", urls);
	else
		finding_set(finding, VERDICT_WARN,
			    "libdebuginfod is not installed: nothing is fetched from %s", urls);
}

void names_probe_pods(const struct options *options, struct finding *finding)
{
	bool is_installed = kubelet_client_is_installed();

	if (!options->pods)
		finding_set(finding, VERDICT_OK, "have no names: --pods names no list of them%s",
			    is_installed ? "" : "; nor is libcurl installed, to ask a kubelet");
	else if (!container_describer_is_url(options->pods) && access(options->pods, R_OK) < 0)
		finding_set(finding, VERDICT_WARN, "%s cannot be read (%s): they have no names",
			    options->pods, strerror(errno));
	else if (!container_describer_is_url(options->pods))
		finding_set(finding, VERDICT_OK, "of the list in %s", options->pods);
	else if (is_installed)
		finding_set(finding, VERDICT_OK, "a process of its own asks %s, by libcurl",
			    options->pods);
	else
		finding_set(finding, VERDICT_WARN, "libcurl is not installed: %s is not asked",
			    options->pods);
}

void names_probe_disassembly(const struct options *options, struct finding *finding)
{
	(void)options;
	disassembly_load();
	if (disassembly_is_loaded())
		finding_set(finding, VERDICT_OK, "by libcapstone");
	else
		finding_set(finding, VERDICT_WARN,
			    "libcapstone is not installed: no function can be shown instruction "
			    "by instruction");
}
