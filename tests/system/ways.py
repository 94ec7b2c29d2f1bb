# SPDX-License-Identifier: Apache-2.0
"""Ways: programs whose stacks are known (tests/fixtures/ways), run in all their variants, and
judged sample by sample."""

import collections
import dataclasses
import functools
import os
import subprocess

from harness import FIXTURES, Skip, fixture
from pprof import MAX_LOST

STRAYS = 2

# Which part of a program's samples may be in the loader, or before and behind main().
MAX_ELSEWHERE = 0.02

# How a stack begins that has lost its callers.
CUT = "[truncated"

# A frame that is not of the program itself, or has no name.
OTHER = "(other)"

# The frames of each way, from the function that spends the time to main(), or to where a thread
# begins. What that function calls comes before them, and libc's way from the entry after.
PATHS = {
    "plain": ["spend", "go_inner", "go_middle", "way_plain", "main"],
    "recursion": ["spend", *["recurse"] * 400, "way_recursion", "main"],
    "large_frame": ["spend", "way_large_frame", "main"],
    "growing_frame": ["spend", "spend_growing", "way_growing_frame", "main"],
    "realigned_frame": ["spend", "spend_realigned", "spend_aligned", "way_realigned_frame", "main"],
    "alternate_stack": ["spend", "on_trap", OTHER, "trap", "way_alternate_stack", "main"],
    "vdso": ["way_vdso", "main"],
    "plt": ["way_plt", "main"],
    "system_call": ["way_system_call", "main"],
    "long_jump": ["way_long_jump", "main"],
    "opened_library": ["spend", "call_back", "way_opened_library", "main"],
    "thread": ["spend", "run_thread"],
    "vfork": ["spend", "spend_in_child", "way_vfork", "main"],
    "throws": ["way_throw", "main"],
}

# Whom those functions call which are the leaf, or between it and the way.
CALLEES = {
    "spend": {"burn", "way_is_on"},
    "burn": set(),
    "way_is_on": {"cpu_clock_is_before", OTHER},
    "way_vdso": {"read_clock", "way_is_on"},
    "read_clock": {OTHER},
    "way_plt": {"call_far", "way_is_on"},
    "call_far": {OTHER},
    "way_system_call": {"read_zeros", "way_is_on"},
    "read_zeros": {OTHER},
    "way_long_jump": {"jump_about", "way_is_on"},
    "jump_about": {"jump_deep", OTHER},
    "jump_deep": {"jump_back"},
    "jump_back": {OTHER},
    "way_throw": {"catch_many", "way_is_on"},
    "catch_many": {"throw_one", OTHER},
    "throw_one": {"throw_one", "guard", "~guard", OTHER},
}
OWN = set(CALLEES).union(*CALLEES.values(), *PATHS.values()) - {OTHER}

# From the entry of a process or thread to our first function: glibc's, and musl's, which has no
# unwind tables: its stacks end at what calls main().
ENTRIES = {"main": [[OTHER, OTHER, "_start"], [OTHER]], "run_thread": [[OTHER, OTHER]]}


def programs_of(name):
    """The paths of the built variants of a program."""
    found = sorted((FIXTURES / "ways").glob(name + "-*"))
    paths = [str(path) for path in found if not path.suffix]
    if not paths:
        raise Skip(f"no {name} in {FIXTURES}/ways was built")
    return paths


class Symbols:
    """The functions of a program: names may come late, and a stripped program has none."""

    def __init__(self, program):
        self._program = program
        twin = fixture("ways/ways-gcc-O2-nofp") if program.endswith("-stripped") else program
        head = subprocess.check_output(("readelf", "-lW", twin), text=True)
        starts = [line.split()[2] for line in head.splitlines() if line.split()[:1] == ["LOAD"]]
        self._start = int(starts[0], 16)
        names = subprocess.check_output(("nm", "-nC", "--defined-only", twin), text=True)
        symbols = [line.split(maxsplit=2) for line in names.splitlines()]
        self._symbols = [
            (int(at, 16) - self._start, name) for at, kind, name in symbols if kind in "tTwW"
        ]

    def name(self, frame):
        """The name of a frame, also of one that is called program+0x1234."""
        if frame.mapping.path != self._program or "+0x" not in frame.name:
            return frame.name
        place = int(frame.name.rpartition("+")[2], 16)
        place -= self._start if place >= self._start else 0  # else it is an offset in the file
        return next((name for at, name in reversed(self._symbols) if at <= place), "")


