/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/cpp_name.h"

#include <libiberty/demangle.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/cleanup.h"

#define MAX_TWICE_READ   8         /* 2^8 times what it costs otherwise */
#define MAX_SCOPE_COPIES (1 << 14) /* of 64 bytes */
#define MANY_LETTERS     1024      /* fewer cannot make too many of them */
#define MAX_PACK_NODES   1024
#define MAX_QUALIFIERS   8    /* of a parameter, for it to be read as one here */
#define MAX_DEPTH        1024 /* beyond it, libiberty writes nothing */

/* Letters that are looked at in one go, without a jump: of loops of so many, compilers make one of
 * many letters at a time. */
#define BLOCK_LETTERS 32

/* What is looked for in all of a name, before anything is looked at closely. */
struct survey {
	bool has_pair;       /* some pair of letters is there that is looked at below */
	size_t n_lists;      /* of arguments */
	size_t n_references; /* to parameters */
};

/* Of BLOCK_LETTERS at @letters, and one more. */
static void survey_block(const char *letters, struct survey *survey)
{
	uint8_t has_pair = 0, n_lists = 0, n_references = 0;

	for (size_t i = 0; i < BLOCK_LETTERS; i++) {
		uint8_t first = (uint8_t)letters[i], second = (uint8_t)letters[i + 1];

		has_pair |= ((first == 'D') | (first == 's')) & (second == 'p');
		has_pair |= (first == 's') & (second == 'Z');
		has_pair |= (first == 'c') & (second == 'v');
		n_lists = (uint8_t)(n_lists + ((first == 'I') | (first == 'J')));
		n_references = (uint8_t)(n_references +
					 (((first == 'R') | (first == 'O')) & (second == 'T')));
	}
	survey->has_pair |= has_pair;
	survey->n_lists += n_lists;
	survey->n_references += n_references;
}

static struct survey survey_name(const char *symbol, size_t n_letters)
{
	char last[BLOCK_LETTERS + 1] = "";
	struct survey survey = { .has_pair = false };

	for (; n_letters > BLOCK_LETTERS; n_letters -= BLOCK_LETTERS) {
		survey_block(symbol, &survey);
		symbol += BLOCK_LETTERS;
	}
	memcpy(last, symbol, n_letters);
	survey_block(last, &survey);
	return survey;
}

/* Whether an expression may begin at @letters: with an operator, or what else the ABI has. */
static bool may_be_expression(const char *letters)
{
	static const char operators[] =
		"nw na dl da aw ps ng ad de co pl mi ml dv rm an or eo aS pL mI mL dV rM aN oR eO "
		"ls rs "
		"lS rS eq ne lt gt le ge ss nt aa oo pp mm cm pm pt cl ix qu cv li tl il dc sc cc "
		"rc ti "
		"te st sz at az nx dt ds sZ sP sp tw tr on gs sr so mc rq rQ di dX dx ";
	const char pair[] = { letters[0], letters[0] ? letters[1] : '\0', ' ', '\0' };

	return strchr("0123456789TLXfuv", letters[0]) || strstr(operators, pair);
}

/* Whether no more than a parameter is at @letters, as in "Args&&...": there are a few nodes to
 * search, whatever else the name has. */
static bool is_parameter(const char *letters)
{
	size_t n_qualifiers = strspn(letters, "PROKV");

	letters += n_qualifiers;
	if (n_qualifiers > MAX_QUALIFIERS || *letters++ != 'T')
		return false;
	letters += strspn(letters, "0123456789");
	return letters[0] == '_' && letters[1] != 'I';
}

static bool may_expand_types(const char *symbol)
{
	while ((symbol = strstr(symbol, "Dp")) != NULL) {
		symbol += strlen("Dp");
		if (!is_parameter(symbol))
			return true;
	}
	return false;
}

/* Names are not parsed for this: "sp" may be of "spare". */
static bool may_expand_expressions(const char *symbol)
{
	while ((symbol = strstr(symbol, "sp")) != NULL) {
		symbol += strlen("sp");
		if (may_be_expression(symbol) && !is_parameter(symbol))
			return true;
	}
	return false;
}

/* Whether there may be a pack, expanded or counted, that takes long to search. */
static bool may_have_large_pack(const char *symbol)
{
	return may_expand_types(symbol) || may_expand_expressions(symbol) || strstr(symbol, "sZ");
}

/* Whether there is a conversion to a type; what begins none, tells some words of people apart. */
static bool may_have_conversion(const char *symbol)
{
	while ((symbol = strstr(symbol, "cv")) != NULL) {
		symbol += strlen("cv");
		if (*symbol && !strchr("EIJX_", *symbol))
			return true;
	}
	return false;
}

/* How many parameters of templates have arguments: "T", a number and "I". */
static size_t count_twice_read(const char *symbol)
{
	size_t n = 0;

	while ((symbol = strchr(symbol, 'T')) != NULL) {
		size_t n_digits = strspn(++symbol, "0123456789_L");

		n += n_digits && symbol[n_digits] == 'I';
	}
	return n;
}

