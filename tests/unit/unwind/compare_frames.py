#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Unwind tables say what readelf says: at the first and at the last byte of each row of call frame
information, and nothing where there is no function.

    compare_frames.py [--seconds N] [--all] UNWIND_TOOL [FILE-OR-FOLDER…]

Compares the ELF files that are given, or found below the folders that are (/usr/bin and /usr/lib by
default): in a random, always equal order for so many seconds, or all of them. What a rule cannot
say is counted.
"""

import argparse
import collections
import mmap
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import time

SKIPPED = 77
ENTRY_BYTES = 128  # behind it, there may be code that we know by its bytes: nobody has called it
GAP_BYTES = 15  # shorter ones between functions are padding, for tables
# What runs our tool, when it was built for another machine than this one: Meson says so.
EMULATOR = os.environ.get("MESON_EXE_WRAPPER", "").split()
MACHINES = {62: "x86-64", 183: "arm64"}
X86_64_NAMES = "rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 ra".split()
FP_NAME = {"x86-64": "rbp", "arm64": "x29"}
ENTRY = re.compile(r"([0-9a-f]{8,}) [0-9a-f]{16} [0-9a-f]{8,} (CIE|FDE)(.*)")
REGISTER_NAME = re.compile(r" \(\w+\)")  # of a register that holds another one: r5 (rdi)
ADVANCE = re.compile(r"DW_CFA_(?:advance_loc\w*: \d+ to|set_loc:) ([0-9a-f]+)")
CFA_EXPRESSION = re.compile(r"DW_CFA_def_cfa_expression \((.*)\)$")
DEFINES_CFA = re.compile(r"DW_CFA_def_cfa(_sf|_register)?:")
FP_EXPRESSION = re.compile(r"DW_CFA_expression: r6 \(rbp\) \((.*)\)$")
DEFINES_FP = re.compile(r"DW_CFA_(offset|restore|same|undefined|register|val)\w*: r6 ")
PLT = re.compile(r"DW_OP_breg7 \(rsp\): 8; DW_OP_breg16 \(rip\): 0; DW_OP_lit15; DW_OP_and; "
                 r"DW_OP_lit(\d+); DW_OP_ge; DW_OP_lit3; DW_OP_shl; DW_OP_plus")
MEMORY = re.compile(r"DW_OP_breg(\d+) \(\w+\): (-?\d+); DW_OP_deref(?:; DW_OP_plus_uconst: (\d+))?")
AT_FP = re.compile(r"DW_OP_breg6 \(rbp\): (-?\d+)")
RA_AT_SP = re.compile(r"DW_CFA_expression: r30 \(x30\) \(DW_OP_breg31 \(sp\): (-?\d+)\)$")
DEFINES_RA = re.compile(r"DW_CFA_(offset|restore|same|undefined|register|val)\w*: r30 ")
PLACE = re.compile(r"(\w+)([+-]\d+)")

# What we say where Go's runtime leaves its stack, of which its .debug_frame knows nothing.
GO_KNOWS = ("anywhere:", "end", "saved", "signal", "unsupported", "*(r7+40)+8", "r1+8")

# How we say that a return address is that of a landing pad.
LANDS = "lands:"

# leaves: it is of a function that calls __builtin_eh_return, which alone saves rax, or x0.
Row = collections.namedtuple("Row", "start end cfa fp ra rbx leaves is_signal")


def machine_of(path):
    """Which machine a 64-bit little-endian executable or library is for, else None."""
    try:
        with open(path, "rb") as file:
            head = file.read(20)
    except OSError:
        return None
    if head[:6] != b"\x7fELF\x02\x01" or len(head) < 20:
        return None
    kind, machine = struct.unpack_from("<HH", head, 16)
    return MACHINES.get(machine) if kind in (2, 3) else None


def entry_of(path):
    """The address at which a program begins."""
    with open(path, "rb") as file:
        return struct.unpack_from("<Q", file.read(32), 24)[0]


def is_go(path):
    """Whether Go code is in the file."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b".go.buildinfo\0") >= 0


