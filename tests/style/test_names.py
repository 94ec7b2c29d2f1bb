#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files are named after what they hold, and say under which licence they are."""

import re
import unittest

import tree

EMPTY_NAMES = re.compile(r"^(.*_)?(utils?|common|misc|helpers?|core|manager)$")
SOURCES = ("*.c", "*.h", "*.py", "*.sh", "*.js", "*.mjs", "*.css", "*.html", "*.proto", "*.bench",
           "meson.build", "meson_options.txt", "dev", "run")
BPF_LICENCE = "GPL-2.0-only OR BSD-2-Clause"
LICENCE = "Apache-2.0"


def licence(path):
    """What the SPDX line of the file says; a first line may be there for the file's reader."""
    first_lines = tree.read(path).split("\n")[:2]
    match = re.search(r"SPDX-License-Identifier: ([\w.\- ]+?)(?: \*/| -->)?$", "\n".join(first_lines),
                      re.M)
    return match and match.group(1)


class Names(tree.StyleTest):
    def test_no_file_is_called_after_nothing(self):
        self.assert_none(path for path in tree.files("*")
                         if any(EMPTY_NAMES.match(part.partition(".")[0]) for part in path.parts))

    def test_every_source_says_its_licence(self):
        wrong = []
        for path in tree.files(*SOURCES):
            allowed = (LICENCE, BPF_LICENCE) if "bpf" in path.parts[:-1] else (LICENCE,)
            if licence(path) not in allowed:
                wrong.append(f"{path}: {licence(path)}")
        self.assert_none(wrong)

    def test_bpf_programs_can_be_loaded_as_gpl(self):
        self.assert_none(path for path in tree.files("*.bpf.c") if licence(path) != BPF_LICENCE)


if __name__ == "__main__":
    unittest.main()
