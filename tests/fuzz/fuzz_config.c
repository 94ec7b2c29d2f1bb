/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Config: a config file may be any text. What is accepted goes to the server and comes out there as
 * it went in, and rules that are accepted run, on labels that are none of theirs.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/file.h"
#include "profiler/daemon/options_read.h"
#include "profiler/labeler.h"
#include "profiler/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

DEFINE_CLEANUP(struct labeler *, labeler_free)

/* Returns what options_read() does of a config file with those bytes. */
static int read_config(const uint8_t *data, size_t size, struct options *ret_options)
{
	_cleanup_(closep) int fd = memfd_create("config", MFD_CLOEXEC);
	char complaint[OPTIONS_COMPLAINT_BYTES] = "", path[32];
	char program[] = "pilotlight", option[] = "--config";
	char *argv[] = { program, option, path, NULL };
	int r;

	if (fd < 0 || file_write_fd(fd, data, size) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = options_read(3, argv, ret_options, complaint);
	assert(r == 0 || strlen(complaint) > 0);
	return r;
}

/* As the channel does it. */
static void pass_on(const struct labeling *labeling, struct labeling *ret_labeling)
{
	struct message_header header = { MESSAGE_VERSION, MESSAGE_LABELING, 0 };
	_cleanup_(buffer_fini) struct buffer body = { 0 }, packet = { 0 };
	struct message message;
	const void *bytes;
	size_t n_bytes;

	assert(labeling_append(labeling, &body) == 0);
	header.body_bytes = (uint32_t)body.size;
	buffer_append(&packet, &header, sizeof(header));
	buffer_append(&packet, body.data, body.size);
	buffer_append_zeros(&packet, message_bytes(body.size) - packet.size);
	bytes = packet.data;
	n_bytes = packet.size;
	assert(message_next(&bytes, &n_bytes, &message) == 1);
	assert(labeling_take(ret_labeling, &message) == 0);
}

static void run(struct labeling *labeling)
{
	const struct process_facts parent = { 1, false, "systemd", "/sbin/init", "/init.scope" };
	const struct process_facts facts = {
		812, false, "api \xff", "/usr/bin/api\"", "/system.slice/api.service", &parent
	};
	_cleanup_(labeler_freep) struct labeler *labeler = NULL;
	_cleanup_(label_set_fini) struct label_set labels = { 0 };
	int r;

	assert(labeler_new(&labeler) == 0);
	assert(labeler_configure(labeler, labeling) == 0);
	r = labeler_label(labeler, &facts, &labels);
	assert(r == 0 || r == 1);
	for (size_t i = 0; i < labels.n_labels; i++) {
		assert(label_name_is_valid(labels.labels[i].name));
		assert(strlen(labels.labels[i].value) <= LABEL_VALUE_MAX_BYTES);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(labeling_fini) struct labeling taken = { 0 };
	struct options options = { 0 };

	if (read_config(data, size, &options) < 0)
		return 0;
	pass_on(&options.labeling, &taken);
	assert(taken.n_rules == options.labeling.n_rules);
	run(&taken);
	options_fini(&options);
	return 0;
}
