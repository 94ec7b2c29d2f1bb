/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/fetch_servers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"

#define PAUSE_NS      (60 * NS_PER_SECOND)
#define MAX_DOUBLINGS 5

static const char separators[] = " \t\n";

/* A word that is a policy holds for the servers behind it, until the next. */
static bool is_policy(const char *word)
{
	return strncmp(word, "ima:", 4) == 0;
}

static int add(struct fetch_servers *servers, const char *policy, const char *url)
{
	struct fetch_server *server = &servers->servers[servers->n];

	if (asprintf(&server->url, "%s%s%s", policy, policy[0] ? " " : "", url) < 0) {
		server->url = NULL;
		return -ENOMEM;
	}
	servers->n++;
	return 0;
}

int fetch_servers_init(struct fetch_servers *servers, const char *urls)
{
	_cleanup_(freep) char *words = strdup(urls);
	const char *policy = "";
	char *rest = NULL;
	int r = words ? 0 : -ENOMEM;

	*servers = (struct fetch_servers){ .n = 0 };
	for (char *word = r < 0 ? NULL : strtok_r(words, separators, &rest);
	     word && r == 0 && servers->n < FETCH_MAX_SERVERS;
	     word = strtok_r(NULL, separators, &rest)) {
		if (is_policy(word))
			policy = word;
		else
			r = add(servers, policy, word);
	}
	if (r < 0)
		fetch_servers_fini(servers);
	return r;
}

void fetch_servers_fini(struct fetch_servers *servers)
{
	for (size_t i = 0; i < servers->n; i++)
		free(servers->servers[i].url);
	*servers = (struct fetch_servers){ .n = 0 };
}

bool fetch_server_is_ready(const struct fetch_server *server, int64_t now_ns)
{
	bool is_on_trial = server->n_failed;

	return now_ns >= server->next_ns && !(is_on_trial && server->n_asked);
}

void fetch_server_begin(struct fetch_server *server)
{
	server->n_asked++;
}

bool fetch_server_end(struct fetch_server *server, enum fetch_server_answer answer, int64_t now_ns)
{
	server->n_asked--;
	if (answer != FETCH_SERVER_UNREACHED) {
		server->n_failed = 0;
		return false;
	}
	if (now_ns < server->next_ns)
		return false; /* it was asked before that was known */
	server->next_ns = now_ns + (PAUSE_NS << server->n_failed);
	if (server->n_failed < MAX_DOUBLINGS)
		server->n_failed++;
	return true;
}
