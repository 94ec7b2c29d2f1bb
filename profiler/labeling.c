/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/labeling.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/message.h"

DEFINE_CLEANUP(struct label_rules *, label_rules_free)

void labeling_fini(struct labeling *labeling)
{
	label_set_fini(&labeling->labels);
	for (size_t i = 0; i < labeling->n_rules; i++) {
		free(labeling->rules[i].name);
		for (int field = 0; field < RULE_FIELD_COUNT; field++)
			free(labeling->rules[i].fields[field]);
	}
	free(labeling->rules);
	*labeling = (struct labeling){ 0 };
}

/* Names that begin with __ are for rules among themselves; those of a thread, its samples tell. */
static bool may_be_static(const char *name)
{
	return label_name_is_valid(name) && strncmp(name, "__", 2) != 0 &&
	       strcmp(name, LABEL_PID) != 0 && strcmp(name, LABEL_TID) != 0 &&
	       strcmp(name, LABEL_THREAD) != 0;
}

int labeling_add_label(struct labeling *labeling, const char *text)
{
	const char *equals = strchr(text, '=');
	_cleanup_(freep) char *name = equals ? strndup(text, (size_t)(equals - text)) : NULL;

	if (!equals)
		return -EINVAL;
	if (!name)
		return -ENOMEM;
	if (!may_be_static(name) || strlen(name) > LABEL_NAME_MAX_BYTES || !equals[1] ||
	    strlen(equals + 1) > LABEL_VALUE_MAX_BYTES)
		return -EINVAL;
	return label_set_put(&labeling->labels, name, equals + 1);
}

static int add_rule(struct labeling *labeling, const char *name, unsigned int line)
{
	struct labeling_rule rule = { .line = line };
	int r;

	if (labeling->n_rules == LABEL_RULES_MAX)
		return -ENOSPC;
	r = array_reserve((void **)&labeling->rules, &labeling->capacity, labeling->n_rules + 1,
			  sizeof(*labeling->rules));
	if (r < 0)
		return r;
	rule.name = strdup(name);
	if (!rule.name)
		return -ENOMEM;
	labeling->rules[labeling->n_rules++] = rule;
	return 0;
}

static struct labeling_rule *last_rule(struct labeling *labeling)
{
	return labeling->n_rules ? &labeling->rules[labeling->n_rules - 1] : NULL;
}

int labeling_set_field(struct labeling *labeling, const char *rule_name, unsigned int line,
		       const char *field, const char *value)
{
	struct labeling_rule *rule = last_rule(labeling);
	int number = 0;
	int r = 0;

	while (number < RULE_FIELD_COUNT && strcmp(label_rule_field_names[number], field) != 0)
		number++;
	if (number == RULE_FIELD_COUNT)
		return -ENOENT;
	if (!rule || strcmp(rule->name, rule_name) != 0)
		r = add_rule(labeling, rule_name, line);
	if (r < 0)
		return r;
	rule = last_rule(labeling);
	if (rule->fields[number])
		return -EEXIST;
	rule->fields[number] = strdup(value);
	return rule->fields[number] ? 0 : -ENOMEM;
}

int labeling_compile(const struct labeling *labeling, struct label_rules **ret_rules,
		     const struct labeling_rule **ret_bad, char ret_error[LABEL_RULES_ERROR_BYTES])
{
	_cleanup_(label_rules_freep) struct label_rules *rules = NULL;
	int r = label_rules_new(&rules);

	for (size_t i = 0; r == 0 && i < labeling->n_rules; i++) {
		struct label_rule_spec spec;

		for (int field = 0; field < RULE_FIELD_COUNT; field++)
			spec.fields[field] = labeling->rules[i].fields[field];
		r = label_rules_add(rules, &spec, ret_error);
		if (r < 0)
			*ret_bad = &labeling->rules[i];
	}
	if (r == 0)
		*ret_rules = steal(rules);
	return r;
}

static void append_text(struct buffer *body, const char *text)
{
	buffer_append(body, text, strlen(text) + 1);
}

/* A field that is not given is "", one that is begins with "=". */
static void append_rule(struct buffer *body, const struct labeling_rule *rule)
{
	for (int field = 0; field < RULE_FIELD_COUNT; field++) {
		if (rule->fields[field])
			buffer_append_char(body, '=');
		append_text(body, rule->fields[field] ? rule->fields[field] : "");
	}
}

int labeling_append(const struct labeling *labeling, struct buffer *ret_body)
{
	const struct message_labeling head = { (uint32_t)labeling->labels.n_labels,
					       (uint32_t)labeling->n_rules };

	buffer_append(ret_body, &head, sizeof(head));
	for (size_t i = 0; i < labeling->labels.n_labels; i++) {
		append_text(ret_body, labeling->labels.labels[i].name);
		append_text(ret_body, labeling->labels.labels[i].value);
	}
	for (size_t i = 0; i < labeling->n_rules; i++)
		append_rule(ret_body, &labeling->rules[i]);
	if (buffer_error(ret_body))
		return -ENOMEM;
	return ret_body->size > LABELING_MAX_BYTES ? -E2BIG : 0;
}

/* The text at *@text, which is then the next one. */
static const char *next_text(const char **text)
{
	const char *this = *text;

	*text += strlen(this) + 1;
	return this;
}

static int take_rule(struct labeling *labeling, const char **texts)
{
	int r = add_rule(labeling, "", 0);

	for (int field = 0; r == 0 && field < RULE_FIELD_COUNT; field++) {
		const char *text = next_text(texts);

		if (!*text)
			continue;
		last_rule(labeling)->fields[field] = strdup(text + 1);
		if (!last_rule(labeling)->fields[field])
			return -ENOMEM;
	}
	return r;
}

int labeling_take(struct labeling *labeling, const struct message *message)
{
	const struct message_labeling *head = message->body;
	const char *texts = (const char *)(head + 1);
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < head->n_labels; i++) {
		const char *name = next_text(&texts), *value = next_text(&texts);

		r = label_name_is_valid(name) ? label_set_put(&labeling->labels, name, value)
					      : -EBADMSG;
	}
	for (uint32_t i = 0; r == 0 && i < head->n_rules; i++)
		r = take_rule(labeling, &texts);
	return r == -ENOSPC ? -EBADMSG : r;
}
