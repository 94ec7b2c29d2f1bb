/* SPDX-License-Identifier: Apache-2.0 */
#include "web/build_id_parameter.h"

#include <errno.h>
#include <string.h>

#include "unwind/build_id.h"
#include "web/request.h"

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool build_id_parameter_get(struct request *request, struct build_id *ret_build_id)
{
	const char *value = request_get(request, "build_id");
	size_t length = value ? strlen(value) : 0;
	bool is_good = length && length % 2 == 0 && length <= 2UL * BUILD_ID_MAX_BYTES;

	*ret_build_id = (struct build_id){ .n_bytes = (uint32_t)length / 2 };
	for (size_t i = 0; is_good && i < length; i += 2) {
		int high = digit_value(value[i]), low = digit_value(value[i + 1]);

		is_good = high >= 0 && low >= 0;
		ret_build_id->bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	if (!is_good)
		answer_fail_parameter(&request->answer, "build_id", value ? value : "",
				      "a build id in lower-case hex, as a profile has it");
	return is_good;
}

void build_id_parameter_fail(struct request *request, int error)
{
	struct answer *answer = &request->answer;

	switch (error) {
	case -ENOENT:
		answer_fail(answer, 404, "no file with this build_id was sampled");
		break;
	case -EAGAIN:
		answer_fail_busy(answer, "the names of this file are being read");
		break;
	case -ENODATA:
		answer_fail(answer, 404, "this file has no names");
		break;
	case -ESRCH:
		answer_fail(answer, 404,
			    "this file has no such function with code of its own: it may be "
			    "inlined wherever it is called");
		break;
	default:
		answer_fail_busy(answer, "out of memory");
	}
}
