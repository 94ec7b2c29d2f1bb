/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading options: the command line counts more than the environment, which counts more than the
 * config file, which counts more than what options.h has by default.
 *
 *     pilotlight --frequency 49        PILOTLIGHT_FREQUENCY=49        [pilotlight]
 *                                                                     frequency = 49
 *
 * It can be done again at any time, with the same arguments: that is how the config file is read
 * anew. Of an option that may be given repeatedly, only the values of the first of these places
 * that has it count.
 */

#include "profiler/daemon/options.h"

#define OPTIONS_COMPLAINT_BYTES 512

/*
 * Read all options.
 *
 * Returns 0 and sets *@ret_options (to be ended with options_fini(); borrows @argv), or sets
 * *@ret_complaint, a sentence for the user, and returns
 * -EINVAL  something cannot mean anything: exit status 2,
 * -ENOMEM  or what open(2) and read(2) say of the config file: exit status 1.
 */
int options_read(int argc, char *const argv[], struct options *ret_options,
		 char ret_complaint[OPTIONS_COMPLAINT_BYTES]);

/* The config file as it was read, as a memory file in *@ret_fd (to be closed), or −1: there is
 * none. Returns 0 or -errno. */
int options_keep_config(const struct options *options, int *ret_fd);
