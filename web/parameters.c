/* SPDX-License-Identifier: Apache-2.0 */
#include "web/parameters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int percent_decode(char *text, bool plus_is_space)
{
	char *out = text;

	for (const char *in = text; *in; in++) {
		int high = *in == '%' ? hex_digit(in[1]) : -1;
		int low = high < 0 ? -1 : hex_digit(in[2]);

		if (low >= 0) {
			if (high == 0 && low == 0)
				return -EINVAL;
			*out++ = (char)(high << 4 | low);
			in += 2;
		} else {
			*out++ = *in == '+' && plus_is_space ? ' ' : *in;
		}
	}
	*out = '\0';
	return 0;
}

static int add_pair(struct parameters *parameters, char *pair)
{
	char *value = strchr(pair, '=');
	struct parameter *item;

	if (parameters->n_items == PARAMETERS_MAX)
		return -E2BIG;
	if (value)
		*value++ = '\0';
	else
		value = pair + strlen(pair);
	if (percent_decode(pair, true) < 0 || percent_decode(value, true) < 0)
		return -EINVAL;
	item = &parameters->items[parameters->n_items++];
	*item = (struct parameter){ .name = pair, .value = value };
	return 0;
}

int parameters_parse(const char *query, struct parameters *ret_parameters)
{
	struct parameters parameters = { .text = strdup(query ? query : "") };
	char *pair, *rest = parameters.text;
	int r = 0;

	if (!parameters.text)
		return -ENOMEM;
	while (r == 0 && (pair = strsep(&rest, "&"))) {
		if (*pair)
			r = add_pair(&parameters, pair);
	}
	if (r < 0)
		parameters_fini(&parameters);
	else
		*ret_parameters = parameters;
	return r;
}

void parameters_fini(struct parameters *parameters)
{
	free(parameters->text);
	*parameters = (struct parameters){ 0 };
}

const char *parameters_get(const struct parameters *parameters, const char *name)
{
	for (size_t i = 0; i < parameters->n_items; i++) {
		if (!strcmp(parameters->items[i].name, name))
			return parameters->items[i].value;
	}
	return NULL;
}
