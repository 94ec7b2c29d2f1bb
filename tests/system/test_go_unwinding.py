#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stacks of Go programs go from its threads' own stacks on in the goroutine, to its entry."""

import functools
import shutil

import processes
from daemon import Daemon
from go_programs import build, compilers
from harness import Skip, main, seen_once_a_try, test_of_shares
from pprof import most_lost
from processes import FIRST

FREQUENCY_HZ = 999
SECONDS = 6

# The fixtures, and how they are compiled.
VARIANTS = {
    "collects_garbage": ("", "-buildmode=pie", "-ldflags=-s -w"),
    "calls_c": ("", "-buildmode=pie"),
    "is_signalled": ("",),
}

# The ends of stacks, as Go has them too. The scheduler's is where it has put a goroutine aside.
ENTRIES = ("runtime.goexit", "runtime.mstart", "runtime.rt0_go", "runtime.clone")
SCHEDULER = ("runtime.mcall", "runtime.morestack")

PENDING = "[truncated: unwind table pending]"

@functools.cache
def programs():
    """Each fixture, compiled by each compiler in each variant: [(name, flag, path)]."""
    return [
        (name, flag, build(go, name, *filter(None, [flag]), cgo=name == "calls_c"))
        for go in compilers()
        for name, flags in VARIANTS.items()
        for flag in flags
        if name != "calls_c" or shutil.which("gcc")
    ]


def is_known(profile, path):
    """Have its names come, and the table by which its stacks are whole?"""
    return profile.count(
        lambda sample: any(frame.mapping.path == path for frame in sample.frames)
        and root(sample) in ENTRIES
    )


def make_known(daemon):
    """Run each program, until its table and its names are there."""
    finished = processes.run_together([(path, "0.3") for _, _, path in programs()])
    for (_, _, path), run in zip(programs(), finished):
        daemon.past_until(
            f'{{pid="{run.pid}"}}', lambda profile, path=path: is_known(profile, path)
        )


def run_all(daemon, paths, seconds):
    """The profiles of programs that run side by side."""
    commands = [(path, str(seconds)) for path in paths]
    pids = [run.pid for run in processes.run_together(commands, at_once=len(commands))]
    daemon.past_settled(f'{{pid=~"{"|".join(map(str, pids))}"}}')
    return [daemon.past(f'{{pid="{pid}"}}') for pid in pids]


@seen_once_a_try
def all_profiles(daemon):
    make_known(daemon)
    return run_all(daemon, [path for _, _, path in programs()], SECONDS)


def profiles_of(daemon, wanted, flags=("", "-buildmode=pie")):
    """The profiles of a fixture, whose table was known, in those variants."""
    profiles = zip(programs(), all_profiles(daemon))
    found = [profile for (name, flag, _), profile in profiles if name == wanted and flag in flags]
    if not found:
        raise Skip("gcc is not installed")
    return found


def names(sample):
    """Without what tells one calling convention from the other."""
    return [name.removesuffix(".abi0") for name in sample.names]


def root(sample):
    return names(sample)[-1] if sample.names else ""


def is_cut(sample):
    """Does its stack lack its root, though the process was still there?"""
    return root(sample).startswith("[truncated") and "exit_mmap" not in sample.names


def assert_few(faulty, count, what):
    """Of so many samples, nearly none may be one of these."""
    assert count > 20, f"{count} samples of {what}"
    lost = sum(sample.count for sample in faulty)
    faulty.sort(key=lambda sample: -sample.count)
    stacks = "\n".join(f"{s.count} {' < '.join(names(s)[:4] + names(s)[-4:])}" for s in faulty[:8])
    assert lost <= most_lost(count), f"{lost} of {count} samples of {what}:\n{stacks}"


def assert_whole(profiles):
    samples = [sample for profile in profiles for sample in profile.samples]
    assert all(profile.count() > 50 for profile in profiles), [p.count() for p in profiles]
    count = sum(sample.count for sample in samples)
    assert_few([sample for sample in samples if is_cut(sample)], count, "them are cut")


