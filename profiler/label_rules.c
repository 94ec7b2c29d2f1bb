/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/label_rules.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/md5.h"
#include "profiler/label_set.h"
#include "profiler/pattern.h"

const char *const label_rule_field_names[RULE_FIELD_COUNT] = {
	[RULE_ACTION] = "action",           [RULE_SOURCE_LABELS] = "source_labels",
	[RULE_SEPARATOR] = "separator",     [RULE_REGEX] = "regex",
	[RULE_MODULUS] = "modulus",         [RULE_TARGET_LABEL] = "target_label",
	[RULE_REPLACEMENT] = "replacement",
};

static const char *const defaults[RULE_FIELD_COUNT] = {
	[RULE_ACTION] = "replace", [RULE_SOURCE_LABELS] = "", [RULE_SEPARATOR] = ";",
	[RULE_REGEX] = "(.*)",     [RULE_MODULUS] = "0",      [RULE_TARGET_LABEL] = "",
	[RULE_REPLACEMENT] = "$1",
};

struct rule;

/* Returns 0, 1: leave the process out, or -ENOMEM. @value: of the source labels. */
typedef int (*act)(struct label_rules *rules, const struct rule *rule, const char *value,
		   struct label_set *labels);

struct rule {
	char *fields[RULE_FIELD_COUNT];
	struct pattern *pattern;
	uint64_t modulus;
	act act;
};

struct label_rules {
	struct rule *items;
	size_t n_items;
	size_t capacity;
	uint64_t n_limited;
};

static bool matches(struct label_rules *rules, const struct rule *rule, const char *text)
{
	int r = pattern_match(rule->pattern, text);

	rules->n_limited += r < 0;
	return r > 0;
}

static int expand(const struct rule *rule, const char *text, const char *template,
		  struct buffer *ret_text)
{
	pattern_expand(rule->pattern, text, template, ret_text);
	buffer_append_char(ret_text, '\0');
	return buffer_error(ret_text);
}

static int act_replace(struct label_rules *rules, const struct rule *rule, const char *value,
		       struct label_set *labels)
{
	_cleanup_(buffer_fini) struct buffer target = { 0 }, replacement = { 0 };
	int r;

	if (!matches(rules, rule, value))
		return 0;
	r = expand(rule, value, rule->fields[RULE_TARGET_LABEL], &target);
	if (r == 0)
		r = expand(rule, value, rule->fields[RULE_REPLACEMENT], &replacement);
	if (r < 0)
		return r;
	if (!label_name_is_valid(target.data))
		return label_name_is_valid(rule->fields[RULE_TARGET_LABEL])
			       ? label_set_put(labels, rule->fields[RULE_TARGET_LABEL], "")
			       : 0;
	return label_set_put(labels, target.data, replacement.data);
}

static int act_keep(struct label_rules *rules, const struct rule *rule, const char *value,
		    struct label_set *labels)
{
	(void)labels;
	return !matches(rules, rule, value);
}

static int act_drop(struct label_rules *rules, const struct rule *rule, const char *value,
		    struct label_set *labels)
{
	(void)labels;
	return matches(rules, rule, value);
}

static bool equals_target(const struct rule *rule, const char *value,
			  const struct label_set *labels)
{
	return !strcmp(label_set_get(labels, rule->fields[RULE_TARGET_LABEL]), value);
}

static int act_keepequal(struct label_rules *rules, const struct rule *rule, const char *value,
			 struct label_set *labels)
{
	(void)rules;
	return !equals_target(rule, value, labels);
}

static int act_dropequal(struct label_rules *rules, const struct rule *rule, const char *value,
			 struct label_set *labels)
{
	(void)rules;
	return equals_target(rule, value, labels);
}

/* As Prometheus does it, so that both come to the same number. */
static int act_hashmod(struct label_rules *rules, const struct rule *rule, const char *value,
		       struct label_set *labels)
{
	uint8_t digest[MD5_BYTES];
	uint64_t hash = 0;
	char text[24];

	(void)rules;
	md5(value, strlen(value), digest);
	for (int i = MD5_BYTES / 2; i < MD5_BYTES; i++)
		hash = hash << 8 | digest[i];
	snprintf(text, sizeof(text), "%" PRIu64, hash % rule->modulus);
	return label_set_put(labels, rule->fields[RULE_TARGET_LABEL], text);
}

/* ASCII only: what other letters become depends on a language. */
static int put_cased(const struct rule *rule, const char *value, int (*change)(int c),
		     struct label_set *labels)
{
	_cleanup_(freep) char *text = strdup(value);

	if (!text)
		return -ENOMEM;
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x80)
			*c = (char)change(*c);
	return label_set_put(labels, rule->fields[RULE_TARGET_LABEL], text);
}

static int act_lowercase(struct label_rules *rules, const struct rule *rule, const char *value,
			 struct label_set *labels)
{
	(void)rules;
	return put_cased(rule, value, tolower, labels);
}

static int act_uppercase(struct label_rules *rules, const struct rule *rule, const char *value,
			 struct label_set *labels)
{
	(void)rules;
	return put_cased(rule, value, toupper, labels);
}

