#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stacks of Go programs go from its threads' own stacks on in the goroutine, to its entry."""

import functools
import glob
import os
import shutil
import subprocess
import tempfile

import processes
from daemon import Daemon
from harness import FIXTURES, SOURCES, Skip, main, test

SECONDS = 2
WHOLE_PERCENT = 99

# The ends of stacks, as Go has them too. The scheduler's is where it has put a goroutine aside.
ENTRIES = ("runtime.goexit", "runtime.mstart", "runtime.rt0_go")
SCHEDULER = ("runtime.mcall", "runtime.morestack")

_folder = tempfile.TemporaryDirectory()


def compilers():
    """All compilers of Go that are here, the default one first."""
    found = [shutil.which("go"), *sorted(glob.glob("/usr/lib/go-*/bin/go"))]
    return list(dict.fromkeys(os.path.realpath(path) for path in found if path))


@functools.cache
def build(go, name, *flags, cgo=False):
    """Compile a fixture; returns the path of the program."""
    path = f"{_folder.name}/{name}-{len(os.listdir(_folder.name))}"
    run = subprocess.run(
        [go, "build", *flags, "-o", path, str(SOURCES / "fixtures" / f"{name}.go")],
        env={
            **os.environ,
            "CGO_ENABLED": str(int(cgo)),
            "GO111MODULE": "off",
            "GOCACHE": str(FIXTURES.parent / "unit/unwind/go-cache"),
            "GOTOOLCHAIN": "local",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return path


def each_program(name, *variants, cgo=False):
    """The fixture, compiled by each compiler in each variant."""
    if not compilers():
        raise Skip("go is not installed")
    for go in compilers():
        for flags in variants:
            yield build(go, name, *flags, cgo=cgo)


@functools.cache
def make_known(daemon, path):
    """Run a program, until one of its stacks is whole: so its table is there."""
    first = processes.run_fixture(path, "0.5")
    daemon.past_until(
        f'{{pid="{first.pid}"}}',
        lambda profile: profile.count(lambda sample: root(sample) in ENTRIES),
    )


def profile_of(daemon, path):
    """The profile of a run of a program whose table is known."""
    make_known(daemon, path)
    finished = processes.run_fixture(path, str(SECONDS))
    due = finished.cpu_seconds * 499 * 0.9
    return daemon.past_until(
        f'{{pid="{finished.pid}"}}', lambda profile: profile.count() > due
    )


def names(sample):
    """Without what tells one calling convention from the other."""
    return [name.removesuffix(".abi0") for name in sample.names]


def root(sample):
    return names(sample)[-1] if sample.names else ""


def is_cut(sample):
    """Does its stack lack its root, though the process was still there?"""
    return root(sample).startswith("[truncated") and "exit_mmap" not in sample.names


def assert_whole(profile):
    whole = 100 * profile.count(lambda sample: not is_cut(sample)) / max(1, profile.count())
    cut = sorted((s for s in profile.samples if is_cut(s)), key=lambda s: -s.count)
    stacks = "\n".join(f"{s.count} {' < '.join(names(s)[:3] + names(s)[-3:])}" for s in cut[:8])
    assert profile.count() > 50, f"{profile.count()} samples"
    assert whole >= WHOLE_PERCENT, f"{whole:.2f} % are whole, not\n{stacks}"


def has_path(sample, *path):
    """Are these functions on the stack, leaf first, maybe with others between them?"""
    left = iter(names(sample))
    return all(name in left for name in path)


def assert_leads(profile, callee, *path, ends=ENTRIES):
    """All stacks that have @callee go on by this path, or end where the scheduler's do."""
    wrong = [
        sample
        for sample in profile.samples
        if callee in names(sample)
        and not is_cut(sample)
        and root(sample) not in SCHEDULER
        and not (has_path(sample, callee, *path) and root(sample) in ends)
    ]
    assert profile.count(lambda sample: callee in names(sample)), (
        f"{callee} was not seen\n{profile.summary()}"
    )
    assert not wrong, f"not to {path}: {' < '.join(names(wrong[0]))}"


def assert_has(profile, *path):
    assert profile.count(lambda s: has_path(s, *path)), f"no {path} in\n{profile.summary()}"


@test
def the_collector_is_seen_in_the_goroutine_that_it_works_for(daemon):
    for path in each_program("collects_garbage", [], ["-buildmode=pie"]):
        profile = profile_of(daemon, path)
        assert_whole(profile)
        assert_leads(profile, "runtime.systemstack")
        assert_leads(profile, "runtime.gcDrain", "runtime.systemstack", "runtime.goexit")
        assert_has(profile, "runtime.systemstack", "runtime.gcBgMarkWorker", "runtime.goexit")


@test
def a_stack_that_grows_is_seen_in_the_function_that_needs_it(daemon):
    for path in each_program("collects_garbage", []):
        profile = profile_of(daemon, path)
        assert_leads(
            profile, "runtime.copystack", "runtime.newstack", "runtime.morestack", "main.grow"
        )


@test
def stripped_programs_are_unwound_alike(daemon):
    for path in each_program("collects_garbage", ["-ldflags=-s -w"]):
        assert_whole(profile_of(daemon, path))


@test
def c_is_seen_in_the_go_that_calls_it(daemon):
    if not shutil.which("gcc"):
        raise Skip("gcc is not installed")
    main_path = ("runtime.cgocall", "main.main", "runtime.main", "runtime.goexit")
    for path in each_program("calls_c", [], ["-buildmode=pie"], cgo=True):
        profile = profile_of(daemon, path)
        assert_whole(profile)
        assert_leads(profile, "c_leaf", "c_part", "runtime.asmcgocall", *main_path)
        assert_leads(profile, "main.callC", *main_path[1:])
        assert_leads(
            profile, "runtime.cgocallback", "runtime.cgocall", "main.callCThatCallsBack",
            *main_path[1:],
        )


@test
def a_signal_is_seen_in_the_goroutine_that_it_interrupts(daemon):
    for path in each_program("is_signalled", []):
        profile = profile_of(daemon, path)
        assert_whole(profile)
        assert_leads(profile, "runtime.sigtramp")
        assert_has(profile, "runtime.sigtramp", "main.descend", "main.main", "runtime.goexit")


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", "499"))