class Expressions:
    """By address: the expressions of the CFA, of the frame pointer and of the return address that
    hold from there on, in the form in which we say them, the last as a place by sp; "exp" for what
    we do not say. Readelf's rows do not show them."""

    def __init__(self, path):
        self.at = {}
        self.location = None
        self.cfa = self.fp = self.ra = "exp"
        self.remembered = []
        with subprocess.Popen(["readelf", "-wfN", path], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, errors="replace") as dump:
            for line in dump.stdout:
                self.read(line)

    def read(self, line):
        if match := re.search(r" (?:CIE|FDE .*pc=([0-9a-f]+))", line):
            self.cfa = self.fp = self.ra = "exp"
            self.remembered = []
            self.location = int(match.group(1), 16) if match.group(1) else None
        elif match := ADVANCE.search(line):
            self.location = int(match.group(1), 16)
        elif match := CFA_EXPRESSION.search(line):
            self.cfa = self.said_cfa(match.group(1))
        elif match := FP_EXPRESSION.search(line):
            place = AT_FP.fullmatch(match.group(1))
            self.fp = f"f{int(place[1]):+d}" if place else "exp"
        elif DEFINES_CFA.search(line):
            self.cfa = "exp"
        elif DEFINES_FP.search(line):
            self.fp = "exp"
        elif match := RA_AT_SP.search(line):
            self.ra = f"sp{int(match[1]):+d}"
        elif DEFINES_RA.search(line):
            self.ra = "exp"
        elif "DW_CFA_remember_state" in line:
            self.remembered.append((self.cfa, self.fp, self.ra))
        elif "DW_CFA_restore_state" in line and self.remembered:
            self.cfa, self.fp, self.ra = self.remembered.pop()
        if self.location is not None:
            self.at[self.location] = (self.cfa, self.fp, self.ra)

    @staticmethod
    def said_cfa(text):
        if match := PLT.fullmatch(text):
            return f"plt+{match[1]}"
        match = MEMORY.fullmatch(text)
        if match and match[1] in "67":
            off, add = int(match[2]), int(match[3] or 0)
            if off % 8 == add % 8 == 0 and add < 64:
                return f"*(r{match[1]}{off:+d}){add:+d}"
        return "exp"


class Frames:
    """What readelf says of one file: its rows, section by section, and its functions' ranges."""

    def __init__(self, path, machine):
        self.rows = []
        self.ranges = []
        self.fp_name = FP_NAME[machine]
        self.cies = {}
        self.columns = {}
        self.entry = None
        self.is_debug_frame = False
        self.loaded_starts = set()
        with subprocess.Popen(["readelf", "-wFN", path], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, errors="replace") as dump:
            self.read(dump.stdout)
        self.fill_in_expressions(path)

    def read(self, lines):
        for line in lines:
            if line.startswith("   LOC"):
                self.columns = {name: i for i, name in enumerate(line.split())}
            elif line.startswith("Contents of"):
                self.finish_entry()
                self.is_debug_frame = ".eh_frame" not in line
                self.cies = {}
            elif line == "\n":
                self.finish_entry()
            elif match := ENTRY.match(line):
                self.finish_entry()
                self.start_entry(match)
            elif self.entry:
                self.entry["rows"].append(REGISTER_NAME.sub("", line).split())
        self.finish_entry()

    def fill_in_expressions(self, path):
        if not any("exp" in row[2:5] for row in self.rows):
            return
        at = Expressions(path).at
        for i, row in enumerate(self.rows):
            if "exp" in row[2:5]:
                cfa, fp, ra = at.get(row.start, ("exp", "exp", "exp"))
                self.rows[i] = row._replace(cfa=cfa if row.cfa == "exp" else row.cfa,
                                            fp=fp if row.fp == "exp" else row.fp,
                                            ra=from_cfa(ra, row.cfa) if row.ra == "exp" else row.ra)

    def start_entry(self, match):
        offset, kind, text = match.groups()
        self.columns = {}
        self.entry = {"kind": kind, "offset": int(offset, 16), "text": text, "rows": []}

    def finish_entry(self):
        entry, self.entry = self.entry, None
        if not entry:
            return
        if entry["kind"] == "CIE":
            cells = entry["rows"][0] if entry["rows"] else ["0", "u", "u"]
            augmentation = re.search(r'"(.*?)"', entry["text"])
            self.cies[entry["offset"]] = {
                "is_signal": bool(augmentation) and "S" in augmentation.group(1),
                "initial": self.parts(cells) if entry["rows"] else ("rsp+8", "u", "u", "u", False),
            }
            return
        cie, start, end = (int(number, 16) for number in re.search(
            r"cie=([0-9a-f]+) pc=([0-9a-f]+)\.\.([0-9a-f]+)", entry["text"]).groups())
        self.add_function(entry, self.cies.get(cie), start, end)

    def add_function(self, entry, cie, start, end):
        if start >= end or not cie or self.is_debug_frame and start in self.loaded_starts | {0}:
            return
        if not self.is_debug_frame:
            self.loaded_starts.add(start)
        self.ranges.append((start, end))
        rows = [(int(cells[0], 16), self.parts(cells)) for cells in entry["rows"]]
        if not rows or rows[0][0] != start:
            rows.insert(0, (start, cie["initial"]))
        ends = [row[0] for row in rows[1:]] + [end]
        for (row_start, parts), row_end in zip(rows, ends):
            if row_start < min(row_end, end):
                self.rows.append(Row(row_start, min(row_end, end), *parts, cie["is_signal"]))

    def parts(self, cells):
        """CFA, frame pointer, return address and rbx of a row, and whether it may leave for a landing
        pad; for a jump, the register that has the stack pointer is in the place of the CFA."""
        columns = self.columns
        fp = columns.get(self.fp_name)
        ra = columns.get("ra", columns.get("x30"))
        sp = cells[columns["rsp"]] if "rsp" in columns else "u"
        cfa = f"jump:{sp}" if sp.startswith("r") else cells[1]
        rbx = columns.get("rbx")
        first = columns.get("rax", columns.get("x0"))
        return (cfa, cells[fp] if fp else "u", cells[ra] if ra else "u", cells[rbx] if rbx else "u",
                bool(first) and cells[first].startswith("c"))


