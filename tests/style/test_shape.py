#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files and functions are small."""

import unittest

import tree

FILE_LINES = 600
FUNCTION_LINES = 60
FUNCTION_LINES_P90 = 40
NESTING = 3
PARAMETERS = 5
# Whose parameters are somebody else's idea: name → whose.
FOREIGN_CALLBACKS = {"exchange_on_request": "libmicrohttpd", "bpf_map_create": "libbpf"}


class Shape(tree.StyleTest):
    @classmethod
    def setUpClass(cls):
        cls.functions = [f for path in tree.files("*.c") for f in tree.functions(path)]

    def test_no_file_is_long(self):
        sources = tree.files("*.c", "*.h", "*.py", "*.sh", "*.js", "*.mjs", "*.css", "dev")
        lengths = {path: tree.read(path).count("\n") for path in sources}
        self.assert_none(f"{p} has {n} lines" for p, n in lengths.items() if n > FILE_LINES)

    def test_no_function_is_long(self):
        self.assert_none(f"{f} has {f.length} lines" for f in self.functions
                         if f.length > FUNCTION_LINES)

    def test_nearly_all_functions_are_short(self):
        lengths = sorted(f.length for f in self.functions)
        self.assertLessEqual(lengths[len(lengths) * 9 // 10], FUNCTION_LINES_P90)

    def test_no_function_is_deeply_nested(self):
        self.assert_none(f for f in self.functions if f.depth > NESTING)

    def test_no_function_takes_many_parameters(self):
        self.assert_none(f for f in self.functions
                         if f.n_parameters > PARAMETERS and f.name not in FOREIGN_CALLBACKS)


if __name__ == "__main__":
    unittest.main()
