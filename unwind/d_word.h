/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * D word: letters in a mangled name of D that stand for a fixed text.
 *
 * Each function takes words of one kind and puts their text. Those that may be missing return true
 * then.
 */

#include "unwind/name_reader.h"

/* Whether the calling convention of a function comes next, with which its type begins. */
bool d_word_is_convention(const struct name_reader *reader);
bool d_word_convention(struct name_reader *reader);

/* "pure ", "@safe " …: any number of them. */
bool d_word_attributes(struct name_reader *reader);

/* " const", " shared" …: of what a method is called for. */
bool d_word_modifiers(struct name_reader *reader);

/* "scope ", "ref " …: of a parameter. */
bool d_word_storage(struct name_reader *reader);

/* "int", "void" … */
bool d_word_basic_type(struct name_reader *reader);

/* A name of @n_letters, which may be one that the compiler gives; part of a qualified name that has
 * been put from @start on. */
bool d_word_name(struct name_reader *reader, size_t n_letters, size_t start);