symbols_of = functools.cache(Symbols)


def words_of(sample, symbols):
    """The user half of a stack, leaf first, in the words of the tables above."""
    words = []
    for frame in sample.frames:
        if frame.mapping.path.startswith("[kernel"):
            continue
        name = symbols.name(frame)
        name = name.partition("(")[0] or name  # of C++: with its parameters
        is_word = name in OWN or name == "_start" or name.startswith(CUT)
        words.append(name if is_word else OTHER)
    return words


def is_loading(sample):
    """Whether all that is known of it is the loader's, which works before a program does."""
    return all(
        os.path.basename(frame.mapping.path).startswith(("ld-", "[kernel", CUT))
        for frame in sample.frames
    )


def fault_of(words, path):
    """What is wrong with a stack; "" if nothing is; None if it is not on the way."""
    if words[-1].startswith(CUT):
        return words[-1]
    if path[0] not in words:
        if "main" in words and path[-1] == "main" and path[-2] not in words:
            return f"{path[-2]} is missing"
        return f"{path[0]} is missing" if "burn" in words else None
    head = words.index(path[0])
    above = words[head:]
    if above[: len(path)] != path:
        return f"not the way: {' '.join(above[:12])}"
    entry = above[len(path) :]
    if entry not in ENTRIES[path[-1]]:
        return f"not the entry: {' '.join(entry)}"
    for callee, caller in zip(words, words[1 : head + 1]):
        if callee not in CALLEES.get(caller, {OTHER}):
            return f"{callee} is not called by {caller}"
    return ""


@dataclasses.dataclass
class Verdict:
    """What became of the samples of one program on its way."""

    program: str
    good: int = 0
    elsewhere: int = 0
    stray: str = ""  # a stack that is not on the way
    faults: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    @property
    def lost(self):
        return sum(self.faults.values())

    @property
    def count(self):
        return self.good + self.lost

    @property
    def is_known(self):
        """Its tables were there."""
        return self.good and not any("pending" in fault for fault in self.faults)

    @property
    def is_good(self):
        """Whether hardly any of its samples was lost; one of them is nearly the share that may be."""
        is_whole = self.lost <= max(STRAYS, MAX_LOST * self.count)
        is_there = self.elsewhere <= max(STRAYS, MAX_ELSEWHERE * self.good)
        return is_whole and is_there and self.good > 100

    def __str__(self):
        faults = "; ".join(f"{count} {fault}" for fault, count in self.faults.most_common(4))
        name = os.path.basename(self.program)
        elsewhere = f"{self.elsewhere} elsewhere ({self.stray})"
        return f"{name}: {self.good} good, {elsewhere}, {self.lost} lost: {faults}"


def judge(profile, way, program, comm):
    """The verdict on the samples of a program that was called @comm on that way."""
    symbols = symbols_of(program)
    path = PATHS[way]
    verdict = Verdict(program)
    for sample in profile.samples:
        if sample.labels["comm"] != comm:
            continue
        words = words_of(sample, symbols)
        if not words:
            continue  # it was being made another program, or ending
        fault = None if is_loading(sample) else fault_of(words, path)
        if fault is None:
            verdict.elsewhere += sample.count
            verdict.stray = " < ".join(sample.names[:6])
        elif fault:
            verdict.faults[fault] += sample.count
        else:
            verdict.good += sample.count
    return verdict
