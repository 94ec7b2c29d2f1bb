# SPDX-License-Identifier: Apache-2.0
"""Profiles as the tests see them: the pprof format, read with nothing of Pilotlight's own."""

import dataclasses
import gzip
import math

_PROFILE = {1: "sample_type", 2: "sample", 3: "mapping", 4: "location", 5: "function", 6: "string"}
MAX_LOST = 1 / 1000
_MAPPING_FLAGS = {7: "functions", 8: "filenames", 9: "line_numbers", 10: "inline_frames"}
_PERIOD, _DURATION_NS, _TIME_NS = 12, 10, 9


def most_lost(count):
    """How many of so many samples may be lost: one in a thousand, and what chance adds to that,
    three standard deviations; so one always."""
    return max(1, count * MAX_LOST + 3 * math.sqrt(count * MAX_LOST))


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _fields(data):
    """Yield (number, value) of a message: an int, or the bytes of what has a length."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
        elif kind == 2:
            size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
        else:
            raise ValueError(f"pprof has no field of wire type {kind}")
        yield key >> 3, value


def _numbers(value):
    """A repeated integer, which is packed or stands alone."""
    if isinstance(value, int):
        return [value]
    numbers, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        numbers.append(number)
    return numbers


def _message(data):
    """The fields of a message without repeated ones: {number: value}."""
    return dict(_fields(data))


@dataclasses.dataclass(frozen=True)
class Mapping:
    """A file in memory."""

    start: int
    limit: int
    file_off: int
    path: str
    build_id: str
    flags: frozenset  # what its frames have, as far as that is known


@dataclasses.dataclass(frozen=True)
class Frame:
    """One function on a stack; inlined ones are frames of their own."""

    name: str
    file: str
    start_line: int  # of the function, or 0
    line: int
    mapping: Mapping
    is_inlined: bool


@dataclasses.dataclass(frozen=True)
class Sample:
    """A stack, leaf first, its values by the names of their types, its labels, and those of them
    that are numbers."""

    frames: tuple
    values: dict
    labels: dict
    numbers: dict

    @property
    def count(self):
        return self.values["samples"]

    @property
    def names(self):
        return [frame.name for frame in self.frames]


class Profile:
    """A decoded profile."""

    def __init__(self, data):
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        raw = {name: [] for name in _PROFILE.values()}
        numbers = {}
        for number, value in _fields(data):
            if number in _PROFILE:
                raw[_PROFILE[number]].append(value)
            else:
                numbers[number] = value
        self._strings = [text.decode() for text in raw["string"]]
        self.duration_seconds = numbers.get(_DURATION_NS, 0) / 1e9
        self.period_ns = numbers.get(_PERIOD, 0)
        self.start_seconds = numbers.get(_TIME_NS, 0) / 1e9
        self.types = [self._texts(value, 1, 2) for value in raw["sample_type"]]
        self._mappings = dict(map(self._mapping, raw["mapping"]))
        self._functions = dict(map(self._function, raw["function"]))
        self._locations = dict(map(self._location, raw["location"]))
        self.samples = list(map(self._sample, raw["sample"]))
        self.mappings = list(self._mappings.values())

    def _texts(self, data, *numbers):
        fields = _message(data)
        return tuple(self._strings[fields.get(number, 0)] for number in numbers)

    def _mapping(self, data):
        field = _message(data)
        path, build_id = self._texts(data, 5, 6)
        where = (field.get(number, 0) for number in (2, 3, 4))
        flags = frozenset(name for number, name in _MAPPING_FLAGS.items() if field.get(number))
        return field[1], Mapping(*where, path, build_id, flags)

    def _function(self, data):
        field = _message(data)
        return field[1], (*self._texts(data, 2, 4), field.get(5, 0))

    def _location(self, data):
        """The frames at one address, the innermost inlined function first."""
        field = _message(data)
        mapping = self._mappings.get(field.get(2, 0))
        lines = [_message(value) for number, value in _fields(data) if number == 4]
        return field[1], [
            Frame(*self._functions[line[1]], line.get(2, 0), mapping, i + 1 < len(lines))
            for i, line in enumerate(lines)
        ]

    def _sample(self, data):
        locations, values, labels, label_numbers = [], [], {}, {}
        for number, value in _fields(data):
            if number == 1:
                locations += _numbers(value)
            elif number == 2:
                values += _numbers(value)
            elif number == 3:
                name, text = self._texts(value, 1, 2)
                if text:
                    labels[name] = text
                else:
                    label_numbers[name] = _message(value).get(3, 0)
        frames = tuple(frame for number in locations for frame in self._locations[number])
        types = [name for name, _ in self.types]
        return Sample(frames, dict(zip(types, values)), labels, label_numbers)

    def count(self, condition=lambda sample: True):
        """How many samples hold what is asked."""
        return sum(sample.count for sample in self.samples if condition(sample))

    def share(self, name):
        """Which part of the samples has a function of that name on its stack, in percent."""
        return 100 * self.count(lambda sample: name in sample.names) / max(1, self.count())

    def is_share(self, name, percent):
        """Whether a function has that part of the samples, give or take five points; or what chance
        explains, where they are few: three standard deviations."""
        deviation = math.sqrt(percent * (100 - percent) / max(1, self.count()))
        return abs(self.share(name) - percent) <= max(5, 3 * deviation)

    def has(self, name):
        return any(name in sample.names for sample in self.samples)

    def frames(self, name):
        """All frames of functions of that name."""
        return [frame for sample in self.samples for frame in sample.frames if frame.name == name]

    def labels(self, name):
        """All values that a label has."""
        return {sample.labels.get(name) for sample in self.samples}

    def summary(self, limit=12):
        """The stacks with most samples, for the message of a test that failed."""
        heaviest = sorted(self.samples, key=lambda sample: -sample.count)[:limit]
        lines = [f"{s.count:6} {s.labels.get('comm')} {' < '.join(s.names[:8])}" for s in heaviest]
        return "\n".join([f"{self.count()} samples", *lines])
