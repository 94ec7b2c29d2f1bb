/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/debug_opening.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "profiler/base/cleanup.h"
#include "profiler/daemon/build_budget.h"
#include "profiler/daemon/build_owners.h"
#include "profiler/daemon/debug_file_finder.h"
#include "profiler/daemon/openings.h"
#include "unwind/debug_reference.h"

/* A search, with copies of all that it needs. */
struct debug_opening {
	struct opening opening; /* first */
	struct debug_file_finder finder;
	struct debug_place place;
	struct debug_reference reference;
	bool is_own;
	char *paths[2]; /* of the place */
	struct debug_found found;
};

static void free_search(struct opening *opening)
{
	struct debug_opening *search = (struct debug_opening *)opening;

	closep(&search->place.fd);
	free(search->paths[0]);
	free(search->paths[1]);
	free(search->found.path);
	free(search);
}

static int search_for(struct debug_opening *search)
{
	struct stat status;
	int fd;

	if (search->is_own)
		fd = debug_file_finder_find_own(&search->finder, &search->place,
						&search->found.path);
	else
		fd = debug_file_finder_find(&search->finder, &search->place, &search->reference,
					    &search->found.path);
	if (fd >= 0 && fstat(fd, &status) == 0)
		search->found.n_bytes = build_budget_bytes(&status);
	return fd;
}

/* To close the binary may hang, too: its server may be asked then. */
static int run_search(struct opening *opening)
{
	struct debug_opening *search = (struct debug_opening *)opening;
	int fd = search_for(search);

	closep(&search->place.fd);
	search->place.fd = -1;
	return fd;
}

static int copy_place(struct debug_opening *search, const struct debug_place *place)
{
	search->place = *place;
	search->place.fd = place->fd >= 0 ? fcntl(place->fd, F_DUPFD_CLOEXEC, 0) : -1;
	search->paths[0] = strdup(place->path);
	search->paths[1] = place->debug_path ? strdup(place->debug_path) : NULL;
	search->place.path = search->paths[0];
	search->place.debug_path = search->paths[1];
	if (!search->paths[0] || (place->debug_path && !search->paths[1]))
		return -ENOMEM;
	return place->fd >= 0 && search->place.fd < 0 ? -EMFILE : 0;
}

/* Who runs the process in whose root files are looked for, for it may be he that mounted what is
 * there, also around binaries of root's. */
static uint32_t user_of(const struct debug_place *place)
{
	struct stat status;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u", place->pid);
	return build_owners_user(stat(path, &status) == 0 ? status.st_uid : place->owner);
}

static void free_opening(struct opening **opening)
{
	if (*opening)
		(*opening)->free(*opening);
}

int debug_opening_find(struct openings *openings, const struct debug_file_finder *finder,
		       const struct debug_place *place, const struct debug_reference *reference,
		       struct debug_found *ret_found)
{
	struct debug_opening *search = calloc(1, sizeof(*search));
	_cleanup_(free_opening) struct opening *opening = (struct opening *)search;
	int fd, r;

	if (!search)
		return -ENOMEM;
	search->opening = (struct opening){ run_search, free_search, place->pid, user_of(place) };
	search->finder = *finder;
	search->is_own = !reference;
	if (reference)
		search->reference = *reference;
	r = copy_place(search, place);
	if (r < 0)
		return r;
	fd = openings_run(openings, &opening);
	if (fd >= 0) {
		*ret_found = search->found;
		search->found.path = NULL;
	}
	return fd;
}