def has_path(sample, *path):
    """Are these functions on the stack, leaf first, maybe with others between them?"""
    left = iter(names(sample))
    return all(name in left for name in path)


def assert_leads(profiles, callee, *path, ends=ENTRIES):
    """All stacks that have @callee go on by this path, or end where the scheduler's do."""
    samples = [s for profile in profiles for s in profile.samples if callee in names(s)]
    wrong = [
        sample
        for sample in samples
        if not is_cut(sample)
        and root(sample) not in SCHEDULER
        and not (has_path(sample, callee, *path) and root(sample) in ends)
    ]
    assert_few(wrong, sum(sample.count for sample in samples), f"{callee} lead not to {path}")


def assert_has(profiles, *path):
    for profile in profiles:
        assert profile.count(lambda s: has_path(s, *path)), f"no {path} in\n{profile.summary()}"


@test_of_shares
def the_collector_is_seen_in_the_goroutine_that_it_works_for(daemon):
    profiles = profiles_of(daemon, "collects_garbage")
    assert_whole(profiles)
    assert_leads(profiles, "runtime.systemstack")
    assert_leads(profiles, "runtime.gcDrain", "runtime.systemstack", "runtime.goexit")
    assert_has(profiles, "runtime.systemstack", "runtime.gcBgMarkWorker", "runtime.goexit")


@test_of_shares
def a_stack_that_grows_is_seen_in_the_function_that_needs_it(daemon):
    """In this program that is nearly always grow()."""
    profiles = profiles_of(daemon, "collects_garbage")
    assert_leads(profiles, "runtime.newstack", "runtime.morestack")
    for profile in profiles:
        grown = profile.count(lambda s: has_path(s, "runtime.newstack") and not is_cut(s))
        of_grow = profile.count(
            lambda s: has_path(s, "runtime.newstack", "runtime.morestack", "main.grow")
        )
        assert of_grow > 0.9 * grown, f"{of_grow} of {grown}\n{profile.summary()}"


@test_of_shares
def stripped_programs_are_unwound_alike(daemon):
    assert_whole(profiles_of(daemon, "collects_garbage", ("-ldflags=-s -w",)))


@test_of_shares
def c_is_seen_in_the_go_that_calls_it(daemon):
    profiles = profiles_of(daemon, "calls_c")
    main_path = ("runtime.cgocall", "main.main", "runtime.main", "runtime.goexit")
    assert_whole(profiles)
    assert_leads(profiles, "c_leaf", "c_part", "runtime.asmcgocall", *main_path)
    assert_leads(profiles, "main.callC", *main_path[1:])
    assert_leads(
        profiles, "runtime.cgocallback", "runtime.cgocall", "main.callCThatCallsBack",
        *main_path[1:],
    )


@test_of_shares
def a_signal_is_seen_in_the_goroutine_that_it_interrupts(daemon):
    profiles = profiles_of(daemon, "is_signalled")
    assert_whole(profiles)
    assert_leads(profiles, "runtime.sigtramp")
    assert_has(profiles, "runtime.sigtramp", "main.descend", "main.main", "runtime.goexit")


@test_of_shares
def samples_of_a_file_that_nobody_knows_yet_go_on_in_the_goroutine_too(daemon):
    """Until its table has come, they take both stacks along."""
    all_profiles(daemon)  # by then the host's own files are known
    paths = [path for name, flag, path in programs() if (name, flag) == ("collects_garbage", "")]
    copies = [shutil.copy(path, f"{path}-{i}") for path in paths for i in range(10)]
    before = daemon.metrics()["pilotlight_unwind_captured_total"]
    profiles = run_all(daemon, copies, 0.3)
    captured = daemon.metrics()["pilotlight_unwind_captured_total"] - before
    assert captured
    of_threads = [
        sample
        for profile in profiles
        for sample in profile.samples
        if "runtime.systemstack" in names(sample) and PENDING not in names(sample)
    ]
    lost = [s for s in of_threads if is_cut(s) and names(s)[-2] == "runtime.systemstack"]
    count = sum(sample.count for sample in of_threads)
    assert_few(lost, count, f"{captured} captured ones go on in no goroutine")


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ), wrapper=FIRST))
