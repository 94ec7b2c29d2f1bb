/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History translator: from the store's numbers, which live for minutes, to those of history.
 *
 * What it has found once it remembers by dictionary, so a stack that is seen again costs nothing.
 * A frame of a file becomes a place in that; one of what will have no symbol file later, the
 * kernel's, a JIT's, or a file's that is on no disk, keeps its name, too.
 */

#include <stddef.h>
#include <stdint.h>

struct database;
struct history_translator;
struct snapshot;

/* Returns 0 and sets *@ret_translator (owned by the caller), or -ENOMEM. @database is borrowed. */
int history_translator_new(struct database *database, struct history_translator **ret_translator);

/* Accepts NULL. Always returns NULL. */
struct history_translator *history_translator_free(struct history_translator *translator);

/* Translate what is in @snapshot from now on, which is borrowed until the next call. Within a
 * transaction, as what follows; errors are those of database.h. */
int history_translator_begin(struct history_translator *translator,
			     const struct snapshot *snapshot);

/* The number of a thread or stack of the snapshot's dictionary @dictionary_i. */
int history_translator_thread(struct history_translator *translator, size_t dictionary_i,
			      uint32_t thread, uint32_t *ret_number);
int history_translator_stack(struct history_translator *translator, size_t dictionary_i,
			     uint32_t stack, uint32_t *ret_number);

/* The numbers that are remembered may lead nowhere any more: a transaction was undone, or history
 * was collected. */
void history_translator_forget(struct history_translator *translator);
