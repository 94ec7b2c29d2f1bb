/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/process_message.h"

#include <string.h>

#include "profiler/base/array.h"

enum { TEXTS_EACH = MESSAGE_PROCESS_TEXTS / 2 };

static void add_text(const char *text, struct iovec *parts, size_t *n_parts)
{
	parts[(*n_parts)++] = (struct iovec){ (void *)(uintptr_t)text, strlen(text) + 1 };
}

static void add_texts(const struct process_facts *facts, struct iovec *parts, size_t *n_parts)
{
	const struct container_facts *container = facts->container;
	const char *const texts[TEXTS_EACH] = { facts->comm,    facts->exe,
						facts->cgroup,  container->container,
						container->pod, container->namespace };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		add_text(texts[i], parts, n_parts);
}

static void add_labels(const struct container_facts *container, struct iovec *parts,
		       size_t *n_parts)
{
	for (size_t i = 0; i < container->n_labels; i++) {
		add_text(container->labels[i].name, parts, n_parts);
		add_text(container->labels[i].value, parts, n_parts);
	}
}

size_t process_message_write(const struct process_facts *facts, struct message_process *head,
			     struct iovec ret_parts[PROCESS_MESSAGE_MAX_PARTS])
{
	size_t n_parts = 0;

	head->pid = facts->pid;
	head->is_kernel = facts->is_kernel;
	head->parent_pid = facts->parent->pid;
	head->is_parent_kernel = facts->parent->is_kernel;
	head->n_labels = (uint32_t)facts->container->n_labels;
	head->n_parent_labels = (uint32_t)facts->parent->container->n_labels;
	ret_parts[n_parts++] = (struct iovec){ head, sizeof(*head) };
	add_texts(facts, ret_parts, &n_parts);
	add_texts(facts->parent, ret_parts, &n_parts);
	add_labels(facts->container, ret_parts, &n_parts);
	add_labels(facts->parent->container, ret_parts, &n_parts);
	return n_parts;
}

static const char *next_text(const char **text)
{
	const char *this = *text;

	*text += strlen(this) + 1;
	return this;
}

static void read_texts(const char **text, struct process_facts *facts,
		       struct container_facts *container)
{
	facts->comm = next_text(text);
	facts->exe = next_text(text);
	facts->cgroup = next_text(text);
	container->container = next_text(text);
	container->pod = next_text(text);
	container->namespace = next_text(text);
	facts->container = container;
}

/* One whose name is none is left out. */
static void read_labels(const char **text, uint32_t n_labels, struct label *labels,
			struct container_facts *container)
{
	container->labels = labels;
	container->n_labels = 0;
	for (uint32_t i = 0; i < n_labels; i++) {
		const char *name = next_text(text), *value = next_text(text);

		if (label_name_is_valid(name))
			labels[container->n_labels++] = (struct label){ name, value };
	}
}

void process_message_read(const struct message *message, struct process_message *ret_process)
{
	const struct message_process *head = message->body;
	const char *text = message_text(message, 0);

	ret_process->facts = (struct process_facts){
		.pid = head->pid,
		.is_kernel = head->is_kernel,
		.parent = head->parent_pid ? &ret_process->parent : NULL,
	};
	ret_process->parent = (struct process_facts){
		.pid = head->parent_pid,
		.is_kernel = head->is_parent_kernel,
	};
	read_texts(&text, &ret_process->facts, &ret_process->container);
	read_texts(&text, &ret_process->parent, &ret_process->parent_container);
	read_labels(&text, head->n_labels, ret_process->labels, &ret_process->container);
	read_labels(&text, head->n_parent_labels, ret_process->parent_labels,
		    &ret_process->parent_container);
}
