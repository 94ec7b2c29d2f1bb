/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Resolver: the role that reads files of strangers, for everyone else.
 *
 * It reads none itself: each file is read by a child of its own, which has a limit on memory and
 * time and, at the end, gives all that it took back by ending. A file is read up to three times: at
 * once for its unwind table, those before all others that a sample waits for; for its symbol tables
 * when its names are asked for; and later, with low priority, for its DWARF.
 */

/* Serve the channel ROLE_CHANNEL_FD until its other side is closed. Returns an exit status. */
int resolver_main(void);
