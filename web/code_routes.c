/* SPDX-License-Identifier: Apache-2.0 */
#include "web/code_routes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/cleanup.h"
#include "profiler/listing.h"
#include "profiler/file_view.h"
#include "profiler/symbols.h"
#include "unwind/disassembly.h"
#include "unwind/symbol_file.h"
#include "web/api_routes.h"
#include "web/build_id_parameter.h"
#include "web/disassembly_json.h"
#include "web/request.h"
#include "web/selection.h"
#include "web/site.h"

#define REPLY_MAX_BYTES (CODE_MAX_BYTES * sizeof(struct code_line))

/* What came as a file: @ret_bytes is owned by the caller. Returns 0, -EBADMSG or -errno. */
static int read_reply(const struct question *question, size_t max_bytes, char **ret_bytes,
		      size_t *ret_size)
{
	_cleanup_(freep) char *bytes = NULL;
	struct stat status;
	ssize_t n;

	if (fstat(question->fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    (uint64_t)status.st_size > max_bytes)
		return -EBADMSG;
	bytes = malloc((size_t)status.st_size + 1);
	if (!bytes)
		return -ENOMEM;
	n = pread(question->fd, bytes, (size_t)status.st_size, 0);
	if (n < 0)
		return -errno;
	*ret_bytes = steal(bytes);
	*ret_size = (size_t)n;
	return 0;
}

/* Both routes wait for others alike. */
static void fail_reply(struct request *request, int error)
{
	if (error == -ETIMEDOUT)
		answer_fail(&request->answer, 504, "nobody has answered in time");
	else if (error == -EAGAIN)
		answer_fail_busy(&request->answer, "too much is being read");
	else if (error == -ENOMEM)
		answer_fail_busy(&request->answer, "out of memory");
	else
		answer_fail(&request->answer, 500, "it cannot be read: %s", strerror(-error));
}

struct disassembly {
	struct selection *selection; /* the request's job, before; owned */
	struct listing_target target;
	struct listing listing;
};

static void disassembly_free(void *job)
{
	struct disassembly *disassembly = job;

	listing_fini(&disassembly->listing);
	selection_free(disassembly->selection);
	free(disassembly);
}

static void fail_code(struct request *request, int error)
{
	struct answer *answer = &request->answer;

	if (error == -EFBIG)
		answer_fail(answer, 400,
			    "the function has more than %u KiB of code, which is not disassembled",
			    CODE_MAX_BYTES >> 10);
	else if (error == -ENOENT || error == -ENODATA || error == -EBADMSG)
		answer_fail(answer, 404, "the code of this file cannot be read any more");
	else if (error == -ENOTSUP)
		answer_fail(answer, 501, "the code is of a machine that is not known here");
	else if (error == -ENOSYS)
		answer_fail(answer, 501, "libcapstone.so.4 is not installed, which disassembles");
	else
		fail_reply(request, error);
}

static void finish_disassembly(struct request *request, struct disassembly *disassembly)
{
	_cleanup_(freep) char *bytes = NULL;
	size_t size = 0;
	int r = request->question.result;

	if (r == 0)
		r = read_reply(&request->question, REPLY_MAX_BYTES, &bytes, &size);
	if (r < 0) {
		fail_code(request, r);
		return;
	}
	request->answer.body.limit = SITE_ANSWER_MAX;
	r = disassembly_json_append(&disassembly->listing, (const struct code_line *)bytes,
				    size / sizeof(struct code_line), &request->answer.body);
	if (r < 0)
		fail_code(request, r);
	else
		answer_finish(&request->answer, ANSWER_JSON);
}

static void work_disassembly(struct request *request, struct site *site)
{
	struct disassembly *disassembly = request->job;
	struct listing *listing = &disassembly->listing;
	int r;

	if (request->question.is_answered) {
		finish_disassembly(request, disassembly);
		return;
	}
	selection_begin(disassembly->selection, site);
	r = listing_find(site->store, &disassembly->target, listing);
	if (r < 0) {
		build_id_parameter_fail(request, r);
		return;
	}
	r = listing_count(site->store, &disassembly->selection->query, listing);
	if (!selection_end(request, disassembly->selection, r))
		return;
	request->question = (struct question){
		.kind = QUESTION_CODE,
		.file = listing->view->number,
		.start_vaddr = listing->range.start_vaddr,
		.end_vaddr = listing->range.end_vaddr,
	};
}

static bool get_target(struct request *request, struct listing_target *ret_target)
{
	const char *address = request_get(request, "address");
	char *end;

	ret_target->function = request_get(request, "function");
	if (!build_id_parameter_get(request, &ret_target->build_id))
		return false;
	if (!ret_target->function == !address) {
		answer_fail(&request->answer, 400, "there must be either function or address");
		return false;
	}
	if (!address)
		return true;
	errno = 0;
	ret_target->elf_vaddr = strtoull(address, &end, 0);
	if (address[0] >= '0' && address[0] <= '9' && !*end && !errno)
		return true;
	answer_fail_parameter(&request->answer, "address", address,
			      "an address as the ELF file numbers it, in decimal or 0x hex");
	return false;
}

void code_begin_disassembly(struct request *request, struct site *site)
{
	struct disassembly *disassembly;
	struct listing_target target = { 0 };
	struct selection *selection;
	int64_t start_ns, end_ns;

	(void)site;
	if (!get_target(request, &target) || !api_get_range(request, &start_ns, &end_ns))
		return;
	selection = selection_of_request(request, start_ns, end_ns);
	if (!selection)
		return;
	disassembly = calloc(1, sizeof(*disassembly));
	if (!disassembly) {
		answer_fail_busy(&request->answer, "out of memory");
		return;
	}
	disassembly->selection = selection;
	disassembly->target = target;
	request->job = disassembly;
	request->free_job = disassembly_free;
	request->work = work_disassembly;
}

static void fail_source(struct request *request, int error)
{
	struct answer *answer = &request->answer;

	if (error == -EACCES || error == -ELOOP)
		answer_fail(answer, 403, "the file is not below a folder of --source-dir");
	else if (error == -ENOENT || error == -ENOTDIR || error == -ENAMETOOLONG)
		answer_fail(answer, 404, "the file is not below a folder of --source-dir any more");
	else if (error == -EISDIR || error == -ENXIO)
		answer_fail(answer, 403, "it is no regular file");
	else if (error == -EFBIG || error == -EBADMSG)
		answer_fail(answer, 403, "the file is too large to be a source file");
	else
		fail_reply(request, error);
}

static void finish_source(struct request *request)
{
	_cleanup_(freep) char *bytes = NULL;
	size_t size = 0;
	int r = request->question.result;

	if (r == 0)
		r = read_reply(&request->question, SITE_ANSWER_MAX, &bytes, &size);
	if (r < 0) {
		fail_source(request, r);
		return;
	}
	buffer_append(&request->answer.body, bytes, size);
	answer_finish(&request->answer, ANSWER_TEXT);
}

static void work_source(struct request *request, struct site *site)
{
	const char *path = request_get(request, "file");
	struct listing listing = { 0 };
	int r;

	if (request->question.is_answered) {
		finish_source(request);
		return;
	}
	r = listing_find_file(site->store, request->job, &listing);
	if (r < 0)
		build_id_parameter_fail(request, r);
	else if (!symbol_file_has_source(listing.view->symbols->file, path))
		answer_fail(&request->answer, 404,
			    "the debug information of this build_id does not name this file");
	else
		request->question = (struct question){ .kind = QUESTION_SOURCE, .path = path };
	listing_fini(&listing);
}

void code_begin_source(struct request *request, struct site *site)
{
	struct build_id build_id;

	if (!site->has_source_dirs) {
		answer_fail(&request->answer, 403,
			    "source files are not shown unless --source-dir DIR says where they "
			    "lie");
		return;
	}
	if (!build_id_parameter_get(request, &build_id))
		return;
	if (!request_get(request, "file")) {
		answer_fail_parameter(&request->answer, "file", "",
				      "a source file as a profile names it");
		return;
	}
	request->job = malloc(sizeof(build_id));
	if (!request->job) {
		answer_fail_busy(&request->answer, "out of memory");
		return;
	}
	memcpy(request->job, &build_id, sizeof(build_id));
	request->free_job = free;
	request->work = work_source;
}
