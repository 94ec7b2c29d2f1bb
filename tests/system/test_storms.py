#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stacks of processes that come and go are whole, too."""

import collections
import math
import subprocess
import tempfile
import uuid

import processes
from daemon import Daemon
from harness import SOURCES, fixture, main, test_of_shares, wait_for
from processes import FIRST

FREQUENCY_HZ = 999
STORM_SECONDS = 5
RATE = 200
SHORT_LIFE_SECONDS = 0.025
N_SHORT_LIVES = 30


def shares_of(samples):
    """How many samples have a user half, how many of these are whole, and why the others are not."""
    total, cuts = 0, collections.Counter()
    for sample in samples:
        root = sample.frames[-1]
        if root.mapping.path.startswith("[kernel"):
            continue
        total += sample.count
        if root.name.startswith("[truncated"):
            cuts[root.name] += sample.count
    return total, total - sum(cuts.values()), dict(cuts)


def assert_whole(profile, least):
    total, whole, cuts = shares_of(profile.samples)
    assert total > least, profile.summary()
    assert whole >= 0.99 * total, f"{whole} of {total} whole: {cuts}\n{profile.summary()}"


def await_tables(daemon):
    """Those of all that runs already: what is new comes on top of it."""
    wait_for(lambda: daemon.metrics()["pilotlight_unwind_tables_queued"] == 0, 60, "tables")


@test_of_shares
def two_hundred_processes_a_second_beside_mappings_that_change(daemon):
    await_tables(daemon)
    before = daemon.metrics()
    storm = (fixture("fork_storm"), str(STORM_SECONDS), str(RATE), "0.002")
    mapper = processes.start(fixture("maps_about"), "60")
    finished = processes.run_fixture(*storm)
    mapper.kill()
    processes.finish(mapper)
    due = 0.95 * finished.cpu_seconds * FREQUENCY_HZ
    profile = daemon.past_until('{comm="fork_storm"}', lambda profile: profile.count() > due)
    assert_whole(profile, 0.5 * due)
    for name in ("plant", "fell", "sort_numbers", "compare_numbers"):
        assert profile.share(name) > 1, f"{name}\n{profile.summary()}"
    assert_whole(daemon.past('{comm="maps_about"}'), FREQUENCY_HZ)  # a second, of five on a CPU
    after = daemon.metrics()
    after.assert_every_tick_is_accounted_for()
    assert after.ticks > before.ticks


def run_short_lives(daemon, folder):
    """Compile programs and run each once. Return how many samples are due, and theirs."""
    due, pids = 0, set()
    for i in range(N_SHORT_LIVES):
        program = f"{folder}/short-{i}"
        build_id = f"-Wl,--build-id=0x{uuid.uuid4().hex}"
        source = str(SOURCES / "fixtures" / "fork_storm.c")
        command = ("cc", "-O2", "-fomit-frame-pointer", build_id, "-o", program, source)
        subprocess.run(command, check=True)
        finished = processes.run_fixture(program, str(SHORT_LIFE_SECONDS))
        due += finished.cpu_seconds * FREQUENCY_HZ
        pids.add(str(finished.pid))
    # a life of 25 ms may begin and end anywhere between two ticks
    due = 0.99 * due - 3 * math.sqrt(N_SHORT_LIVES / 6)
    profile = daemon.past_until(
        '{comm=~"short-.*|chrt|python3"}',
        lambda profile: profile.count(lambda sample: sample.labels["pid"] in pids) > due,
    )
    return due, [sample for sample in profile.samples if sample.labels["pid"] in pids]


@test_of_shares
def programs_that_live_25_ms_and_were_compiled_a_moment_ago(daemon):
    """Each is another file, and is run once."""
    await_tables(daemon)
    with tempfile.TemporaryDirectory() as folder:
        due, own = run_short_lives(daemon, folder)
    count = sum(sample.count for sample in own)
    assert count > due, f"{count} of {due:.0f} that are due"
    total, whole, cuts = shares_of(own)
    assert whole >= 0.98 * total, f"{whole} of {total} whole: {cuts}"


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ), wrapper=FIRST))
