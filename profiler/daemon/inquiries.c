/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/inquiries.h"

#include <errno.h>

#include "profiler/base/cleanup.h"
#include "profiler/channel.h"
#include "profiler/daemon/binary_describer.h"
#include "profiler/daemon/describer.h"
#include "profiler/daemon/role.h"
#include "profiler/daemon/source_opener.h"

bool inquiries_are(const struct message *message)
{
	return message->type == MESSAGE_ASK_CODE || message->type == MESSAGE_ASK_SOURCE ||
	       message->type == MESSAGE_ASK_NAMES || message->type == MESSAGE_REPLY;
}

/* A server that is not there has nobody waiting. */
static int reply(struct inquiries *inquiries, const struct message_reply *body, int fd)
{
	struct channel *channel = inquiries->server->channel;
	int r;

	if (!channel)
		return 0;
	r = channel_send_fds(channel, MESSAGE_REPLY, body, sizeof(*body), (int[]){ fd, -1 });
	if (r == 0)
		role_process_flush(inquiries->server);
	return r;
}

/* A resolver that is not there, or has too much to do, leaves it unanswered. */
static int ask_code(struct inquiries *inquiries, struct message_code code)
{
	int fd = binary_describer_open_code(describer_binaries(inquiries->describer), &code);
	struct channel *channel = inquiries->resolver->channel;

	if (fd < 0 || !channel ||
	    channel_send_fds(channel, MESSAGE_ASK_CODE, &code, sizeof(code), (int[]){ fd, -1 }) <
		    0) {
		const struct message_reply no = { code.ticket, fd < 0 ? fd : -EAGAIN };

		return reply(inquiries, &no, -1);
	}
	role_process_flush(inquiries->resolver);
	return 0;
}

static int ask_source(struct inquiries *inquiries, const struct message *message)
{
	const struct message_number *question = message->body;
	_cleanup_(closep) int fd = source_open(inquiries->source_dirs, message_text(message, 0));
	const struct message_reply body = { question->number, fd < 0 ? fd : 0 };

	return reply(inquiries, &body, fd < 0 ? -1 : fd);
}

/* What is kept on disk of a file that nobody runs any more. */
static int ask_names(struct inquiries *inquiries, const struct message_ask_names *question)
{
	struct message_names answer = {
		.file = question->file,
	};
	_cleanup_(closep) int fd = -1;
	struct channel *channel = inquiries->server->channel;
	int r;

	answer.state = binary_describer_open_names(describer_binaries(inquiries->describer),
						   &question->key, &fd);
	if (!channel)
		return 0;
	r = channel_send_fds(channel, MESSAGE_NAMES, &answer, sizeof(answer), (int[]){ fd, -1 });
	if (r == 0)
		role_process_flush(inquiries->server);
	return r;
}

int inquiries_take_question(struct inquiries *inquiries, const struct message *message)
{
	if (message->type == MESSAGE_ASK_CODE)
		return ask_code(inquiries, *(const struct message_code *)message->body);
	if (message->type == MESSAGE_ASK_NAMES)
		return ask_names(inquiries, message->body);
	return message->type == MESSAGE_ASK_SOURCE ? ask_source(inquiries, message) : -EBADMSG;
}

int inquiries_take_reply(struct inquiries *inquiries, const struct message *message, int fd)
{
	if (message->type != MESSAGE_REPLY)
		return -EBADMSG;
	return reply(inquiries, message->body, fd);
}
