/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * UI routes: the page and its files.
 */

struct request;
struct site;

/* GET / */
void ui_begin_index(struct request *request, struct site *site);

/* GET /FILE */
void ui_begin_file(struct request *request, struct site *site);
