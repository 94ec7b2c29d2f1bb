#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what we answer with what LLVM's tools answer, for random addresses of functions.

    compare_symbols.py symbolizer SYMBOL_TOOL ELF...   llvm-symbolizer reads the ELF file
    compare_symbols.py gsymutil SYMBOL_TOOL ELF...     llvm-gsymutil reads our symbol file

Answers that differ are counted by the reason; what has none must not be more than one in a thousand.
The environment may ask for another number of ADDRESSES. Exits with 77 if the tool is not installed.
"""

import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

ADDRESSES = int(os.environ.get("ADDRESSES", "2000"))
# What runs our tool, when it was built for another machine than this one: Meson says so.
EMULATOR = os.environ.get("MESON_EXE_WRAPPER", "").split()
TOOL_NAMES = {
    "symbolizer": ["llvm-symbolizer", "llvm-symbolizer-14"],
    "gsymutil": ["llvm-gsymutil", "llvm-gsymutil-14"],
}
# What of a file may differ for no reason that is known.
ALLOWED = {"symbolizer": 0.001, "gsymutil": 0}


def run(command, text=None):
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True,
                          encoding="utf-8", errors="replace").stdout


def find_tool(kind):
    for name in TOOL_NAMES[kind]:
        path = shutil.which(name)
        if path:
            return path
    print(f"{TOOL_NAMES[kind][0]} is not installed", file=sys.stderr)
    sys.exit(77)


def function_addresses(elf):
    """Random addresses inside of functions that have a size, always the same ones."""
    ranges = []
    for line in run(["nm", "-S", "--defined-only", elf]).splitlines():
        match = re.match(r"([0-9a-f]+) ([0-9a-f]+) [tTwW] ", line)
        if match and int(match.group(2), 16):
            ranges.append((int(match.group(1), 16), int(match.group(2), 16)))
    choose = random.Random(1)
    if not ranges:
        sys.exit(f"{elf} has no symbols to choose from")
    starts = choose.choices(ranges, weights=[size for _, size in ranges], k=ADDRESSES)
    return sorted(start + choose.randrange(size) for start, size in starts)


def clean(name):
    """Without the suffixes that compilers add to clones."""
    return re.sub(r"(\.(isra|constprop|part|cold|lto_priv|llvm|\d+)(\.\d+)*)+$", "", name)


def parse_blocks(text):
    """Each block of line pairs, ended by an empty line, is a list of (function, file:line)."""
    answers = []
    for block in text.split("\n\n"):
        lines = block.strip("\n").split("\n")
        # Without a line, one tells the unit's file, and another none.
        frames = [(clean(function), re.sub(r"^.*:0$", "?", place))
                  for function, place in zip(lines[::2], lines[1::2])]
        answers.append([frame for frame in frames if frame[0] != "??"])
    return answers


def ask_us(tool, symbols, addresses):
    text = run([*EMULATOR, tool, "find", symbols], "".join(f"{a:#x}\n" for a in addresses))
    return parse_blocks(text)[:len(addresses)]


def ask_symbolizer(symbolizer, elf, _symbols, addresses):
    text = run([symbolizer, "--inlines", "--functions=linkage", "--no-demangle", "-e", elf],
               "".join(f"{a:#x}\n" for a in addresses))
    text = re.sub(r"^(.*:\d+):\d+$", r"\1", text, flags=re.MULTILINE)
    return parse_blocks(text)[:len(addresses)]


def ask_gsymutil(gsymutil, _elf, symbols, addresses):
    """Its answers look like "0x1: inner + 3 @ /dir/file:7 [inlined]", one line a frame."""
    text = run([gsymutil, "--addresses-from-stdin"],
               "".join(f"{a:#x} {symbols}\n" for a in addresses))
    answers = []
    for line in text.splitlines():
        match = re.match(r"(0x[0-9a-f]+: |\s+)(\S.*?)( \+ \d+)?( @ (.*?))?( \[inlined\])?$", line)
        if not match:
            continue
        if match.group(1).startswith("0x"):
            answers.append([])
        if not match.group(2).startswith("error:"):
            place = re.sub(r"^.*:0$", "?", match.group(5) or "?")
            answers[-1].append((clean(match.group(2)), place))
    return answers


ASK = {"symbolizer": ask_symbolizer, "gsymutil": ask_gsymutil}


def places(frames):
    return [place for _, place in frames]


class Aliases:
    """Which names the symbols of a file have in common, by where they start."""

    def __init__(self, elf):
        self.starts = collections.defaultdict(set)
        self.labels = set()
        for line in run(["nm", "-P", "--defined-only", elf]).splitlines():
            name, _, start, size = (line.split(" ") + ["", ""])[:4]
            name = clean(name.partition("@")[0])
            self.starts[name].add(start)
            if not size.strip("0"):
                self.labels.add(name)

    def classify(self, our, their):
        """Why two names of the same code differ, or None."""
        our, their = our.partition("@")[0], their.partition("@")[0]
        if our == their:
            return "a version"
        if self.starts[our] & self.starts[their]:
            return "an alias"
        if {our, their} & self.labels:
            return "a label in a function"
        return None


def once(place):
    """LLVM puts a relative directory in front of itself: DWARF 5 has it twice."""
    return re.sub(r"^(\.[^:]*?)/\1/", r"\1/", place)


def is_in_no_unit(ours, theirs):
    """LLVM looks for lines by way of the unit that has the address; a function that a compiler made
    may be in the lines, and in none of the ranges, of its unit."""
    return len(ours) == len(theirs) == 1 and theirs == [(ours[0][0], "?")]


def classify(kind, ours, theirs, aliases):
    """Why two answers differ: "" if they are the same, None if there is no good reason."""
    if ours == theirs:
        return ""
    if kind == "gsymutil" or not ours or not theirs:
        return None
    if is_in_no_unit(ours, theirs):
        return "in no unit"
    if [name for name, _ in ours[:-1]] != [name for name, _ in theirs[:-1]]:
        return None
    if places(ours) != places(theirs):
        if places(ours) != [once(place) for place in places(theirs)]:
            return None
        if ours[-1][0] == theirs[-1][0]:
            return "a directory twice"
    return aliases.classify(ours[-1][0], theirs[-1][0])


def is_alike(kind, ours, theirs, aliases):
    return classify(kind, ours, theirs, aliases) is not None


def compare(kind, other, tool, elf):
    with tempfile.TemporaryDirectory() as folder:
        symbols = os.path.join(folder, "symbols.gsym")
        report = run([*EMULATOR, tool, "build", elf, symbols]).strip()
        addresses = function_addresses(elf)
        ours = ask_us(tool, symbols, addresses)
        theirs = ASK[kind](other, elf, symbols, addresses)
    assert len(ours) == len(theirs) == len(addresses), (len(ours), len(theirs))
    aliases = Aliases(elf)
    classes = [classify(kind, o, t, aliases) for o, t in zip(ours, theirs)]
    counts = collections.Counter(classes)
    print(f"{elf}: {report}\n  of {len(addresses)} the same: {counts.pop('', 0)}",
          *(f"{reason or 'without a reason'}: {n}" for reason, n in counts.most_common()), sep=", ")
    different = [case for case, reason in zip(zip(addresses, ours, theirs), classes)
                 if reason is None]
    for address, our, their in different[:5]:
        print(f"  {address:#x}\n    we:   {our}\n    they: {their}")
    return len(different) <= ALLOWED[kind] * len(addresses)


def main():
    kind, tool, elfs = sys.argv[1], sys.argv[2], sys.argv[3:]
    other = find_tool(kind)
    sys.exit(not all([compare(kind, other, tool, elf) for elf in elfs]))


if __name__ == "__main__":
    main()
