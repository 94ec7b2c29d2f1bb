/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * String table: each distinct string once, as a dense number.
 *
 * Number 0 is the empty string. Numbers count up in the order in which strings are first met and
 * stay valid as long as the table.
 */

#include <stddef.h>
#include <stdint.h>

struct string_table;

/* Returns 0 and sets *@ret_table (owned by the caller), or -ENOMEM. */
int string_table_new(struct string_table **ret_table);

/* Accepts NULL. Always returns NULL. */
struct string_table *string_table_free(struct string_table *table);

/* Intern @text (copied). Returns 0 and sets *@ret_string, or -ENOMEM. */
int string_table_add(struct string_table *table, const char *text, uint32_t *ret_string);

/* As above, for @length bytes at @text, which need not be terminated and must hold no NUL. */
int string_table_add_n(struct string_table *table, const char *text, size_t length,
		       uint32_t *ret_string);

/* The text of @string, which must come from this table. Borrowed: lives as long as @table. */
const char *string_table_get(const struct string_table *table, uint32_t string);

/* How many strings there are, the empty one included; bytes of memory in use, about. */
uint32_t string_table_count(const struct string_table *table);
size_t string_table_bytes(const struct string_table *table);
