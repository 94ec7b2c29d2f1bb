#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the style tests know of C is right."""

import pathlib
import tempfile
import unittest

import tree

SOURCE = r"""
static int plain(void)
{
	return '{';
}

struct pair *pair_new(int first, int (*on_pair)(int a, int b),
		      const char *text)
{
	static const int table[] = { 1, 2 };
	/* { */
	if (first) {
		while (*text) {
			text++;
		}
	} else {
		puts("}");
	}
	return NULL;
}
"""


class Functions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "pair.c")
            path.write_text(SOURCE, encoding="utf-8")
            cls.plain, cls.pair_new = tree.functions(path)

    def test_a_function_has_a_name(self):
        self.assertEqual((self.plain.name, self.pair_new.name), ("plain", "pair_new"))

    def test_its_length_is_that_of_its_body(self):
        self.assertEqual((self.plain.length, self.pair_new.length), (3, 12))

    def test_parameters_of_parameters_do_not_count(self):
        self.assertEqual((self.plain.n_parameters, self.pair_new.n_parameters), (0, 3))

    def test_only_control_statements_nest(self):
        self.assertEqual((self.plain.depth, self.pair_new.depth), (0, 2))


if __name__ == "__main__":
    unittest.main()