def from_cfa(place, cfa):
    """A place by sp, by the CFA, if that is known by sp as well."""
    at, top = PLACE.fullmatch(place), PLACE.fullmatch(cfa)
    return f"c{int(at[2]) - int(top[2]):+d}" if at and top and top[1] == "sp" else place


def register_number(name, machine):
    if machine == "arm64":
        return {"sp": 31}.get(name) or int(name.lstrip("rx"))  # r15 (x15), says readelf of vfork
    return X86_64_NAMES.index(name) if name in X86_64_NAMES else int(name.removeprefix("r"))


def fits(number, bits):
    return -(1 << (bits - 1)) <= number < 1 << (bits - 1)


class Judge:
    """Is what we say what readelf says? Remembers what it was asked."""

    def __init__(self, machine, has_go):
        self.machine = machine
        self.has_go = has_go
        self.verdicts = {}

    def verdict(self, row, ours):
        """One of: "same"; "lost" for what the rule says it cannot say; "better" where Go's runtime, or
        libgcc on its way to a landing pad, does what its tables do not tell; else "wrong"."""
        key = (*row[2:], ours)
        if key not in self.verdicts:
            self.verdicts[key] = self.judge(row, ours)
        return self.verdicts[key]

    def judge(self, row, ours):
        if self.has_go and ours.startswith(GO_KNOWS):
            return "better"
        if row.leaves and ours == "landing":
            return "better"
        if row.is_signal:
            return {"signal": "same", "unsupported": "lost"}.get(ours, "wrong")
        if row.ra == "u" and (ours == "end" or self.machine == "x86-64"):
            return "same" if ours == "end" else "wrong"
        if ours == "unsupported":
            return "wrong" if self.can_be_said(row) else "lost"
        if len(ours.split()) != 4:
            return "wrong"
        judges = [self.judge_cfa, self.judge_fp, self.judge_ra, self.judge_rbx]
        if row.leaves and LANDS in ours:  # rbx is that of the landing pad already
            ours = ours.replace(LANDS, "")
            judges.remove(self.judge_rbx)
        verdicts = {judge(theirs, our_part) for judge, theirs, our_part in zip(
            judges, row[2:6], ours.split())}
        return next(word for word in ("wrong", "lost", "same") if word in verdicts)

    def can_be_said(self, row):
        cfa, ra = PLACE.fullmatch(row.cfa), PLACE.fullmatch(row.ra)
        if not cfa:
            return row.cfa != "exp" and row.ra == "c-8"
        if not fits(int(cfa[2]), 32):
            return False
        if self.machine == "x86-64":
            return row.ra == "c-8"
        # A return address in a register leaves no room for the one of the CFA.
        return fits(int(ra[2]), 16) if ra else cfa[1] in ("sp", "x29") and row.ra in ("s", "u")

    def judge_cfa(self, theirs, ours):
        place = PLACE.fullmatch(theirs)
        if not place or place[1] == "plt":
            return "same" if ours == theirs else "wrong"
        number = register_number(place[1], self.machine)
        return "same" if ours == f"r{number}{int(place[2]):+d}" else "wrong"

    def judge_fp(self, theirs, ours):
        if theirs in ("s", "u"):
            is_go = self.has_go and ours == "c-16"  # where Go has it, but does not say so
            return "same" if ours in ("s", "u") or is_go else "wrong"
        if ours == "u":
            place = PLACE.fullmatch(theirs)
            is_sayable = place and fits(int(place[2]), 16) and self.machine == "x86-64"
            return "wrong" if is_sayable and place[1] == "c" else "lost"
        return "same" if theirs == ours else "wrong"

    def judge_ra(self, theirs, ours):
        if self.machine == "arm64" and theirs in ("s", "u"):
            return "same" if ours == "r30" else "wrong"
        if PLACE.fullmatch(theirs):
            return "same" if theirs == ours else "wrong"
        if theirs == "exp":
            return "wrong"
        return "same" if ours == f"r{register_number(theirs, self.machine)}" else "wrong"


    def judge_rbx(self, theirs, ours):
        if ours in ("-", "s") and theirs in ("s", "u"):
            return "same"
        place = PLACE.fullmatch(theirs)
        is_sayable = place and place[1] == "c" and -31 * 8 < int(place[2]) < 0
        if is_sayable and ours != "-":
            return "same" if theirs == ours else "wrong"
        return "same" if ours in ("-", "u") else "wrong"  # no loss: it is rarely needed


