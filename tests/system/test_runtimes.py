#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stacks of programs in other languages than C reach the entries of their threads, by the way that
is known: whatever is called, from a function of each program on, all callers are there."""

import collections
import dataclasses
import os
import re
import subprocess

import processes
from daemon import Daemon
from harness import main, test_of_shares
from pprof import most_lost
from processes import FIRST
from runtimes import SPIN, cpp_program, go_program, java_classes, rust_program, tool

FREQUENCY_HZ = 999
SECONDS = 1.5
ROUNDS = 5

CUT = "[truncated"
JIT = "[truncated: JIT without frame pointers]"

# A stack is written as its functions, leaf first, each on a line; "libc" and "ld" for those of
# these files. ANY is how it begins that may begin with whatever is called.
ANY = r"(.+\n)*"
MAIN, THREAD = r"libc\nlibc\n_start", r"libc\nlibc"
# Before main(), and behind it.
AROUND_MAIN = (r"(ld\n)*ld", r"(.+\n)*libc\n_start", r"")


def without(name):
    """As ANY, but for a function."""
    return rf"((?!{name}\n).+\n)*"


@dataclasses.dataclass(frozen=True)
class Paths:
    """Which stacks a program has: those on its way, this part of all at least, and others."""

    way: tuple
    others: tuple
    share: float


GO_WORK = without(r"main\.work") + r"main\.work\n"
GO_MAIN = r"main\.main\nruntime\.main\nruntime\.goexit(\.abi0)?"
RUST_WORK = without("spin::work") + r"spin::work\n(spin::main\S*\n)*"
RUST_BEGIN = r"std::sys.*::__rust_begin_short_backtrace\n"
JAVA_WORK = without(r"int Spin\.work\(\)") + r"(int Spin\.work\(\)\n)?"
JAVA_MAIN = (
    r"(Interpreter|void Spin\.main\(java\.lang\.String\[\]\))\nStubRoutines .*\n"
    r"JavaCalls::call_helper.*\njni_invoke_static.*\njni_CallStaticVoidMethod\n"
    r"JavaMain\nThreadJavaMain\n"
)

PATHS = {
    "python": Paths(
        (rf"{ANY}_PyRun_SimpleFileObject\n_PyRun_AnyFileObject\nPy_RunMain\nPy_BytesMain\n{MAIN}",),
        (rf"{ANY}Py_BytesMain\n{MAIN}", *AROUND_MAIN),
        95,
    ),
    "perl": Paths(
        (rf"{ANY}Perl_runops_standard\nperl_run\nmain\n{MAIN}",),
        (rf"{ANY}main\n{MAIN}", *AROUND_MAIN),
        95,
    ),
    "node": Paths(
        (rf"{ANY}node::LoadEnvironment.*\nnode::NodeMainInstance::Run.*\nnode::Start.*\n{MAIN}",),
        (rf"{ANY}node::Start.*\n{MAIN}", rf"{ANY}(node::|uv_).*\n{THREAD}", *AROUND_MAIN),
        85,
    ),
    "go": Paths(
        (GO_WORK + GO_MAIN, r"(.+\n)?(main\.depth\n)+main\.work\.\w+\nruntime\.goexit(\.abi0)?"),
        (
            without(r"main\.work") + r"runtime\.(goexit|mstart|rt0_go)(\.abi0)?",
            # The scheduler, between two: one has let go, or was asked to where it began a function.
            without(r"main\..*") + r"runtime\.(mcall|morestack)(\.abi0)?",
            *AROUND_MAIN,
        ),
        80,
    ),
    "rust": Paths(
        (
            rf"{RUST_WORK}{RUST_BEGIN}std::rt::lang_start\S*\nstd::rt::lang_start_internal\n"
            rf"main\n{MAIN}",
            rf"{RUST_WORK}{RUST_BEGIN}core::ops::.*call_once.*\n"
            rf"std::sys::.*::thread_start\n{THREAD}",
        ),
        (without("spin::work") + rf"main\n{MAIN}", without("spin::work") + THREAD, *AROUND_MAIN),
        95,
    ),
    "cpp": Paths(
        (
            rf"{without('work.*')}work\(int\)\nspin\(double\)\nmain\n{MAIN}",
            rf"{without('work.*')}work\(int\)\nspin\(double\)\n(.*_State_impl.*\n)?"
            rf"libstdc\+\+\n{THREAD}",
        ),
        (without(r"work\(int\)") + rf"(main\n{MAIN}|{THREAD})", *AROUND_MAIN),
        95,
    ),
    "java": Paths(
        (JAVA_WORK + JAVA_MAIN + THREAD,),
        (
            rf"{ANY}Thread::call_run.*\nthread_native_entry.*\n{THREAD}",
            rf"{without('int Spin.*')}JavaMain\nThreadJavaMain\n{THREAD}",
            rf"{ANY}JLI_\w+\n(main\n)?{MAIN}",
            *AROUND_MAIN,
        ),
        40,
    ),
}


def text_of(sample):
    """The program's half of a stack, as in PATHS. What is inlined comes with the lines, later."""
    words = []
    for frame in sample.frames:
        file = os.path.basename(frame.mapping.path)
        if file.startswith("[kernel") or frame.is_inlined:
            continue
        short = re.match(r"ld(?=-)|libc(?=\.)|libstdc\+\+(?=\.)", file)
        words.append(short[0] if short else frame.name)
    return "\n".join(words)


