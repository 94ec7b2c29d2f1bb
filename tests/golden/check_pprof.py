#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does a pprof file satisfy the strictest of its readers?

    check_pprof.py FILE

Prints a sentence for each rule that FILE breaks, with one example. Exits 0 if there is none, else 1.

The rules are those of three readers: google/pprof (profile.CheckValid and the comments of
profile.proto), Parca (its normalizer, which wants ids in order and names that PromQL can say) and
Pyroscope (its validation, which wants UTF-8, string labels and values that are not all zero), and
of the fields that their user interfaces cannot do without. The decoder is written from the protobuf
encoding's description, and shares nothing with the encoder that it checks.
"""

import collections
import re
import sys
import zlib

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

# Field number: (name, kind). Kinds: a message's name, or int, uint, bool, string; "*" = repeated.
MESSAGES = {
    "Profile": {
        1: ("sample_type", "ValueType*"),
        2: ("sample", "Sample*"),
        3: ("mapping", "Mapping*"),
        4: ("location", "Location*"),
        5: ("function", "Function*"),
        6: ("string_table", "string*"),
        7: ("drop_frames", "int"),
        8: ("keep_frames", "int"),
        9: ("time_nanos", "int"),
        10: ("duration_nanos", "int"),
        11: ("period_type", "ValueType"),
        12: ("period", "int"),
        13: ("comment", "int*"),
        14: ("default_sample_type", "int"),
        15: ("doc_url", "int"),
    },
    "ValueType": {1: ("type", "int"), 2: ("unit", "int")},
    "Sample": {1: ("location_id", "uint*"), 2: ("value", "int*"), 3: ("label", "Label*")},
    "Label": {1: ("key", "int"), 2: ("str", "int"), 3: ("num", "int"), 4: ("num_unit", "int")},
    "Mapping": {
        1: ("id", "uint"),
        2: ("memory_start", "uint"),
        3: ("memory_limit", "uint"),
        4: ("file_offset", "uint"),
        5: ("filename", "int"),
        6: ("build_id", "int"),
        7: ("has_functions", "bool"),
        8: ("has_filenames", "bool"),
        9: ("has_line_numbers", "bool"),
        10: ("has_inline_frames", "bool"),
    },
    "Location": {
        1: ("id", "uint"),
        2: ("mapping_id", "uint"),
        3: ("address", "uint"),
        4: ("line", "Line*"),
        5: ("is_folded", "bool"),
    },
    "Line": {1: ("function_id", "uint"), 2: ("line", "int"), 3: ("column", "int")},
    "Function": {
        1: ("id", "uint"),
        2: ("name", "int"),
        3: ("system_name", "int"),
        4: ("filename", "int"),
        5: ("start_line", "int"),
    },
}
SCALARS = {"int", "uint", "bool"}

PROMQL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
BUILD_ID = re.compile(r"[0-9a-f]+")
MAX_LABELS, MAX_LABEL_NAME_BYTES, MAX_LABEL_VALUE_BYTES, MAX_SYMBOL_BYTES = 30, 1024, 2048, 65535


class Malformed(Exception):
    """The bytes cannot be taken apart."""


class Faults:
    """Sentences, by rule: the first example of each, and how many more there are."""

    def __init__(self):
        self.examples = {}
        self.counts = collections.Counter()

    def expect(self, holds, rule, example=""):
        if not holds:
            self.examples.setdefault(rule, example)
            self.counts[rule] += 1

    def sentences(self):
        for rule, example in self.examples.items():
            more = self.counts[rule] - 1
            yield (
                rule
                + (f": {example}" if example else "")
                + (f" (and {more} more)" if more else "")
                + "."
            )


# --- decoding -----------------------------------------------------------------------------------


def read_varint(data, at):
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise Malformed("a varint is cut short")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, at
    raise Malformed("a varint is longer than 10 bytes")


def read_field(data, at):
    """The (number, wire type, value) of the field at an offset, and where the next one is."""
    tag, at = read_varint(data, at)
    number, wire = tag >> 3, tag & 7
    if number == 0:
        raise Malformed("a field has number 0")
    if wire == VARINT:
        value, at = read_varint(data, at)
        return (number, wire, value), at
    if wire == BYTES:
        size, at = read_varint(data, at)
    elif wire in (FIXED32, FIXED64):
        size = 4 if wire == FIXED32 else 8
    else:
        raise Malformed(f"a field has wire type {wire}")
    if size > len(data) - at:
        raise Malformed("a field is longer than its message")
    return (number, wire, data[at : at + size]), at + size


def scalar(kind, value):
    if kind == "int" and value >= 1 << 63:
        return value - (1 << 64)
    return bool(value) if kind == "bool" else value


def packed(kind, data):
    values, at = [], 0
    while at < len(data):
        value, at = read_varint(data, at)
        values.append(scalar(kind, value))
    return values


def decode_value(kind, wire, value, faults):
    """The list of values in one field."""
    if kind in SCALARS and wire == VARINT:
        return [scalar(kind, value)]
    if wire != BYTES:
        raise Malformed(f"a field of kind {kind} has wire type {wire}")
    if kind in SCALARS:
        return packed(kind, value)
    if kind == "string":
        return [value]
    return [decode(kind, value, faults)]


def decode(name, data, faults):
    fields = MESSAGES[name]
    message = {
        field: [] if kind.endswith("*") else None if kind in MESSAGES else 0
        for field, kind in fields.values()
    }
    seen = set()
    at = 0
    while at < len(data):
        (number, wire, value), at = read_field(data, at)
        if number not in fields:
            faults.expect(False, f"{name} has a field that pprof does not know", str(number))
            continue
        field, kind = fields[number]
        values = decode_value(kind.rstrip("*"), wire, value, faults)
        if kind.endswith("*"):
            message[field].extend(values)
            continue
        faults.expect(field not in seen, f"{name}.{field} is there more than once")
        seen.add(field)
        message[field] = values[-1] if values else 0
    return message


def gunzip(data):
    """The content of a gzip file of one member."""
    if data[:2] != b"\x1f\x8b":
        raise Malformed("the file is not compressed with gzip")
    stream = zlib.decompressobj(wbits=31)
    try:
        content = stream.decompress(data) + stream.flush()
    except zlib.error as error:
        raise Malformed(f"the gzip stream is broken ({error})") from error
    if not stream.eof:
        raise Malformed("the gzip stream is cut short")
    if stream.unused_data:
        raise Malformed("bytes follow the gzip stream")
    return content


# --- rules --------------------------------------------------------------------------------------


class Profile:
    """A decoded profile, whose strings are text."""

    def __init__(self, message, faults):
        self.__dict__.update(message)
        self.faults = faults
        self.strings = []
        for raw in self.string_table:
            try:
                self.strings.append(raw.decode("utf-8"))
            except UnicodeDecodeError:
                faults.expect(False, "a string is not UTF-8", repr(raw))
                self.strings.append(raw.decode("utf-8", "replace"))

    def text(self, index, where):
        in_range = 0 <= index < len(self.strings)
        self.faults.expect(in_range, f"{where} is not in the string table", str(index))
        return self.strings[index] if in_range else ""


def check_strings(profile, faults):
    faults.expect(profile.strings, "the string table is empty")
    faults.expect(profile.strings[:1] in ([""], []), "the first string is not empty")
    for index in profile.comment:
        profile.text(index, "a comment")


def check_types(profile, faults):
    types = []
    faults.expect(profile.sample_type, "there is no sample type")
    for value_type in profile.sample_type + [profile.period_type or {"type": 0, "unit": 0}]:
        name = profile.text(value_type["type"], "the name of a sample type")
        unit = profile.text(value_type["unit"], "the unit of a sample type")
        types.append(name)
        for word in (name, unit):
            faults.expect(
                PROMQL_NAME.fullmatch(word), "PromQL cannot say a sample type or unit", repr(word)
            )
    default = profile.text(profile.default_sample_type, "the default sample type")
    faults.expect(default in types[:-1], "the default sample type is none of them", repr(default))
    faults.expect(len(set(types[:-1])) == len(types) - 1, "two sample types have one name")


def check_header(profile, faults):
    faults.expect(profile.time_nanos > 0, "time_nanos is not set")
    faults.expect(profile.duration_nanos > 0, "duration_nanos is not set")
    faults.expect(profile.period_type is not None, "there is no period type")
    faults.expect(profile.period > 0, "period is not set")
    url = profile.text(profile.doc_url, "doc_url")
    faults.expect(not url or re.match(r"https?://", url), "doc_url is not absolute", url)


def check_ids(items, name, faults):
    for index, item in enumerate(items):
        faults.expect(
            item["id"] == index + 1,
            f"{name} ids do not count from 1 in order",
            f"number {index + 1} has id {item['id']}",
        )


def check_mappings(profile, faults):
    check_ids(profile.mapping, "mapping", faults)
    names = []
    for mapping in profile.mapping:
        name = profile.text(mapping["filename"], "the file of a mapping")
        names.append(name)
        faults.expect(name, "a mapping has no file name", f"id {mapping['id']}")
        faults.expect(mapping["memory_start"] < mapping["memory_limit"], "a mapping is empty", name)
        build_id = profile.text(mapping["build_id"], "a build id")
        faults.expect(
            not build_id or BUILD_ID.fullmatch(build_id),
            "a build id is not lower-case hex",
            build_id,
        )
    if any(not name.startswith("[") for name in names):
        faults.expect(not names[0].startswith("["), "the first mapping is no program", names[0])


def check_functions(profile, faults):
    check_ids(profile.function, "function", faults)
    for function in profile.function:
        name = profile.text(function["name"], "the name of a function")
        profile.text(function["system_name"], "the system name of a function")
        profile.text(function["filename"], "the file of a function")
        faults.expect(name, "a function has no name", f"id {function['id']}")
        faults.expect(
            len(name.encode()) <= MAX_SYMBOL_BYTES, "a function's name is too long", name[:60]
        )
        faults.expect(function["start_line"] >= 0, "a line number is negative")


def check_location(profile, location, faults):
    where = f"id {location['id']}"
    faults.expect(location["line"], "a location has no line, so no name", where)
    faults.expect(not location["is_folded"], "a location is folded", where)
    for line in location["line"]:
        faults.expect(
            1 <= line["function_id"] <= len(profile.function), "a line has no function", where
        )
        faults.expect(line["line"] >= 0 and line["column"] >= 0, "a line number is negative", where)
    if location["mapping_id"] == 0:
        return
    if location["mapping_id"] > len(profile.mapping):
        faults.expect(False, "a location has an unknown mapping", where)
        return
    mapping = profile.mapping[location["mapping_id"] - 1]
    faults.expect(
        mapping["memory_start"] <= location["address"] <= mapping["memory_limit"],
        "an address is outside of its mapping",
        f"{location['address']:#x} in {profile.text(mapping['filename'], 'a file')}",
    )


def check_flags(profile, faults):
    """What a mapping says of itself has to be so of one of its locations at least."""
    has = collections.defaultdict(set)
    for location in profile.location:
        for line in location["line"]:
            if 1 <= line["function_id"] <= len(profile.function):
                function = profile.function[line["function_id"] - 1]
                has["has_functions"].add(location["mapping_id"])
                if function["filename"]:
                    has["has_filenames"].add(location["mapping_id"])
            if line["line"]:
                has["has_line_numbers"].add(location["mapping_id"])
    used = {location["mapping_id"] for location in profile.location}
    for mapping in profile.mapping:
        for flag in ("has_functions", "has_filenames", "has_line_numbers"):
            faults.expect(
                not mapping[flag] or mapping["id"] not in used or mapping["id"] in has[flag],
                f"{flag} is set, and is not so",
                profile.text(mapping["filename"], "a file"),
            )


def check_locations(profile, faults):
    check_ids(profile.location, "location", faults)
    for location in profile.location:
        check_location(profile, location, faults)
    check_flags(profile, faults)


def check_label(profile, label, faults):
    """The label's name."""
    name = profile.text(label["key"], "the name of a label")
    value = profile.text(label["str"], "the value of a label")
    faults.expect(name, "a label has no name", repr(value))
    faults.expect(value, "a label has no string for its value", repr(name))
    faults.expect(not label["num"] and not label["num_unit"], "a label is a number", repr(name))
    faults.expect(
        PROMQL_NAME.fullmatch(name) or name == "pprof::base",
        "PromQL cannot say the name of a label",
        repr(name),
    )
    faults.expect(len(name.encode()) <= MAX_LABEL_NAME_BYTES, "a label's name is too long", name)
    faults.expect(len(value.encode()) <= MAX_LABEL_VALUE_BYTES, "a label's value is too long", name)
    return name


