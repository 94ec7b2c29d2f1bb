#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_pprof.py finds what is broken.

    test_check_pprof.py PROGRAM

PROGRAM is the built encode_known_profile. Each test appends to a good profile, or replaces bytes of
it, and expects a sentence. (Of a field that is there twice, protobuf takes the later one.)
"""

import gzip
import subprocess
import sys
import unittest

import check_pprof

GOOD = gzip.decompress(
    subprocess.run([sys.argv.pop(), "pprof"], check=True, capture_output=True).stdout
)


def varint(number):
    number &= (1 << 64) - 1
    low = bytes([number & 0x7F | (0x80 if number > 0x7F else 0)])
    return low + varint(number >> 7) if number > 0x7F else low


def field(number, value):
    """A field of a number, or of bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def sentences(*appended, good=GOOD):
    return check_pprof.check(gzip.compress(good + b"".join(appended)))


class Checker(unittest.TestCase):
    def expect(self, rule, *appended):
        self.assertTrue(
            any(each.startswith(rule) for each in sentences(*appended)), sentences(*appended)
        )

    def test_passes_a_good_profile(self):
        self.assertEqual(sentences(), [])

    def test_wants_gzip(self):
        self.assertEqual(check_pprof.check(GOOD), ["the file is not compressed with gzip."])
        self.assertEqual(
            check_pprof.check(gzip.compress(GOOD)[:-9]), ["the gzip stream is cut short."]
        )

    def test_wants_whole_protobuf(self):
        self.assertEqual(sentences(b"\x12\x7f"), ["a field is longer than its message."])
        self.assertEqual(sentences(b"\x08"), ["a varint is cut short."])

    def test_wants_utf8(self):
        self.expect("a string is not UTF-8", field(6, b"\xff"))

    def test_wants_indices_in_range(self):
        self.expect("a comment is not in the string table", field(13, 999))
        self.expect("a sample has no such location", field(2, field(1, 999) + field(2, b"\1\1")))
        self.expect("a location has an unknown mapping", field(4, field(1, 9) + field(2, 99)))

    def test_wants_ids_in_order(self):
        self.expect("mapping ids do not count", field(3, field(1, 7)))
        self.expect("function ids do not count", field(5, field(1, 1)))
        self.expect("location ids do not count", field(4, field(1, 0)))

    def test_wants_a_value_for_each_type(self):
        self.expect("a sample has not one value", field(2, field(1, 1) + field(2, 1)))

    def test_wants_values_that_count(self):
        self.expect("a sample is all zero", field(2, field(1, b"\1") + field(2, b"\0\0")))
        self.expect("a value is negative", field(2, field(2, -1) + field(2, 1)))

    def test_wants_the_time_once(self):
        self.expect("Profile.time_nanos is there more than once", field(9, 5))

    def test_wants_string_labels(self):
        numeric = field(1, 1) + field(3, 17)
        self.expect("a label is a number", field(2, field(2, b"\1\1") + field(3, numeric)))
        self.expect("a label has no name", field(2, field(2, b"\1\1") + field(3, b"")))

    def test_wants_names_of_types_that_promql_can_say(self):
        n_strings = len(
            check_pprof.decode("Profile", GOOD, check_pprof.Faults())["string_table"]
        )
        self.expect(
            "PromQL cannot say a sample type",
            field(6, b"off-cpu"),
            field(1, field(1, n_strings) + field(2, n_strings)),
        )

    def test_wants_addresses_inside_of_mappings(self):
        self.expect(
            "an address is outside", field(4, field(1, 9) + field(2, 1) + field(3, 0x500000))
        )

    def test_wants_a_name_for_each_location(self):
        self.expect("a location has no line", field(4, field(1, 9)))
        self.expect("a line has no function", field(4, field(1, 9) + field(4, b"")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
