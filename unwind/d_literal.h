/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * D literal: a number or string in a mangled name of D, as the argument of a template.
 */

#include "unwind/name_reader.h"

/* Each takes what it is called after, and puts it as D writes it. @type is the letter of the
 * integer's type, or '\0'. */
bool d_literal_integer(struct name_reader *reader, char type);
bool d_literal_real(struct name_reader *reader);
bool d_literal_complex(struct name_reader *reader);
bool d_literal_string(struct name_reader *reader);
