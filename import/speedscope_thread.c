/* SPDX-License-Identifier: Apache-2.0 */
#include "import/speedscope_thread.h"

#include <stddef.h>
#include <string.h>

#include "import/profile_builder.h"
#include "profiler/base/array.h"
#include "profiler/base/string_table.h"
#include "profiler/label.h"

#define THREAD ", thread"

/* Take the number at the end of @text, and the space before it, off. */
static struct builder_text take_number(struct builder_text *text)
{
	size_t start = text->length;
	struct builder_text number = { "", 0 };

	while (start && text->text[start - 1] >= '0' && text->text[start - 1] <= '9')
		start--;
	if (start == text->length || (start && text->text[start - 1] != ' '))
		return number;
	number = (struct builder_text){ text->text + start, text->length - start };
	text->length = start ? start - 1 : 0;
	return number;
}

/* Where the last ", thread" is, or NULL. */
static const char *find_thread(const char *name)
{
	const char *found = NULL;

	for (const char *at = name; (at = strstr(at, THREAD)); at++)
		found = at;
	return found;
}

int speedscope_thread_add(struct profile_builder *builder, const char *name, bool is_ours,
			  uint32_t *ret_label_set)
{
	static const char *const names[] = { LABEL_COMM, LABEL_PID, LABEL_TID, LABEL_THREAD };
	const char *thread = is_ours ? find_thread(name) : NULL;
	struct builder_text texts[ARRAY_SIZE(names)] = { { name, thread ? (size_t)(thread - name)
									: strlen(name) } };
	struct profile_label labels[ARRAY_SIZE(names)];

	if (is_ours)
		texts[1] = take_number(&texts[0]);
	if (thread) {
		thread += strlen(THREAD);
		thread += *thread == ' ';
		texts[3] = (struct builder_text){ thread, strlen(thread) };
		texts[2] = take_number(&texts[3]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r = string_table_add(builder->profile->strings, names[i], &labels[i].name);

		if (r == 0)
			r = builder_add_string(builder, texts[i], false, &labels[i].value);
		if (r < 0)
			return r;
	}
	return builder_add_label_set(builder, labels, ARRAY_SIZE(names), ret_label_set);
}
