#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debug information in all the ways in which it is stored and shipped: what we read of each is what
we read of the program as the compiler made it, and that is what llvm-symbolizer reads.

    compare_sources.py SYMBOL_TOOL FIXTURES COMPILER

Exits with 77 if a tool is missing that makes one of them.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import compare_symbols
from compare_symbols import run

TOOL, FIXTURES, COMPILER = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
NEEDED = [COMPILER, "llvm-symbolizer", "objcopy", "xz"]


def build(program, *flags):
    """Two files of the fixtures, as a program that nothing has changed yet."""
    run([COMPILER, "-O2", "-g", *flags, FIXTURES / "names.cc", FIXTURES / "sales.cc", "-o",
         program])
    return program


class Answers:
    """What we say of some addresses, by program and debug files."""

    def __init__(self, program):
        self.program = program
        self.addresses = compare_symbols.function_addresses(program)
        self.expected = self.of(program)

    def of(self, program, *others):
        symbols = program.with_suffix(".gsym")
        run([*compare_symbols.EMULATOR, TOOL, "build", program, symbols, *others])
        return compare_symbols.ask_us(TOOL, symbols, self.addresses)

    def differ(self, program, *others, only_names=False):
        answers = zip(self.expected, self.of(program, *others))
        if only_names:
            return [(e, a) for e, a in answers if [f for f, _ in a] != [f for f, _ in e[-1:]]]
        return [(e, a) for e, a in answers if e != a]

    def differ_from_llvm(self):
        theirs = compare_symbols.ask_symbolizer("llvm-symbolizer", self.program, None,
                                                self.addresses)
        return [(t, o) for t, o in zip(theirs, self.expected)
                if not compare_symbols.is_alike("symbolizer", o, t)]


def packed(program, kind):
    copy = program.with_name(f"packed_{kind}")
    run(["objcopy", f"--compress-debug-sections={kind}", program, copy])
    return copy


def stripped(program):
    """The program without what only debuggers need, and that."""
    debug, rest = program.with_name("separate.debug"), program.with_name("separate")
    run(["objcopy", "--only-keep-debug", program, debug])
    run(["objcopy", "--strip-all", f"--add-gnu-debuglink={debug}", program, rest])
    return rest, debug


def with_mini_debug_info(program):
    """As Fedora ships its programs: what .symtab has is packed into a section."""
    rest, mini = program.with_name("mini"), program.with_name("mini.symbols")
    run(["objcopy", "--strip-debug", "--remove-section=.comment", program, mini])
    run(["xz", "--force", mini])
    run(["objcopy", "--strip-all", f"--add-section=.gnu_debugdata={mini}.xz", program, rest])
    return rest


def compare_kinds(folder):
    """Yields what each kind is called, and where it differs."""
    for version in 2, 3, 4, 5:
        program = build(folder / f"dwarf{version}", f"-gdwarf-{version}")
        answers = Answers(program)
        yield f"DWARF {version}", answers.differ_from_llvm()
        for kind in "zlib", "zlib-gnu", "zstd":
            yield f"DWARF {version}, {kind}", answers.differ(packed(program, kind))
        rest, debug = stripped(program)
        yield f"DWARF {version}, separate", answers.differ(rest, f"debug={debug}")
        yield (f"DWARF {version}, separate and compressed",
               answers.differ(rest, f"debug={packed(debug, 'zstd')}"))
    yield "MiniDebugInfo", answers.differ(with_mini_debug_info(program), only_names=True)
    for name, flags in {"static": ["-static"], "not PIE": ["-no-pie"],
                        "of sections": ["-ffunction-sections", "-Wl,--gc-sections"]}.items():
        yield name, Answers(build(folder / name, *flags)).differ_from_llvm()


def main():
    missing = [tool for tool in NEEDED if not shutil.which(tool)]
    if missing:
        print(f"not installed: {', '.join(missing)}")
        sys.exit(77)
    n_failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, differences in compare_kinds(pathlib.Path(folder)):
            print(f"{name}: {len(differences) or 'none'} of {compare_symbols.ADDRESSES} differ")
            for expected, answer in differences[:3]:
                print(f"    expected {expected}\n    but it is {answer}")
            n_failed += len(differences) > 0
    sys.exit(n_failed > 0)


if __name__ == "__main__":
    main()