def gaps(ranges):
    """An address in each gap between functions that is no padding."""
    last_end = None
    for start, end in sorted(ranges):
        if last_end is not None and start - last_end > GAP_BYTES:
            yield last_end + (start - last_end) // 2
        last_end = max(end, last_end or 0)


def overlapping(ranges):
    """Those that share code with another one: which of them is right is nobody's to say."""
    ordered = sorted(set(ranges))
    result = set()
    widest = ordered[0] if ordered else None
    for this in ordered[1:]:
        if this[0] < widest[1]:
            result.update((this, widest))
        widest = max(widest, this, key=lambda a_range: a_range[1])
    return result


def look_up(tool, path, addresses):
    run = subprocess.run([*EMULATOR, tool, "find", path], input="\n".join(f"{a:x}" for a in addresses),
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        raise RuntimeError(run.stderr.strip())
    return run.stdout.split("\n")


def compare(tool, path, machine, totals):
    """Adds to totals; returns what is wrong, as text."""
    frames = Frames(path, machine)
    if not frames.rows:
        return []
    has_go = is_go(path)
    in_gaps = [] if has_go else list(gaps(frames.ranges))
    addresses = [a for row in frames.rows for a in (row.start, row.end - 1)]
    said = look_up(tool, path, addresses + in_gaps)
    judge = Judge(machine, has_go)
    shared = overlapping(frames.ranges)
    wrong = []
    for i, row in enumerate(frames.rows):
        for address, ours in ((row.start, said[2 * i]), (row.end - 1, said[2 * i + 1])):
            verdict = "outside" if ours == "outside" else judge.verdict(row, ours)
            if verdict == "wrong" and any(s <= address < e for s, e in shared):
                verdict = "overlap"
            totals[verdict] += 1
            if verdict == "wrong":
                wrong.append(f"{path}: {address:#x} is {ours}, not {' '.join(row[2:6])}")
    for address, ours in zip(in_gaps, said[len(addresses):]):
        totals["gap"] += 1
        is_entry = ours == "end" and 0 <= address - entry_of(path) < ENTRY_BYTES
        if ours not in ("none", "outside") and not is_entry:
            wrong.append(f"{path}: {address:#x} is {ours}, but in no function")
    totals["rows"] += len(frames.rows)
    totals["files"] += 1
    return wrong


def find_files(places):
    """The ELF files, each once, in a random but always equal order."""
    found = {}
    for place in map(pathlib.Path, places):
        walk = os.walk(place) if place.is_dir() else [(place.parent, [], [place.name])]
        for folder, _, names in walk:
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not os.path.islink(path) and machine_of(path):
                    found[os.stat(path).st_ino] = path
    paths = sorted(found.values())
    random.Random(1).shuffle(paths)
    return paths


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("places", nargs="*", default=["/usr/bin", "/usr/lib"])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    if not shutil.which("readelf"):
        print("there is no readelf here")
        return SKIPPED

    paths = find_files(options.places)
    deadline = time.monotonic() + options.seconds
    totals = collections.Counter()
    wrong = []
    for path in paths:
        is_late = time.monotonic() > deadline and totals["files"]
        if not options.all and (is_late or os.path.getsize(path) > 8 << 20):
            continue
        try:
            wrong += compare(options.tool, path, machine_of(path), totals)
        except RuntimeError as error:
            wrong.append(f"{path}: {error}")
    print(", ".join(f"{number} {name}" for name, number in sorted(totals.items())))
    print("\n".join(wrong[:100]))
    return 1 if wrong or not totals["rows"] else 0


if __name__ == "__main__":
    sys.exit(main())