/* The tree that libiberty makes of a name, in which substitutions are shared. */
struct tree {
	const struct demangle_component *nodes;
	size_t n_nodes;
	uint32_t *sizes; /* of each subtree, if nothing were shared; 0: not known yet */
	size_t depth;
	bool has_lengths; /* of packs, which look like any operator */
	bool is_bounded;
};

static bool tree_has(const struct tree *tree, const struct demangle_component *node)
{
	uintptr_t offset = (uintptr_t)node - (uintptr_t)tree->nodes;

	return (uintptr_t)node >= (uintptr_t)tree->nodes &&
	       offset / sizeof(*node) < tree->n_nodes && offset % sizeof(*node) == 0;
}

/* Whether a node has none below it: where its children would be, lies what was in that memory
 * before, perhaps of the tree of another name. */
static bool is_leaf(const struct demangle_component *node)
{
	switch (node->type) {
	case DEMANGLE_COMPONENT_NAME:
	case DEMANGLE_COMPONENT_TEMPLATE_PARAM:
	case DEMANGLE_COMPONENT_FUNCTION_PARAM:
	case DEMANGLE_COMPONENT_BUILTIN_TYPE:
	case DEMANGLE_COMPONENT_SUB_STD:
	case DEMANGLE_COMPONENT_OPERATOR:
	case DEMANGLE_COMPONENT_CHARACTER:
	case DEMANGLE_COMPONENT_NUMBER:
	case DEMANGLE_COMPONENT_UNNAMED_TYPE:
		return true;
	default:
		return false;
	}
}

/* Whether there is a number, of fewer bytes than a pointer, where others have a left child. */
static bool has_number(const struct demangle_component *node)
{
	return node->type == DEMANGLE_COMPONENT_CTOR || node->type == DEMANGLE_COMPONENT_DTOR ||
	       node->type == DEMANGLE_COMPONENT_EXTENDED_OPERATOR;
}

/*
 * The nodes below @node, up to where libiberty ends its search for a pack.
 *
 * Whatever any other node holds, its children are where others have left and right ones; other
 * things that lie there are no nodes.
 */
static uint32_t tree_size(struct tree *tree, const struct demangle_component *node)
{
	uint32_t *size, left, right;

	if (!tree_has(tree, node))
		return 0;
	size = &tree->sizes[node - tree->nodes];
	if (*size)
		return *size;
	if (tree->depth == MAX_DEPTH) {
		tree->is_bounded = false;
		return 0;
	}
	*size = 1; /* also for whoever comes here in a circle */
	if (is_leaf(node))
		return *size;
	tree->depth++;
	left = has_number(node) ? 0 : tree_size(tree, node->u.s_binary.left);
	right = tree_size(tree, node->u.s_binary.right);
	tree->depth--;
	if (node->type == DEMANGLE_COMPONENT_PACK_EXPANSION) {
		tree->is_bounded &= left <= MAX_PACK_NODES;
		return *size;
	}
	if (node->type == DEMANGLE_COMPONENT_UNARY && tree->has_lengths)
		tree->is_bounded &= right <= MAX_PACK_NODES;
	*size += left + right;
	if (*size > UINT32_MAX / 4)
		*size = UINT32_MAX / 4;
	return *size;
}

static bool packs_are_bounded(const char *symbol, size_t n_letters)
{
	_cleanup_(freep) uint32_t *sizes = NULL;
	void *nodes = NULL;
	const struct demangle_component *root = cplus_demangle_v3_components(
		symbol, DMGL_PARAMS | DMGL_ANSI | DMGL_NO_RECURSE_LIMIT, &nodes);
	struct tree tree = {
		.nodes = nodes,
		.n_nodes = 2 * n_letters,
		.has_lengths = strstr(symbol, "sZ") != NULL,
		.is_bounded = true,
	};

	if (root) {
		sizes = calloc(tree.n_nodes, sizeof(*sizes));
		tree.sizes = sizes;
		tree.is_bounded = sizes && tree_has(&tree, root);
	}
	if (root && tree.is_bounded)
		tree_size(&tree, root);
	free(nodes);
	return root && tree.is_bounded;
}

bool cpp_name_is_bounded(const char *symbol)
{
	size_t n_letters = strnlen(symbol, CPP_NAME_MAX_LETTERS + 1);
	struct survey survey;

	if (n_letters > CPP_NAME_MAX_LETTERS)
		return false;
	survey = survey_name(symbol, n_letters);
	/* libiberty makes room for each of these references in each of the lists. */
	if (n_letters > MANY_LETTERS && survey.n_lists * survey.n_references > MAX_SCOPE_COPIES)
		return false;
	if (!survey.has_pair)
		return true;
	if (may_have_conversion(symbol) && count_twice_read(symbol) > MAX_TWICE_READ)
		return false;
	return !may_have_large_pack(symbol) || packs_are_bounded(symbol, n_letters);
}
