/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * HTML parts: the page, as embed_page.py made one file of it.
 */

extern const char html_before[]; /* the profile, in base64 */
extern const char html_after[];
extern const char html_policy[]; /* what it may do: a Content-Security-Policy */
