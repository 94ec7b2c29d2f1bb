/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/message.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "profiler/label_set.h"

/* What a body must look like: a struct of fixed size, and what may follow it. */
struct form {
	size_t fixed_bytes;
	unsigned int n_texts;
	bool has_frames;
	bool is_samples;
	bool is_labeling; /* how many texts there are, its body says */
};

static const struct form forms[MESSAGE_TYPE_COUNT] = {
	[MESSAGE_PING] = { 0 },
	[MESSAGE_PONG] = { 0 },
	[MESSAGE_DICTIONARY] = { sizeof(struct message_number) },
	[MESSAGE_FILE] = { sizeof(struct message_file), .n_texts = 1 },
	[MESSAGE_PROCESS] = { sizeof(struct message_process), .n_texts = MESSAGE_PROCESS_TEXTS },
	[MESSAGE_THREAD] = { sizeof(struct message_thread), .n_texts = 1 },
	[MESSAGE_STACK] = { sizeof(struct message_stack), .has_frames = true },
	[MESSAGE_SAMPLES] = { .is_samples = true },
	[MESSAGE_STATUS] = { sizeof(struct sampler_status) },
	[MESSAGE_ENCODE] = { sizeof(struct message_encode), .n_texts = 1 },
	[MESSAGE_STORED] = { sizeof(struct message_stored) },
	[MESSAGE_ENCODED] = { sizeof(struct message_encoded) },
	[MESSAGE_LABELING] = { sizeof(struct message_labeling), .is_labeling = true },
	[MESSAGE_SERVICE] = { sizeof(struct message_service), .n_texts = 1 },
	[MESSAGE_BUILD] = { sizeof(struct message_build) },
	[MESSAGE_HURRY] = { sizeof(struct message_hurry) },
	[MESSAGE_BUILT] = { sizeof(struct message_built) },
	[MESSAGE_TABLE] = { sizeof(struct message_table) },
	[MESSAGE_DESCRIPTION] = { sizeof(struct message_description) },
	[MESSAGE_NAMES] = { sizeof(struct message_names) },
	[MESSAGE_KERNEL_NAMES] = { sizeof(struct message_kernel_names) },
	[MESSAGE_MODULE] = { sizeof(struct message_module) },
	[MESSAGE_JIT_READ] = { sizeof(struct message_jit_read) },
	[MESSAGE_DEBUG_REFERENCE] = { sizeof(struct message_debug_reference) },
	[MESSAGE_DEBUG_FILE] = { sizeof(struct message_debug_file) },
	[MESSAGE_ASK_CODE] = { sizeof(struct message_code) },
	[MESSAGE_ASK_SOURCE] = { sizeof(struct message_number), .n_texts = 1 },
	[MESSAGE_ASK_NAMES] = { sizeof(struct message_ask_names) },
	[MESSAGE_REPLY] = { sizeof(struct message_reply) },
	[MESSAGE_FETCH] = { sizeof(struct message_fetch) },
	[MESSAGE_FETCHED] = { sizeof(struct message_fetched) },
	[MESSAGE_FETCH_PODS] = { 0 },
	[MESSAGE_PODS] = { sizeof(struct message_fetched) },
	[MESSAGE_CONTAINERS] = { sizeof(struct message_containers) },
};

static bool texts_are_valid(const char *text, size_t text_bytes, unsigned int n_texts)
{
	for (unsigned int i = 0; i < n_texts; i++) {
		size_t length = strnlen(text, text_bytes);

		if (length == text_bytes || length >= MESSAGE_MAX_TEXT_BYTES)
			return false;
		text += length + 1;
		text_bytes -= length + 1;
	}
	return text_bytes == 0;
}

static bool frame_is_valid(const struct frame *frame)
{
	if (frame->kind == FRAME_CUT)
		return frame->place < STACK_OUTCOME_COUNT && stack_cut_reasons[frame->place];
	return frame->kind < FRAME_KIND_COUNT;
}

static bool frames_are_valid(const void *body, size_t body_bytes)
{
	const struct message_stack *stack = body;
	const struct frame *frames = (const void *)(stack + 1);

	if (stack->n_frames > MESSAGE_MAX_FRAMES ||
	    body_bytes != sizeof(*stack) + stack->n_frames * sizeof(*frames))
		return false;
	for (uint32_t i = 0; i < stack->n_frames; i++)
		if (!frame_is_valid(&frames[i]))
			return false;
	return true;
}

static bool samples_are_valid(const struct sample *samples, size_t body_bytes)
{
	if (body_bytes % sizeof(*samples))
		return false;
	for (size_t i = 0; i < body_bytes / sizeof(*samples); i++)
		if (samples[i].kind >= SAMPLE_KIND_COUNT ||
		    samples[i].outcome >= STACK_OUTCOME_COUNT)
			return false;
	return true;
}

static bool reference_is_valid(const struct debug_reference *reference)
{
	return reference->kind <= DEBUG_REFERENCE_OBJECT &&
	       reference->build_id.n_bytes <= BUILD_ID_MAX_BYTES &&
	       memchr(reference->directory, '\0', sizeof(reference->directory)) &&
	       memchr(reference->name, '\0', sizeof(reference->name));
}

