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
import re
import shutil
import subprocess
import sys
import tempfile

import abbreviations
import compare_symbols
from compare_symbols import run

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import rust_source

TOOL, FIXTURES = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
COMPILER = sys.argv[3]
# What makes packages. That of binutils crashes on DWARF 5.
PACKERS = {4: ["dwp", "llvm-dwp"], 5: ["llvm-dwp"]}
# Of clang's DWARF 5 it says that it does not know all sections.
DWZ_VERSIONS = [4, 5] if COMPILER == "g++" else [4]
OTHER_BUILDS = {
    "static": ["-static"],
    "not PIE": ["-no-pie"],
    "of sections": ["-ffunction-sections", "-Wl,--gc-sections"],
    "not optimized": ["-O0"],
    "lines alone": ["-g1"],
    "types apart": ["-gdwarf-5", "-fdebug-types-section"],
    "types apart before DWARF 5": ["-gdwarf-4", "-fdebug-types-section"],
    "64-bit DWARF": ["-gdwarf-5", "-gdwarf64"],
}
# Of the program that the benchmark takes: each takes a second to compile.
N_RUST_PIECES = 3
NEEDED = [COMPILER, "llvm-symbolizer", "objcopy", "xz", "dwz", "dwp", "llvm-dwp"]


@contextlib.contextmanager
def working_in(folder):
    """Relative paths count from there: those that debug information tells, too."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def build(program, *flags):
    """Two files of the fixtures, as a program that nothing has changed yet."""
    run([COMPILER, "-O2", "-g", *flags, FIXTURES / "names.cc", FIXTURES / "sales.cc", "-o",
         program])
    return program


def build_split(program, version):
    """The same, whose entries are in other files. Returns those, too."""
    objects = [program.with_name(f"{program.name}_{name}.o") for name in ("names", "sales")]
    for name, path in zip(("names", "sales"), objects):
        run([COMPILER, "-c", "-O2", "-g", f"-gdwarf-{version}", "-gsplit-dwarf",
             FIXTURES / f"{name}.cc", "-o", path])
    run([COMPILER, *objects, "-o", program])
    return [path.with_suffix(".dwo") for path in objects]


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
        aliases = compare_symbols.Aliases(self.program)
        theirs = compare_symbols.ask_symbolizer("llvm-symbolizer", self.program, None,
                                                self.addresses)
        return [(t, o) for t, o in zip(theirs, self.expected)
                if not compare_symbols.is_alike("symbolizer", o, t, aliases)]


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


def missing(program, *others):
    """What we say of files that are named, but not there."""
    return run([*compare_symbols.EMULATOR, TOOL, "missing", program, *others]).splitlines()


def compare_split(folder, version):
    program = folder / f"split{version}"
    objects = build_split(program, version)
    arguments = [f"object={path}" for path in objects]
    # The code is the same, and llvm-symbolizer reads no more than the first object.
    answers = Answers(build(folder / f"unsplit{version}", f"-gdwarf-{version}"))
    yield f"DWARF {version}, objects", answers.differ(program, *arguments)
    yield (f"DWARF {version}, objects in the other order",
           answers.differ(program, *reversed(arguments)))
    expected = ["package ", *(f"object {path.resolve()}" for path in objects)]
    yield (f"DWARF {version}, names of objects",
           [] if missing(program) == expected else [(expected, missing(program))])
    yield (f"DWARF {version}, names of objects that are there",
           [([], line) for line in missing(program, *arguments)])
    for path in objects:
        abbreviations.put_units_first(path)
    for tool in PACKERS[version]:
        package = program.with_name(f"{program.name}_{tool}.dwp")
        run([tool, "-e", program, "-o", package])
        yield f"DWARF {version}, package by {tool}", answers.differ(program, f"package={package}")


def compare_dwz(folder):
    """Two programs that share what dwz took out of both; one, of which it made parts."""
    for version in DWZ_VERSIONS:
        program = build(folder / f"dwz{version}", f"-gdwarf-{version}")
        answers = Answers(program)
        alone, shares, other = (program.with_name(f"{program.name}_{name}")
                                for name in ("alone", "shares", "other"))
        for copy in alone, shares, other:
            shutil.copy(program, copy)
        alternate = program.with_suffix(".alternate")
        run(["dwz", alone])
        yield f"DWARF {version}, dwz", answers.differ(alone)
        # Units refer to others: none can be given back.
        yield f"DWARF {version}, dwz and compressed", answers.differ(packed(alone, "zlib"))
        run(["dwz", "-m", alternate, shares, other])
        yield (f"DWARF {version}, dwz with an alternate",
               answers.differ(shares, f"alternate={alternate}"))
        yield (f"DWARF {version}, dwz with an alternate, compressed",
               answers.differ(packed(shares, "zstd"), f"alternate={packed(alternate, 'zlib')}"))
        expected = [f"alternate {alternate}"]
        yield (f"DWARF {version}, name of the alternate",
               [] if missing(shares) == expected else [(expected, missing(shares))])


def compare_relocatable(folder):
    """An object, as modules of the kernel are, and what the linker makes of it at the same place."""
    for version in 4, 5:
        module, program = folder / f"module{version}.o", folder / f"module{version}"
        run([COMPILER, "-c", "-O2", "-g", f"-gdwarf-{version}", "-ffunction-sections",
             FIXTURES / "names.cc", "-o", module])
        code = re.findall(r"\] (\S+) +PROGBITS .* AXG? ", run(["readelf", "-SW", module]))
        script = program.with_suffix(".ld")
        script.write_text("SECTIONS {\n. = 0x100000;\n" +
                          "".join(f"{name} : {{ *({name}) }}\n" for name in code) + "}\n",
                          encoding="utf-8")
        run(["ld", "--no-warn-rwx-segments", "--unresolved-symbols=ignore-all", "-T", script,
             module, "-o", program])
        answers = Answers(program)
        yield f"DWARF {version}, linked by a script", answers.differ_from_llvm()
        yield f"DWARF {version}, relocatable", answers.differ(module)
        yield f"DWARF {version}, relocatable and compressed", answers.differ(packed(module, "zstd"))


def compare_rust(folder):
    """Functions lie in namespaces and types there; the standard library is linked in, too."""
    program = folder / "nested"
    for name, flags in {"Rust": [], "Rust, across units": ["-Clto=fat"],
                        "Rust, not optimized": ["-Copt-level=0"]}.items():
        run([COMPILER, "-g", "-Copt-level=2", *flags, FIXTURES / "nested.rs", "-o", program])
        yield name, Answers(program).differ_from_llvm()
    source, program = folder / "pieces.rs", folder / "pieces"
    source.write_text(rust_source.generate(N_RUST_PIECES), encoding="ascii")
    run([COMPILER, "-O", "-g", "--cap-lints=allow", source, "-o", program])
    yield "Rust, generic code", Answers(program).differ_from_llvm()


def compare_kinds(folder):
    """Yields what each kind is called, and where it differs."""
    if COMPILER.endswith("rustc"):
        yield from compare_rust(folder)
        return
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
        if version >= 4:
            yield from compare_split(folder, version)
    yield from compare_dwz(folder)
    yield from compare_relocatable(folder)
    yield "MiniDebugInfo", answers.differ(with_mini_debug_info(program), only_names=True)
    if COMPILER == "g++": # clang would need a linker that is not everywhere
        yield "across units", Answers(build(folder / "lto", "-flto")).differ_from_llvm()
    for name, flags in OTHER_BUILDS.items():
        yield name, Answers(build(folder / name.replace(" ", "_"), *flags)).differ_from_llvm()


def main():
    missing = [tool for tool in NEEDED if not shutil.which(tool)]
    if missing:
        print(f"not installed: {', '.join(missing)}")
        sys.exit(77)
    n_failed = 0
    with tempfile.TemporaryDirectory() as folder, working_in(folder):
        for name, differences in compare_kinds(pathlib.Path()):
            print(f"{name}: {len(differences) or 'none'} of {compare_symbols.ADDRESSES} differ")
            for expected, answer in differences[:3]:
                print(f"    expected {expected}\n    but it is {answer}")
            n_failed += len(differences) > 0
    sys.exit(n_failed > 0)


if __name__ == "__main__":
    main()
