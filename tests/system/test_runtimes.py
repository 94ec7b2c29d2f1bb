#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stacks of programs in other languages than C reach the entries of their threads."""

import collections
import os
import shutil
import subprocess
import tempfile

import processes
from daemon import Daemon
from harness import SOURCES, Skip, main, test_of_shares
from pprof import most_lost
from processes import FIRST

FREQUENCY_HZ = 999
SECONDS = 1.5
ROUNDS = 5

SPIN = SOURCES / "fixtures" / "runtimes"
CUT = "[truncated"
JIT = "[truncated: JIT without frame pointers]"


def tool(*paths):
    """Debian's, whatever else is on the PATH, or the first other one that is there."""
    for path in paths:
        if found := shutil.which(path):
            return found
    raise Skip(f"there is no {paths[-1]} here")


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


def assert_whole(daemon, *command):
    profile = profile_of(daemon, *command)
    cuts = cuts_of(profile)
    assert profile.count() > 500, profile.summary()
    assert sum(cuts.values()) <= most_lost(profile.count()), f"{cuts}\n{profile.summary()}"
    return profile


def built(source, *command):
    """What a compiler makes of a source, in a folder that is gone at the end of the test."""
    folder = tempfile.mkdtemp(dir=os.environ.get("TMPDIR"))
    environment = {**os.environ, "GOCACHE": folder, "GOFLAGS": ""}
    subprocess.run((*command, str(SPIN / source)), cwd=folder, env=environment, check=True)
    return folder


@test_of_shares
def python(daemon):
    assert_whole(daemon, tool("/usr/bin/python3"), str(SPIN / "spin.py"))


@test_of_shares
def perl(daemon):
    assert_whole(daemon, tool("/usr/bin/perl"), str(SPIN / "spin.pl"))


@test_of_shares
def node(daemon):
    assert_whole(daemon, tool("node"), str(SPIN / "spin.js"))


@test_of_shares
def go(daemon):
    folder = built("spin.go", tool("/usr/bin/go"), "build", "-o", "spin")
    assert_whole(daemon, folder + "/spin")
    shutil.rmtree(folder)


@test_of_shares
def rust(daemon):
    folder = built("spin.rs", tool("/usr/bin/rustc"), "-O", "-g", "-o", "spin")
    assert_whole(daemon, folder + "/spin")
    shutil.rmtree(folder)


@test_of_shares
def java_that_keeps_frame_pointers(daemon):
    folder = built("Spin.java", tool("javac"), "-d", ".")
    assert_whole(daemon, tool("java"), "-XX:+PreserveFramePointer", "-cp", folder, "Spin")
    shutil.rmtree(folder)


@test_of_shares
def java_that_keeps_none(daemon):
    """Then the frames of its compiler are lost, and each stack says that it is cut, and why."""
    folder = built("Spin.java", tool("javac"), "-d", ".")
    profile = profile_of(daemon, tool("java"), "-cp", folder, "Spin")
    cuts = cuts_of(profile)
    assert cuts[JIT] > 0.9 * sum(cuts.values()), f"{cuts}\n{profile.summary()}"
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ), wrapper=FIRST))