/* Numbers in fixed bodies that are used as an index, or as a count. */
static bool numbers_are_valid(enum message_type type, const void *body)
{
	const struct message_file *file = body;
	const struct message_process *process = body;
	const struct message_description *description = body;
	const struct message_build *build = body;
	const struct message_built *built = body;
	const struct message_names *names = body;
	const struct message_module *module = body;
	const struct message_debug_reference *debug_reference = body;
	const struct message_debug_file *debug_file = body;
	const struct message_fetch *fetch = body;
	const struct message_ask_names *ask_names = body;
	const struct message_fetched *fetched = body;

	switch (type) {
	case MESSAGE_FILE:
		return file->key.build_id.n_bytes <= BUILD_ID_MAX_BYTES;
	case MESSAGE_PROCESS:
		return process->n_labels <= POD_MAX_LABELS &&
		       process->n_parent_labels <= POD_MAX_LABELS;
	case MESSAGE_BUILD:
		return build->kind < BUILD_KIND_COUNT && build->n_places <= BUILD_MAX_PLACES;
	case MESSAGE_BUILT:
		return built->outcome < BUILD_OUTCOME_COUNT && built->kind < BUILD_KIND_COUNT;
	case MESSAGE_NAMES:
		return names->state < NAMES_STATE_COUNT;
	case MESSAGE_DESCRIPTION:
		return description->description.build_id.n_bytes <= BUILD_ID_MAX_BYTES &&
		       description->description.n_segments <= ELF_FILE_MAX_SEGMENTS;
	case MESSAGE_MODULE:
		return module->n_places <= MODULE_MAX_PLACES;
	case MESSAGE_DEBUG_REFERENCE:
		return reference_is_valid(&debug_reference->reference);
	case MESSAGE_DEBUG_FILE:
		return debug_file->kind <= DEBUG_REFERENCE_OBJECT;
	case MESSAGE_ASK_NAMES:
		return ask_names->key.build_id.n_bytes <= BUILD_ID_MAX_BYTES;
	case MESSAGE_FETCH:
		return fetch->kind < FETCH_KIND_COUNT &&
		       fetch->build_id.n_bytes <= BUILD_ID_MAX_BYTES;
	case MESSAGE_FETCHED:
	case MESSAGE_PODS:
		return fetched->outcome < FETCH_OUTCOME_COUNT;
	default:
		return true;
	}
}

static bool labeling_is_valid(const struct message_labeling *labeling, const char *texts,
			      size_t texts_bytes)
{
	return labeling->n_labels <= LABEL_SET_MAX && labeling->n_rules <= LABEL_RULES_MAX &&
	       texts_are_valid(texts, texts_bytes,
			       labeling->n_labels * 2 + labeling->n_rules * RULE_FIELD_COUNT);
}

/* How many texts follow the fixed part. */
static unsigned int count_texts(const struct message *message)
{
	const struct message_process *process = message->body;
	unsigned int n_texts = forms[message->type].n_texts;

	if (message->type == MESSAGE_PROCESS)
		n_texts += 2 * (process->n_labels + process->n_parent_labels);
	return n_texts;
}

static bool body_is_valid(const struct message *message)
{
	const struct form *form = &forms[message->type];
	const char *rest = (const char *)message->body + form->fixed_bytes;
	size_t rest_bytes = message->body_bytes - form->fixed_bytes;

	if (message->body_bytes < form->fixed_bytes)
		return false;
	if (form->is_labeling)
		return labeling_is_valid(message->body, rest, rest_bytes);
	if (form->is_samples)
		return samples_are_valid(message->body, message->body_bytes);
	if (form->has_frames)
		return frames_are_valid(message->body, message->body_bytes);
	return numbers_are_valid(message->type, message->body) &&
	       texts_are_valid(rest, rest_bytes, count_texts(message));
}

size_t message_bytes(size_t body_bytes)
{
	return sizeof(struct message_header) + ((body_bytes + 7) & ~(size_t)7);
}

int message_next(const void **packet, size_t *packet_bytes, struct message *ret_message)
{
	const struct message_header *header = *packet;
	struct message message;

	if (*packet_bytes == 0)
		return 0;
	if (*packet_bytes < sizeof(*header) || header->version != MESSAGE_VERSION ||
	    header->type == 0 || header->type >= MESSAGE_TYPE_COUNT ||
	    header->body_bytes > MESSAGE_MAX_PACKET_BYTES ||
	    message_bytes(header->body_bytes) > *packet_bytes)
		return -EBADMSG;
	message = (struct message){
		.type = (enum message_type)header->type,
		.body = header + 1,
		.body_bytes = header->body_bytes,
	};
	if (!body_is_valid(&message))
		return -EBADMSG;
	*packet = (const char *)*packet + message_bytes(header->body_bytes);
	*packet_bytes -= message_bytes(header->body_bytes);
	*ret_message = message;
	return 1;
}

const char *message_text(const struct message *message, unsigned int index)
{
	const char *text = (const char *)message->body + forms[message->type].fixed_bytes;

	assert(index < forms[message->type].n_texts);
	while (index--)
		text += strlen(text) + 1;
	return text;
}

const struct frame *message_frames(const struct message *message)
{
	assert(message->type == MESSAGE_STACK);
	return (const void *)((const struct message_stack *)message->body + 1);
}
