/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Loop: one thread waits for many descriptors, timers and signals, and calls back.
 *
 * A callback that returns a negative value ends the loop with that value.
 */

#include <stddef.h>
#include <stdint.h>

struct loop;

typedef int (*loop_on_event)(void *context);
typedef int (*loop_on_signal)(void *context, int signal);

/* Returns 0 and sets *@ret_loop (owned by the caller), or -errno. */
int loop_new(struct loop **ret_loop);

/* Closes the timers and the signal descriptor, but no descriptor that was added. Accepts NULL.
 * Always returns NULL. */
struct loop *loop_free(struct loop *loop);

/* Call @on_event when one of @events (EPOLLIN …) holds for @fd. Returns 0 or -errno. */
int loop_add_fd(struct loop *loop, int fd, uint32_t events, loop_on_event on_event, void *context);

/* Wait for other @events on an @fd that was added. Returns 0 or -errno. */
int loop_change_fd(struct loop *loop, int fd, uint32_t events);

/* Forget @fd, which must still be open. It may be removed from within its own callback. */
void loop_remove_fd(struct loop *loop, int fd);

/* Call @on_event every @interval_ms. Returns 0 or -errno. */
int loop_add_timer(struct loop *loop, unsigned int interval_ms, loop_on_event on_event,
		   void *context);

/* Block @signals (0 ends them) for this process and call @on_signal instead. Once a loop. */
int loop_add_signals(struct loop *loop, const int *signals, loop_on_signal on_signal,
		     void *context);

/* Wait, at most @timeout_ms (−1: for ever), and call back once for what is there. 0 or < 0. */
int loop_run_once(struct loop *loop, int timeout_ms);

/* Until loop_quit() or a callback ends it. Returns 0, or what the callback returned. */
int loop_run(struct loop *loop);

void loop_quit(struct loop *loop);
