/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Resolver: the role that reads files of strangers, for everyone else.
 *
 * It reads none itself: each file is read by a child of its own, which has a limit on memory and
 * time and, at the end, gives all that it took back by ending. A file is read twice: at once for
 * its unwind table and symbol tables, and later, one file at a time and with low priority, for its
 * DWARF.
 */

/* Serve the channel ROLE_CHANNEL_FD until its other side is closed. Returns an exit status. */
int resolver_main(void);
