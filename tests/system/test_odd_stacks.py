#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where stacks begin, and what they lead through, with glibc and with musl, which has no call frame
information: entries of programs and of threads, signal frames, vfork, restarted system calls."""

import functools
import os
import shutil
import signal
import subprocess
import tempfile
import time

import processes
from daemon import Daemon
from harness import SOURCES, Skip, main, test

SECONDS = "1"
FREQUENCY_HZ = 499
WHOLE_PERCENT = 97  # the rest may stand in musl itself

_folder = tempfile.TemporaryDirectory()


@functools.cache
def build(compiler, *flags):
    """Compile the fixture without frame pointers; returns the path of the program."""
    if not shutil.which(compiler):
        raise Skip(f"{compiler} is not installed")
    path = f"{_folder.name}/odd{len(os.listdir(_folder.name))}"
    source = str(SOURCES / "fixtures/odd_stacks.c")
    flags = ("-O2", "-g", "-D_GNU_SOURCE", "-fomit-frame-pointer", "-pthread", *flags)
    subprocess.run([compiler, *flags, source, "-o", path], check=True)
    return path


def each_program():
    """The fixture with each C library, dynamic and static."""
    for compiler in ("gcc", "musl-gcc"):
        for flags in ((), ("-static",)):
            yield build(compiler, *flags)


@functools.cache
def make_known(daemon, path):
    """Run a program, until one of its stacks is whole: so its table is there."""
    first = processes.run_fixture(path, "main", "0.3")
    daemon.past_until(
        f'{{pid="{first.pid}"}}',
        lambda profile: profile.count(lambda s: "spend" in s.names and not is_cut(s)),
    )


def profile_of(daemon, path, what):
    """The profile of a run of a program whose table is known, and of its child."""
    make_known(daemon, path)
    renamed = f"{path}-{what}"
    os.link(path, renamed)
    finished = processes.run_fixture(renamed, what, SECONDS)
    due = finished.cpu_seconds * FREQUENCY_HZ * 0.9
    query = f'{{comm="{os.path.basename(renamed)[:15]}"}}'
    return daemon.past_until(query, lambda profile: profile.count() > due)


def is_cut(sample):
    return not sample.names or sample.names[-1].startswith("[truncated")


def assert_whole(profile, *path):
    """Nearly all stacks are whole, and lead from spend() by this path, without another between."""
    of_spend = [sample for sample in profile.samples if "spend" in sample.names]
    good = sum(
        sample.count
        for sample in of_spend
        if not is_cut(sample) and " ".join(path) in " ".join(sample.names)
    )
    total = sum(sample.count for sample in of_spend)
    assert total > 50, f"{total} samples\n{profile.summary()}"
    assert good >= total * WHOLE_PERCENT / 100, f"{good} of {total}\n{profile.summary()}"


def is_restarted(sample):
    """Is it in restart_syscall(2), or what that one calls here?"""
    return any(name.endswith(("_restart", "sys_restart_syscall")) for name in sample.names
               if not name.startswith("arch_"))


@test
def a_program_begins_where_main_is_called(daemon):
    for path in each_program():
        assert_whole(profile_of(daemon, path, "main"), "spend", "spend_all", "main")


@test
def a_thread_begins_where_it_was_made(daemon):
    for path in each_program():
        assert_whole(profile_of(daemon, path, "thread"), "spend", "spend_all", "run_thread")


@test
def a_handler_is_seen_in_what_its_signal_interrupted(daemon):
    for path in each_program():
        profile = profile_of(daemon, path, "signal")
        assert_whole(profile, "spend", "spend_all", "handle")
        assert_whole(profile, "wait_for_signal", "be_interrupted", "main")


@test
def a_child_of_vfork_is_seen_on_the_stack_of_its_parent(daemon):
    for path in each_program():
        profile = profile_of(daemon, path, "vfork")
        assert_whole(profile, "spend", "spend_all", "have_child", "main")


@test
def a_system_call_that_is_restarted_is_seen_where_it_was_made(daemon):
    path = build("gcc")
    make_known(daemon, path)
    nap = processes.start(path, "nap", "60")
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        nap.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, nap.pid, os.WSTOPPED | os.WNOWAIT)
        nap.send_signal(signal.SIGCONT)
    profile = daemon.past_until(
        f'{{pid="{nap.pid}"}}', lambda profile: profile.count(is_restarted) > 5
    )
    nap.kill()
    assert profile.count(is_restarted), profile.summary()
    for sample in filter(is_restarted, profile.samples):
        assert not is_cut(sample) and "nap" in sample.names, " < ".join(sample.names)


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ)))
