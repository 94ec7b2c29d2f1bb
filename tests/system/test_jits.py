#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Code that a process makes at run time has the names that its runtime tells."""

import os
import pathlib
import subprocess

import processes
from daemon import Daemon
from harness import fixture, main, test_of_shares, wait_for

FREQUENCY_HZ = 499
SECONDS = 2
FIRST, SECOND = "made_first", "made second, of two words"


def map_of(pid):
    return pathlib.Path(f"/tmp/perf-{pid}.map")


def start_fixture(*arguments):
    """Run the fixture; tell where its functions lie is what it does on its output."""
    return processes.start(
        fixture("makes_code"), str(SECONDS), *arguments, stdout=subprocess.PIPE, text=True
    )


def query(pid):
    return f'{{pid="{pid}"}}'


def assert_share(profile, name, percent):
    seen = f"{name}: {profile.share(name):.1f} %"
    assert profile.is_share(name, percent), f"{seen}\n{profile.summary()}"


@test_of_shares
def a_perf_map_that_grows_names_both_halves(daemon):
    process = start_fixture("map")
    path = map_of(process.pid)
    finished = processes.finish(process)
    assert finished.status == 0, finished
    path.unlink()
    profile = daemon.past_until(query(finished.pid), lambda profile: profile.has(SECOND))
    assert_share(profile, FIRST, 50)
    assert_share(profile, SECOND, 50)
    assert_share(profile, "main", 100)
    mapping = profile.frames(FIRST)[0].mapping
    assert mapping.path == str(path), mapping


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ)))
