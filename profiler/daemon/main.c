/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pilotlight: which of its faces this process is.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/daemon/convert.h"
#include "profiler/daemon/doctor.h"
#include "profiler/daemon/fetcher.h"
#include "profiler/daemon/listen_address.h"
#include "profiler/daemon/history_folder.h"
#include "profiler/daemon/log.h"
#include "profiler/daemon/loop.h"
#include "profiler/daemon/options.h"
#include "profiler/daemon/options_help.h"
#include "profiler/daemon/options_read.h"
#include "profiler/daemon/record.h"
#include "profiler/daemon/resolver.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/sampler.h"
#include "profiler/daemon/sandbox.h"
#include "profiler/daemon/server.h"

enum { EXIT_MEANINGLESS = 2 };

struct daemon {
	struct options options;
	struct sampler *sampler;
	int argc;
	char **argv;
};

DEFINE_CLEANUP(struct sampler *, sampler_free)

/* SIGHUP: what can change while we run is the rate, and labels. */
static void read_options_again(struct daemon *daemon)
{
	char complaint[OPTIONS_COMPLAINT_BYTES];
	struct options options = { 0 };

	if (options_read(daemon->argc, daemon->argv, &options, complaint) < 0) {
		log_line("%s; everything stays as it was", complaint);
		return;
	}
	if (sampler_set_frequency(daemon->sampler, options.frequency_hz) == 0 &&
	    sampler_set_labeling(daemon->sampler, &options.labeling) == 0)
		log_line("options read again: sampling at %u Hz, with %zu rules for labels; other "
			 "options need a restart",
			 options.frequency_hz, options.labeling.n_rules);
	options_fini(&options);
}

static int on_signal(void *context, int signal)
{
	struct daemon *daemon = context;

	if (signal == SIGHUP)
		read_options_again(daemon);
	else
		loop_quit(sampler_loop(daemon->sampler));
	return 0;
}

static int open_listener(const struct options *options, int *ret_fd)
{
	char address[LISTEN_ADDRESS_TEXT_BYTES];
	int r = listen_address_open(&options->listen, ret_fd);

	listen_address_format(&options->listen, address);
	if (r < 0)
		log_line("cannot listen at %s: %s", address, strerror(-r));
	return r;
}

/* History is the server's to open; make the folder for it, and let no other daemon in. One that
 * cannot be made now may become usable later: the server tries again. */
static int open_history_folder(const struct options *options, int *ret_fd)
{
	if (!strcmp(options->store, ":memory:") || sandbox_missing()) /* the sampler says that */
		return 0;
	*ret_fd = history_folder_open(options->store, sandbox_uid_of(ROLE_SERVER));
	if (*ret_fd == -EBUSY) {
		log_line("another pilotlight keeps its history in %s: name another folder with "
			 "--store",
			 options->store);
		return -EBUSY;
	}
	if (*ret_fd < 0)
		log_line("history: cannot open %s: %s", options->store, strerror(-*ret_fd));
	return 0;
}

static int daemon_main(struct daemon *daemon)
{
	const int signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	_cleanup_(sampler_freep) struct sampler *sampler = NULL;
	_cleanup_(closep) int listen_fd = -1;
	_cleanup_(closep) int folder_fd = -1;
	struct sampler_setup setup = { .options = &daemon->options, .args = daemon->argv };
	char address[LISTEN_ADDRESS_TEXT_BYTES] = "";
	int r;

	r = open_listener(&daemon->options, &listen_fd);
	if (r < 0)
		return 1;
	r = open_history_folder(&daemon->options, &folder_fd);
	if (r < 0)
		return 1;
	setup.listen_fd = listen_fd;
	r = sampler_new(&setup, &sampler);
	if (r < 0)
		return 1;
	daemon->sampler = sampler;
	r = loop_add_signals(sampler_loop(sampler), signals, on_signal, daemon);
	if (r < 0)
		return 1;
	listen_address_text(listen_fd, address);
	log_line("sampling at %u Hz; the page is at http://%s/", daemon->options.frequency_hz,
		 address);
	r = loop_run(sampler_loop(sampler));
	sampler_finish(sampler);
	log_line("%s", r < 0 ? strerror(-r) : "ended");
	return r < 0 ? 1 : 0;
}

static void print_help(enum command command)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };

	options_help(command, &text);
	fwrite(text.data, 1, text.size, stdout);
}

/* Whoever starts us may have closed some of the three: what we open would get their numbers. */
static void keep_standard_descriptors(void)
{
	int fd = 0;

	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/dev/null", O_RDWR);
	closep(&fd);
}

static int run(struct daemon *daemon)
{
	const struct options *options = &daemon->options;

	/* Who reads the log may go away, we do not; but a command that is recorded must see it. */
	if (options->role != ROLE_SAMPLER || options->command == COMMAND_DAEMON)
		signal(SIGPIPE, SIG_IGN);

	if (options->role != ROLE_SAMPLER)
		close(ROLE_CONFIG_FD); /* it has been read */
	if (options->role == ROLE_RESOLVER) {
		prctl(PR_SET_NAME, "pilotlight-res"); /* executed by descriptor, it has no name */
		return resolver_main();
	}
	if (options->role == ROLE_SERVER) {
		prctl(PR_SET_NAME, "pilotlight-srv");
		return server_main(options);
	}
	if (options->role == ROLE_FETCHER) {
		prctl(PR_SET_NAME, "pilotlight-net");
		return fetcher_main(options);
	}
	switch (options->command) {
	case COMMAND_RECORD:
		return record_main(options, daemon->argv);
	case COMMAND_DOCTOR:
		return doctor_main(options, stdout);
	case COMMAND_CONVERT:
		return convert_main(options);
	default:
		return daemon_main(daemon);
	}
}

int main(int argc, char *argv[])
{
	struct daemon daemon = { .argc = argc, .argv = argv };
	char complaint[OPTIONS_COMPLAINT_BYTES];
	int status = 0;
	int r;

	keep_standard_descriptors();
	r = options_read(argc, argv, &daemon.options, complaint);
	if (r < 0) {
		fprintf(stderr, "pilotlight: %s\n", complaint);
		return r == -EINVAL ? EXIT_MEANINGLESS : 1;
	}
	if (daemon.options.wants_help)
		print_help(daemon.options.command);
	else if (daemon.options.wants_version)
		puts("pilotlight " PILOTLIGHT_VERSION);
	else
		status = run(&daemon);
	options_fini(&daemon.options);
	return status;
}
