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
from harness import SOURCES, Skip, main, seen_once_a_try, test_of_shares, wait_for
from pprof import most_lost
from processes import FIRST

SECONDS = "0.6"
FREQUENCY_HZ = 999
KINDS = ("main", "thread", "signal", "vfork")

_folder = tempfile.TemporaryDirectory()


@functools.cache
def build(compiler, *flags):
    """Compile the fixture without frame pointers; returns the path of the program."""
    path = f"{_folder.name}/odd{len(os.listdir(_folder.name))}"
    source = str(SOURCES / "fixtures/odd_stacks.c")
    flags = ("-O2", "-g", "-D_GNU_SOURCE", "-fomit-frame-pointer", "-pthread", *flags)
    subprocess.run([compiler, *flags, source, "-o", path], check=True)
    for kind in KINDS:  # before it is run: a file is another when it has been linked
        os.link(path, f"{path}-{kind}")
    return path


@functools.cache
def programs():
    """The fixture with each C library, dynamic and static."""
    compilers = [name for name in ("gcc", "musl-gcc") if shutil.which(name)]
    if len(compilers) < 2:
        raise Skip("gcc or musl-gcc is not installed")
    return [build(compiler, *flags) for compiler in compilers for flags in ((), ("-static",))]


def make_known(daemon, paths):
    """Run programs, until their tables and names are there."""
    finished = processes.run_together([(path, "main", "0.1") for path in paths])
    for run in finished:
        daemon.past_until(
            f'{{pid="{run.pid}"}}',
            lambda profile: profile.count(lambda s: "spend" in s.names and not is_cut(s)),
        )


@seen_once_a_try
def profiles(daemon):
    """What was seen of each program on each kind of stack, children included: {kind: [profile]}."""
    make_known(daemon, programs())
    runs = [(f"{path}-{kind}", kind, SECONDS) for kind in KINDS for path in programs()]
    processes.run_together(runs)
    daemon.past_settled('{comm=~"odd.*"}')
    return {
        kind: [daemon.past(f'{{comm="{os.path.basename(path)}-{kind}"}}') for path in programs()]
        for kind in KINDS
    }


def is_cut(sample):
    return not sample.names or sample.names[-1].startswith("[truncated")


def assert_whole(profiles, *path, leaf="spend"):
    """Nearly all stacks are whole, and lead from there by this path, without another between."""
    samples = [s for profile in profiles for s in profile.samples if leaf in s.names]
    faulty = [s for s in samples if is_cut(s) or " ".join((leaf, *path)) not in " ".join(s.names)]
    count, lost = (sum(sample.count for sample in which) for which in (samples, faulty))
    stacks = "\n".join(f"{s.count} {' < '.join(s.names)}" for s in faulty[:8])
    assert count > 100, f"{count} samples\n{profiles[0].summary()}"
    assert lost <= most_lost(count), f"{lost} of {count}:\n{stacks}"


def is_restarted(sample):
    """Is it in restart_syscall(2), or what that one calls here?"""
    return any(name.endswith(("_restart", "sys_restart_syscall")) for name in sample.names
               if not name.startswith("arch_"))


@test_of_shares
def a_program_begins_where_main_is_called(daemon):
    assert_whole(profiles(daemon)["main"], "spend_all", "main")


@test_of_shares
def a_thread_begins_where_it_was_made(daemon):
    assert_whole(profiles(daemon)["thread"], "spend_all", "run_thread")


@test_of_shares
def a_handler_is_seen_in_what_its_signal_interrupted(daemon):
    seen = profiles(daemon)["signal"]
    assert_whole(seen, "spend_all", "handle")
    assert_whole(seen, "be_interrupted", "main", leaf="wait_for_signal")


@test_of_shares
def a_child_of_vfork_is_seen_on_the_stack_of_its_parent(daemon):
    assert_whole(profiles(daemon)["vfork"], "spend_all", "have_child", "main")


@test_of_shares
def a_system_call_that_is_restarted_is_seen_where_it_was_made(daemon):
    path = programs()[0]
    make_known(daemon, [path])
    nap = processes.start(path, "nap", "60")

    def is_seen():
        """A tick rarely hits the restart, which is short: stop it for another while if none did."""
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            nap.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, nap.pid, os.WSTOPPED | os.WNOWAIT)
            nap.send_signal(signal.SIGCONT)
        return daemon.past(f'{{pid="{nap.pid}"}}').count(is_restarted) > 5

    wait_for(is_seen, 40, "the restart is hit")
    profile = daemon.past(f'{{pid="{nap.pid}"}}')
    nap.kill()
    for sample in filter(is_restarted, profile.samples):
        assert not is_cut(sample) and "nap" in sample.names, " < ".join(sample.names)


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ), wrapper=FIRST))