static int map_label(struct label_rules *rules, const struct rule *rule, const struct label *label,
		     struct label_set *labels)
{
	_cleanup_(buffer_fini) struct buffer name = { 0 };
	int r;

	if (!matches(rules, rule, label->name))
		return 0;
	r = expand(rule, label->name, rule->fields[RULE_REPLACEMENT], &name);
	if (r < 0 || !label_name_is_valid(name.data))
		return r;
	return label_set_put(labels, name.data, label->value);
}

/* Of labels as they were before any was mapped. */
static int act_labelmap(struct label_rules *rules, const struct rule *rule, const char *value,
			struct label_set *labels)
{
	_cleanup_(label_set_fini) struct label_set before = { 0 };
	int r = 0;

	(void)value;
	for (size_t i = 0; r == 0 && i < labels->n_labels; i++)
		r = label_set_put(&before, labels->labels[i].name, labels->labels[i].value);
	for (size_t i = 0; r == 0 && i < before.n_labels; i++)
		r = map_label(rules, rule, &before.labels[i], labels);
	return r;
}

/* Take those away whose name matches, or does not. */
static int remove_labels(struct label_rules *rules, const struct rule *rule, bool is_removed,
			 struct label_set *labels)
{
	for (size_t i = labels->n_labels; i-- > 0;)
		if (matches(rules, rule, labels->labels[i].name) == is_removed)
			label_set_remove(labels, i);
	return 0;
}

static int act_labeldrop(struct label_rules *rules, const struct rule *rule, const char *value,
			 struct label_set *labels)
{
	(void)value;
	return remove_labels(rules, rule, true, labels);
}

static int act_labelkeep(struct label_rules *rules, const struct rule *rule, const char *value,
			 struct label_set *labels)
{
	(void)value;
	return remove_labels(rules, rule, false, labels);
}

/* What a target may be: a name; that, or a template of one; or it is not looked at. */
enum target { TARGET_NONE, TARGET_NAME, TARGET_TEMPLATE };

enum { EQUAL_FIELDS = 1 << RULE_SOURCE_LABELS | 1 << RULE_TARGET_LABEL };

static const struct action {
	const char *name;
	act act;
	enum target target;
	unsigned int fields; /* 1 << RULE_… of those that may be given, beside the action */
} actions[] = {
	{ "replace", act_replace, TARGET_TEMPLATE, ~0U },
	{ "keep", act_keep, TARGET_NONE, ~0U },
	{ "drop", act_drop, TARGET_NONE, ~0U },
	{ "keepequal", act_keepequal, TARGET_NAME, EQUAL_FIELDS },
	{ "dropequal", act_dropequal, TARGET_NAME, EQUAL_FIELDS },
	{ "hashmod", act_hashmod, TARGET_NAME, ~0U },
	{ "lowercase", act_lowercase, TARGET_NAME, ~(1U << RULE_REPLACEMENT) },
	{ "uppercase", act_uppercase, TARGET_NAME, ~(1U << RULE_REPLACEMENT) },
	{ "labelmap", act_labelmap, TARGET_NONE, ~0U },
	{ "labeldrop", act_labeldrop, TARGET_NONE, 1U << RULE_REGEX },
	{ "labelkeep", act_labelkeep, TARGET_NONE, 1U << RULE_REGEX },
};

static void rule_fini(struct rule *rule)
{
	for (int i = 0; i < RULE_FIELD_COUNT; i++)
		free(rule->fields[i]);
	pattern_free(rule->pattern);
}

int label_rules_new(struct label_rules **ret_rules)
{
	*ret_rules = calloc(1, sizeof(**ret_rules));
	return *ret_rules ? 0 : -ENOMEM;
}

struct label_rules *label_rules_free(struct label_rules *rules)
{
	if (!rules)
		return NULL;
	for (size_t i = 0; i < rules->n_items; i++)
		rule_fini(&rules->items[i]);
	free(rules->items);
	free(rules);
	return NULL;
}

/* "FIELD = VALUE: must be …". Always returns -EINVAL. */
__attribute__((format(printf, 4, 5))) static int refuse(char error[LABEL_RULES_ERROR_BYTES],
							enum label_rule_field field,
							const char *value, const char *format, ...)
{
	int length = snprintf(error, LABEL_RULES_ERROR_BYTES,
			      "%s = %.64s: ", label_rule_field_names[field], value);
	va_list args;

	va_start(args, format);
	vsnprintf(error + length, LABEL_RULES_ERROR_BYTES - (size_t)length, format, args);
	va_end(args);
	return -EINVAL;
}

static const struct action *find_action(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (!strcasecmp(actions[i].name, name))
			return &actions[i];
	return NULL;
}

/* "a, b" */
static bool source_labels_are_valid(const char *names)
{
	while (*names) {
		size_t length = strcspn(names, ", ");
		char name[LABEL_NAME_MAX_BYTES + 1];

		if (length >= sizeof(name))
			return false;
		memcpy(name, names, length);
		name[length] = '\0';
		if (!label_name_is_valid(name))
			return false;
		names += length;
		names += strspn(names, " ");
		if (*names && *names != ',')
			return false;
		names += *names == ',';
		names += strspn(names, " ");
	}
	return true;
}

