#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A pprof file as text in which every string and reference is resolved, to be compared.

dump_pprof.py FILE ("-": standard input)
"""

import sys

import check_pprof


class Dump:
    """The lines of one profile."""

    def __init__(self, data):
        raw = check_pprof.decode("Profile", check_pprof.gunzip(data), check_pprof.Faults())
        self.strings = [text.decode("utf-8") for text in raw["string_table"]]
        self.raw = raw

    def text(self, index):
        return ascii(self.strings[index])[1:-1]

    def value_type(self, value_type):
        return f"{self.text(value_type['type'])}/{self.text(value_type['unit'])}"

    def header(self):
        raw = self.raw
        yield "types " + " ".join(self.value_type(each) for each in raw["sample_type"])
        yield f"default {self.text(raw['default_sample_type'])}"
        yield f"period {raw['period']} {self.value_type(raw['period_type'])}"
        yield f"time {raw['time_nanos']} duration {raw['duration_nanos']}"
        for comment in raw["comment"]:
            yield f"comment {self.text(comment)}"

    def mappings(self):
        for each in self.raw["mapping"]:
            flags = [name for name in each if name.startswith("has_") and each[name]]
            yield (
                f"mapping {each['id']} {each['memory_start']:#x}-{each['memory_limit']:#x}"
                f" offset {each['file_offset']:#x} {self.text(each['filename'])}"
                f" build_id={self.text(each['build_id'])} {' '.join(flags)}"
            ).rstrip()

    def functions(self):
        for each in self.raw["function"]:
            yield (
                f"function {each['id']} {self.text(each['name'])}"
                f" file={self.text(each['filename'])} start={each['start_line']}"
            )

    def locations(self):
        for each in self.raw["location"]:
            lines = " ".join(
                f"{line['function_id']}:{line['line']}:{line['column']}" for line in each["line"]
            )
            yield f"location {each['id']} mapping {each['mapping_id']} {each['address']:#x} {lines}"

    def samples(self):
        for each in self.raw["sample"]:
            labels = " ".join(
                f"{self.text(label['key'])}={self.text(label['str'])}" for label in each["label"]
            )
            yield f"sample {each['value']} {each['location_id']} {labels}".rstrip()

    def lines(self):
        for part in (self.header, self.mappings, self.functions, self.locations, self.samples):
            yield from part()


def main(arguments):
    if len(arguments) != 2:
        print(f"usage: {arguments[0]} FILE", file=sys.stderr)
        return 2
    with sys.stdin.buffer if arguments[1] == "-" else open(arguments[1], "rb") as file:
        dump = Dump(file.read())
    for line in dump.lines():
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