def cuts_of(profile):
    """Why stacks are cut, and how many of them."""
    cuts = collections.Counter()
    for sample in profile.samples:
        if sample.names and sample.names[-1].startswith(CUT):
            cuts[sample.names[-1]] += sample.count
    return cuts


def profile_of(daemon, *command):
    """All that is seen of a run of this command, when its files have been met before."""
    for _ in range(ROUNDS):
        finished = processes.run_fixture(*command, str(SECONDS), stdout=subprocess.DEVNULL)
        due = 0.9 * finished.cpu_seconds * FREQUENCY_HZ
        query = f'{{pid="{finished.pid}"}}'
        profile = daemon.past_until(query, lambda profile, due=due: profile.count() > due)
        if not cuts_of(profile)["[truncated: unwind table pending]"]:
            return profile
    raise AssertionError(f"tables do not come\n{profile.summary()}")


class Verdict:
    """What became of the samples of one program."""

    def __init__(self, profile, program, paths):
        self.count = self.good = 0
        self.faults = collections.Counter()
        for sample in profile.samples:
            if sample.labels["exe"] != os.path.realpath(program):
                continue  # of the test, which has not become the program yet
            text = text_of(sample)
            self.count += sample.count
            if any(re.fullmatch(way, text) for way in paths.way):
                self.good += sample.count
            elif not any(re.fullmatch(other, text) for other in paths.others):
                self.faults[" < ".join(text.splitlines()[-14:])] += sample.count
        self.is_good = (
            self.count > 500
            and self.good >= paths.share / 100 * self.count
            and self.faults.total() <= most_lost(self.count)
        )

    def __str__(self):
        faults = "\n    ".join(f"{count}: {text}" for text, count in self.faults.most_common(8))
        counts = f"of {self.count}, {self.good} are on the way, {self.faults.total()} wrong"
        return f"{counts}:\n    {faults}"


def assert_right(daemon, language, *command):
    """All stacks of a run of this command are those that it is known to have."""
    pid = profile_of(daemon, *command).samples[0].labels["pid"]
    verdicts = []

    def is_good(profile):
        verdicts[:] = [Verdict(profile, command[0], PATHS[language])]
        return verdicts[0].is_good

    daemon.past_until(f'{{pid="{pid}"}}', is_good, 20)  # names may come late
    assert verdicts[0].is_good, verdicts[0]


@test_of_shares
def python(daemon):
    assert_right(daemon, "python", tool("/usr/bin/python3"), str(SPIN / "spin.py"))


@test_of_shares
def perl(daemon):
    assert_right(daemon, "perl", tool("/usr/bin/perl"), str(SPIN / "spin.pl"))


@test_of_shares
def node(daemon):
    assert_right(daemon, "node", tool("node"), str(SPIN / "spin.js"))


@test_of_shares
def go(daemon):
    with go_program() as program:
        assert_right(daemon, "go", program)


@test_of_shares
def rust(daemon):
    with rust_program() as program:
        assert_right(daemon, "rust", program)


@test_of_shares
def cpp(daemon):
    with cpp_program() as program:
        assert_right(daemon, "cpp", program)


@test_of_shares
def java_that_keeps_frame_pointers(daemon):
    """By the map that it writes at its end."""
    options = ("-XX:+UnlockDiagnosticVMOptions", "-XX:+DumpPerfMapAtExit")
    with java_classes() as folder:
        command = (*options, "-XX:+PreserveFramePointer", "-cp", folder, "Spin")
        assert_right(daemon, "java", tool("java"), *command)


@test_of_shares
def java_that_keeps_none(daemon):
    """Then the frames of its compiler are lost, and each stack says that it is cut, and why."""
    with java_classes() as folder:
        profile = profile_of(daemon, tool("java"), "-cp", folder, "Spin")
    cuts = cuts_of(profile)
    assert cuts[JIT] > 0.9 * sum(cuts.values()), f"{cuts}\n{profile.summary()}"


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ), wrapper=FIRST))