/* Letters, digits, _ and groups: $1, ${name}. */
static bool template_is_valid(const char *template)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789${}";

	return *template && !isdigit((unsigned char)*template) &&
	       !template[strspn(template, allowed)];
}

static int check_fields(const struct rule *rule, const struct action *action,
			char error[LABEL_RULES_ERROR_BYTES])
{
	const char *target = rule->fields[RULE_TARGET_LABEL];
	const char *replacement = rule->fields[RULE_REPLACEMENT];

	if (!source_labels_are_valid(rule->fields[RULE_SOURCE_LABELS]))
		return refuse(error, RULE_SOURCE_LABELS, rule->fields[RULE_SOURCE_LABELS],
			      "must be names of labels, with commas between them");
	if (action->target == TARGET_NAME && !label_name_is_valid(target))
		return refuse(error, RULE_TARGET_LABEL, target, "must be the name of a label");
	if (action->target == TARGET_TEMPLATE && !template_is_valid(target))
		return refuse(error, RULE_TARGET_LABEL, target,
			      "must be the name of a label, or make one of $1");
	if (action->act == act_labelmap && !template_is_valid(replacement))
		return refuse(error, RULE_REPLACEMENT, replacement,
			      "must be the name of a label, or make one of $1");
	if (action->act == act_hashmod && !rule->modulus)
		return refuse(error, RULE_MODULUS, rule->fields[RULE_MODULUS],
			      "must be a number above 0");
	return 0;
}

static int rule_init(struct rule *rule, const struct label_rule_spec *spec,
		     char error[LABEL_RULES_ERROR_BYTES])
{
	char pattern_error[PATTERN_ERROR_BYTES];
	const struct action *action;
	int r;

	for (int i = 0; i < RULE_FIELD_COUNT; i++) {
		rule->fields[i] = strdup(spec->fields[i] ? spec->fields[i] : defaults[i]);
		if (!rule->fields[i])
			return -ENOMEM;
	}
	action = find_action(rule->fields[RULE_ACTION]);
	if (!action)
		return refuse(error, RULE_ACTION, rule->fields[RULE_ACTION], "is no action");
	for (int i = RULE_ACTION + 1; i < RULE_FIELD_COUNT; i++)
		if (spec->fields[i] && !(action->fields & 1U << i))
			return refuse(error, (enum label_rule_field)i, spec->fields[i],
				      "means nothing to the action %s", action->name);
	rule->act = action->act;
	rule->modulus = strtoull(rule->fields[RULE_MODULUS], NULL, 10);
	r = pattern_new(rule->fields[RULE_REGEX], &rule->pattern, pattern_error);
	if (r == -EINVAL)
		return refuse(error, RULE_REGEX, rule->fields[RULE_REGEX], "%s", pattern_error);
	return r < 0 ? r : check_fields(rule, action, error);
}

int label_rules_add(struct label_rules *rules, const struct label_rule_spec *spec,
		    char ret_error[LABEL_RULES_ERROR_BYTES])
{
	struct rule rule = { .pattern = NULL };
	int r = rules->n_items < LABEL_RULES_MAX ? 0 : -ENOSPC;

	if (r == 0)
		r = array_reserve((void **)&rules->items, &rules->capacity, rules->n_items + 1,
				  sizeof(*rules->items));
	if (r == 0)
		r = rule_init(&rule, spec, ret_error);
	if (r < 0)
		rule_fini(&rule);
	else
		rules->items[rules->n_items++] = rule;
	return r;
}

/* The values of the rule's source labels, with its separator between them. */
static int join_sources(const struct rule *rule, const struct label_set *labels,
			struct buffer *ret_value)
{
	const char *names = rule->fields[RULE_SOURCE_LABELS];
	char name[LABEL_NAME_MAX_BYTES + 1];

	for (bool is_first = true; *names; is_first = false) {
		size_t length = strcspn(names, ", ");

		memcpy(name, names, length);
		name[length] = '\0';
		if (!is_first)
			buffer_append_string(ret_value, rule->fields[RULE_SEPARATOR]);
		buffer_append_string(ret_value, label_set_get(labels, name));
		names += length;
		names += strspn(names, ", ");
	}
	buffer_append_char(ret_value, '\0');
	return buffer_error(ret_value);
}

static int run_rule(struct label_rules *rules, const struct rule *rule, struct label_set *labels)
{
	_cleanup_(buffer_fini) struct buffer value = { 0 };
	int r = join_sources(rule, labels, &value);

	return r < 0 ? r : rule->act(rules, rule, value.data, labels);
}

int label_rules_run(struct label_rules *rules, struct label_set *labels)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rules->n_items; i++)
		r = run_rule(rules, &rules->items[i], labels);
	return r;
}

uint64_t label_rules_limited_count(const struct label_rules *rules)
{
	return rules->n_limited;
}
