#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The unwinder's steps say what others say of the same registers and the same memory: gdb, wherever
a program is stopped, and the calls that it was seen to make, at each of its instructions."""

import bisect
import collections
import json
import os
import re
import shutil
import subprocess

from harness import FIXTURES, SOURCES, Skip, fixture, main, test
from runtimes import cpp_program, go_program, rust_program

ORACLE = FIXTURES.parent / "oracle"
IN_GDB = SOURCES / "oracle/in_gdb.py"
LIBRARY = "ways/ways-library.so"
SECONDS = "1000"  # of CPU time: longer than any of these runs
PATIENCE_SECONDS = 100

# What compilers and libc put around a program comes without call frame information: these run once,
# at its start and at its end, some forty instructions in all.
OF_NOBODY = {
    *("_init", "_fini", "frame_dummy", "register_tm_clones", "deregister_tm_clones"),
    "__do_global_dtors_aux",
}

# Where a program begins, which gdb does not know if nothing says so.
ENTRIES = {"_start", "_dl_start_user"}

# These write the registers of a landing pad over those that they have saved, before they leave for
# it: their tables, which is all that gdb goes by, are then wrong.
LEAVING = {"_Unwind_RaiseException", "_Unwind_Resume"}

# Where gdb may guess: there, and while a library is just being loaded.
GUESSES = ENTRIES | OF_NOBODY | LEAVING | {"a library that is not known yet"}

# gcc's tables err in the last two instructions of a frame that was aligned anew and grew: they tell
# where the frame pointer was, relative to what it was before.
ERR_OF_GCC = ("spend_realigned", "its frame pointer is another")

# Each way in a variant; all of them are in tests/system/test_ways.py.
MOMENTS = {
    "plain": "gcc-O0-fp",
    "recursion": "clang-O1-nofp",
    "large_frame": "gcc-O3-nofp",
    "growing_frame": "clang-O2-nofp",
    "realigned_frame": "gcc-O1-nofp",
    "alternate_stack": "stripped",
    "vdso": "static-pie",
    "plt": "plt-sec",
    "system_call": "debug-frame",
    "long_jump": "gcc-O2-nofp",
    "opened_library": "clang-O3-nofp",
    "thread": "static",
}

# From a function on: the first calls bind symbols, a signal strikes, frames are made and left.
REGIONS = [
    ("plt-sec", "plt", "way_plt", 900),
    ("gcc-O2-nofp", "alternate_stack", "on_trap", 700),
    ("clang-O0-fp", "long_jump", "jump_back", 400),
    ("clang-O3-nofp", "realigned_frame", "way_realigned_frame", 300),
    ("debug-frame", "vdso", "read_clock", 500),
]

# From the first instruction on, of the loader or the program, to the end or so many steps.
RUNS = [
    ("no-tables", "plain", "0"),
    ("plt-sec", "vdso", SECONDS),
    ("static", "recursion", "0"),
    ("static-pie", "realigned_frame", "0"),
]
MAX_STEPS = 120000

PYTHON = "while True: sum(map(lambda n: n * n, sorted(range(100))))"
PERL = "while (1) { $_ = join ',', sort map { $_ * 3 } 1 .. 99; s/1/2/g; select $x, $x, $x, 1e-3 }"
NODE = "const f = n => n < 2 ? n : f(n - 1) + f(n - 2); for (;;) [1, 2].sort(() => f(9))"


def tool(name):
    path = ORACLE / name
    if not path.exists():
        raise Skip(f"{path} was not built: it is for x86-64")
    return str(path)


def ask_gdb(command, **task):
    """What gdb and our unwinder say of a program: see in_gdb.py."""
    if not shutil.which("gdb"):
        raise Skip("gdb is missing")
    task["walker"] = tool("walk_stopped")
    gdb = ("gdb", "-nx", "-batch", "-ex", f"python TASK = {task}", "-x", IN_GDB, "--args", *command)
    environment = {**os.environ, "SHELL": "/bin/sh", "LC_ALL": "C"}
    run = subprocess.run(
        gdb, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS, env=environment
    )
    answers = [line for line in run.stdout.splitlines() if line.startswith("{")]
    assert answers, f"{command}: {run.stdout[-300:]} {run.stderr[-600:]}"
    return json.loads(answers[-1])


def way_of(variant, way, seconds=SECONDS):
    return (fixture(f"ways/ways-{variant}"), way, seconds, way[:12], fixture(LIBRARY))


# Where a stack ends for Go, and for gdb does not, or goes on to a goroutine's; or gdb is astray.
GO_SWITCHES = (
    r"_rt0_\w+|runtime\W(clone|goexit|mcall|morestack|mstart|rt0_go|systemstack)\b|"
    "a caller that is no code"
)


class Totals:
    """Of what was asked: gdb and we disagree nowhere, and where gdb guesses it is said."""

    def __init__(self):
        self.counts = collections.Counter()
        self.unjudged = collections.Counter()

    def add(self, what, answer, n_stops):
        assert not answer["faults"], f"{what}: {answer['faults']}"
        assert answer["stops"] >= n_stops, f"{what}: just {answer['stops']} stops"
        self.unjudged.update(answer["unjudged"])
        self.counts.update({name: answer[name] for name in ("stops", "frames")})

    def end(self, others=None):
        """Where gdb may guess, too, is a pattern."""
        stops, frames = self.counts["stops"], self.counts["frames"]
        guesses = ", ".join(f"{n} at {place}" for place, n in self.unjudged.items())
        print(f"{stops} stacks, {frames} frames agree; gdb guesses on from {guesses or 'nowhere'}")
        places = {place.partition(":")[2] for place in self.unjudged}
        places -= {place for place in places if others and re.match(others, place)}
        assert places <= GUESSES, self.unjudged


@test
def gdb_says_the_same_at_any_moment_of_a_known_way():
    totals = Totals()
    for way, variant in MOMENTS.items():
        answer = ask_gdb(way_of(variant, way), stops=25, delay_us=3000, seed=len(way))
        totals.add(f"{variant} {way}", answer, 25)
    throws = (fixture("ways/throws-gcc-O2-nofp"), "throws", SECONDS, "throws")
    totals.add("throws", ask_gdb(throws, stops=25, delay_us=3000, seed=7), 25)
    totals.end()


@test
def gdb_says_the_same_at_any_moment_of_an_interpreter():
    totals = Totals()
    python = ("/usr/bin/python3", "-c", PYTHON)
    totals.add("python3", ask_gdb(python, stops=60, delay_us=9000, seed=1), 60)
    perl = ("/usr/bin/perl", "-e", PERL)
    totals.add("perl", ask_gdb(perl, stops=60, delay_us=3000, seed=2), 60)
    totals.end()


@test
def gdb_says_the_same_of_the_threads_of_node_as_far_as_it_knows():
    """Its own code in assembler, and what it compiles, have no tables."""
    totals = Totals()
    if not os.path.exists("/usr/bin/node"):
        raise Skip("there is no /usr/bin/node")
    node = ask_gdb(("/usr/bin/node", "-e", NODE), stops=12, delay_us=30000, seed=3)
    totals.add("node", node, 12)
    totals.end(".*")


def gdb_says_the_same_of(name, program, n_stops, **task):
    """Of each thread of a program that runs on and on."""
    totals = Totals()
    with program as path:
        answer = ask_gdb((path, SECONDS), stops=n_stops, delay_us=9000, seed=4, **task)
    totals.add(name, answer, n_stops)
    totals.end(task.get("switches"))


@test
def gdb_says_the_same_at_any_moment_of_a_program_in_cpp():
    gdb_says_the_same_of("C++", cpp_program(), 40)


@test
def gdb_says_the_same_at_any_moment_of_a_program_in_rust():
    gdb_says_the_same_of("Rust", rust_program(), 40)


@test
def gdb_says_the_same_at_any_moment_of_a_program_in_go():
    gdb_says_the_same_of("Go", go_program(), 40, switches=GO_SWITCHES)


@test
def gdb_says_the_same_at_each_instruction():
    totals = Totals()
    for variant, way, function, n_steps in REGIONS:
        answer = ask_gdb(way_of(variant, way), function=function, steps=n_steps)
        totals.add(f"{variant} {way}", answer, n_steps)
    totals.end()


def functions_of(program):
    """[(offset in the file, name)] of a program, sorted: its code follows one segment as in memory."""
    head = subprocess.check_output(("readelf", "-lW", program), text=True)
    segments = [line.split() for line in head.splitlines() if line.split()[:1] == ["LOAD"]]
    off, start = next((int(s[1], 16), int(s[2], 16)) for s in segments if "E" in s[6:-1])
    names = subprocess.check_output(("nm", "--defined-only", program), text=True)
    found = (line.split() for line in names.splitlines())
    return sorted((int(at, 16) - start + off, name) for at, kind, name in found if kind in "tT")


def faults_of(command, max_steps=MAX_STEPS):
    """How many steps a run had, and how its walks were wrong, but in code that is of nobody."""
    # Meson has malloc fill what it gives, and a step that fills is a step of the program.
    run = subprocess.run((tool("walk_stepped"), str(max_steps), *command), capture_output=True,
                         text=True, check=True, timeout=PATIENCE_SECONDS,
                         env={**os.environ, "MALLOC_PERTURB_": "0"})
    head, *lines = run.stdout.splitlines()
    functions = {}
    faults = []
    for line in lines:
        path, off, what = re.fullmatch(r"\d+ (\S+)\+0x([0-9a-f]+): (.*) \(.*", line).groups()
        functions.setdefault(path, functions_of(path))
        i = bisect.bisect(functions[path], (int(off, 16), "~")) - 1
        name = functions[path][i][1] if i >= 0 else "?"
        if name not in OF_NOBODY and (name, what) != ERR_OF_GCC:
            faults.append(f"{line} in {name}")
    return head, faults


@test
def the_stack_is_what_was_called_at_each_instruction_from_the_first_one_on():
    for run in RUNS:
        head, faults = faults_of(way_of(*run))
        print(f"{' '.join(run[:2])}: {head}")
        assert not faults, "\n    ".join([f"{run}:", *faults[:20]])


@test
def an_exception_leaves_what_is_below_its_landing_pad_and_lands_there():
    command = (fixture("ways/throws-static-pie"), "throws", SECONDS, "throws")
    head, faults = faults_of(command)
    assert int(re.search(r"(\d+) landings", head)[1]) > 3, head
    assert not faults, "\n    ".join(faults[:20])


@test
def a_program_that_is_an_argument_of_the_loader_is_unwound_too():
    command = way_of("debug-frame", "growing_frame", "0")
    head = subprocess.check_output(("readelf", "-lW", command[0]), text=True)
    loader = re.search(r"interpreter: ([^]]+)]", head)[1]
    _, faults = faults_of((loader, *command))
    assert not faults, "\n    ".join(faults[:20])


if __name__ == "__main__":
    main()
