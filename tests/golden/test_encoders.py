#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Encoders give exactly what is expected of the known profile.

    test_encoders.py PROGRAM TEST_NAME

PROGRAM is the built encode_known_profile. What is expected lies next to this file. Exits 77, with a
reason, when a test cannot run here.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import check_pprof
import dump_pprof

HERE = pathlib.Path(__file__).parent
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else ""
SKIPPED = 77


def encoded(*arguments):
    return subprocess.run([PROGRAM, *arguments], check=True, capture_output=True).stdout


def expected(name):
    return (HERE / name).read_text(encoding="utf-8")


class Folded(unittest.TestCase):
    def test_is_as_expected(self):
        self.assertEqual(encoded("folded").decode(), expected("known.folded"))

    def test_every_line_parses(self):
        for line in encoded("folded", "3000").decode().splitlines():
            stack, count = line.rsplit(" ", 1)
            self.assertEqual(len(stack.split(";")), 31)
            self.assertGreater(int(count), 0)


class Pprof(unittest.TestCase):
    maxDiff = None

    def test_is_as_expected(self):
        lines = dump_pprof.Dump(encoded("pprof")).lines()
        self.assertEqual("\n".join(lines) + "\n", expected("known.pprof.txt"))

    def test_satisfies_the_strictest_reader(self):
        self.assertEqual(check_pprof.check(encoded("pprof")), [])
        self.assertEqual(check_pprof.check(encoded("pprof", "3000")), [])

    def test_is_the_same_bytes_each_time(self):
        self.assertEqual(encoded("pprof"), encoded("pprof"))
        self.assertEqual(encoded("pprof")[4:8], bytes(4), "gzip's time is not zero")


class GoToolPprof(unittest.TestCase):
    def test_reads_what_we_write(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "known.pb.gz"
            path.write_bytes(encoded("pprof"))
            top = subprocess.run(
                ["go", "tool", "pprof", "-top", "-sample_index=samples", "-symbolize=none", path],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        self.assertIn("File: api", top)
        self.assertIn("61 total", top)
        self.assertIn("Duration: 5s", top)


def main():
    name = sys.argv.pop()
    if name == "GoToolPprof" and not shutil.which("go"):
        print("there is no Go here")
        return SKIPPED
    suite = unittest.defaultTestLoader.loadTestsFromName(name, sys.modules["__main__"])
    return 0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