def check_samples(profile, faults):
    seen = set()
    for index, sample in enumerate(profile.sample):
        where = f"sample {index + 1}"
        values = sample["value"]
        faults.expect(
            len(values) == len(profile.sample_type),
            "a sample has not one value for each sample type",
            where,
        )
        faults.expect(any(values), "a sample is all zero", where)
        faults.expect(all(value >= 0 for value in values), "a value is negative", where)
        for location_id in sample["location_id"]:
            faults.expect(
                1 <= location_id <= len(profile.location), "a sample has no such location", where
            )
        names = [check_label(profile, label, faults) for label in sample["label"]]
        faults.expect(len(set(names)) == len(names), "a sample has one label twice", where)
        faults.expect(len(names) <= MAX_LABELS, "a sample has too many labels", where)
        labels = frozenset((label["key"], label["str"]) for label in sample["label"])
        key = (tuple(sample["location_id"]), labels)
        faults.expect(key not in seen, "two samples have one stack and the same labels", where)
        seen.add(key)


CHECKS = [
    check_strings,
    check_types,
    check_header,
    check_mappings,
    check_functions,
    check_locations,
    check_samples,
]


def check(data):
    """The sentences that tell what is wrong with a file's bytes."""
    faults = Faults()
    try:
        profile = Profile(decode("Profile", gunzip(data), faults), faults)
    except Malformed as error:
        return [f"{error}."]
    for rule in CHECKS:
        rule(profile, faults)
    return list(faults.sentences())


def main(arguments):
    if len(arguments) != 2:
        print(f"usage: {arguments[0]} FILE", file=sys.stderr)
        return 2
    with open(arguments[1], "rb") as file:
        sentences = check(file.read())
    for sentence in sentences:
        print(sentence[0].upper() + sentence[1:])
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
