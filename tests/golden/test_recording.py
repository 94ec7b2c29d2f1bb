#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A recording of what a sampler told gives exactly the profiles that lie next to this file.

    test_recording.py PROGRAM

PROGRAM is the built replay_recording.
"""

import pathlib
import subprocess
import sys
import unittest

import dump_pprof

HERE = pathlib.Path(__file__).parent
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else ""
START_NS, END_NS = 1_700_000_000 * 10**9, 1_700_000_005 * 10**9


def replay(output_format, start_ns=START_NS, end_ns=END_NS):
    with open(HERE / "recorded.txt", "rb") as recorded:
        return subprocess.run([PROGRAM, output_format, str(start_ns), str(end_ns)], check=True,
                              stdin=recorded, stdout=subprocess.PIPE).stdout


def expected(name):
    return (HERE / name).read_text(encoding="utf-8")


class Recording(unittest.TestCase):
    maxDiff = None

    def test_gives_the_folded_text(self):
        self.assertEqual(replay("folded").decode(), expected("recorded.folded"))

    def test_gives_the_pprof(self):
        lines = dump_pprof.Dump(replay("pprof")).lines()
        self.assertEqual("\n".join(lines) + "\n", expected("recorded.pprof.txt"))

    def test_of_its_first_tenth_of_a_second_gives_less(self):
        folded = replay("folded", end_ns=START_NS + 10**8).decode()
        self.assertEqual(sum(int(line.rsplit(" ", 1)[1]) for line in folded.splitlines()), 4)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
