#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that were made to harm us, mapped for execution: they cost no more than their own stacks."""

import os
import pathlib
import tempfile
import threading

import hostile_elf
import processes
from daemon import ROLES, Daemon
from harness import fixture, main, test, wait_for

N_FILES = 2000
STRANGER = 4321  # a user
N_MAPPINGS = 10000


def write(folder, name, content, hole_bytes=0):
    path = pathlib.Path(folder, name)
    path.write_bytes(content)
    if hole_bytes:
        os.truncate(path, hole_bytes)
    return str(path)


def built_count(metrics):
    return sum(metrics.family("pilotlight_unwind_table_builds_total").values())


def outcomes_since(before, after):
    """How files read meanwhile ended: {outcome: count}."""
    family = "pilotlight_unwind_table_builds_total"
    counts = before.family(family)
    return {name: count - counts[name] for name, count in after.family(family).items()}


def restarts(metrics):
    return {role: metrics.restarts(role) for role in ROLES}


def assert_others_are_named(daemon):
    """A program of good will has its names and whole stacks, whatever runs beside it."""
    finished = processes.run_fixture(fixture("three_to_one"), "1")
    query = f'{{pid="{finished.pid}"}}'
    profile = daemon.past_until(query, lambda profile: profile.has("spend_three_parts"), 60)
    assert profile.has("spend_three_parts"), profile.summary()


def assert_others_have_lines(daemon):
    """As above, with its lines, which are read after all functions."""
    finished = processes.run_fixture(fixture("three_to_one"), "1")

    def has_lines(profile):
        return any(frame.line for frame in profile.frames("spend_three_parts"))

    profile = daemon.past_until(f'{{pid="{finished.pid}"}}', has_lines, 120)
    assert has_lines(profile), profile.summary()


def is_read_for_long(daemon):
    """Whether a child of the resolver has taken a second of CPU time."""
    try:
        pids = processes.children(daemon.role("resolver"))
        return any(processes.cpu_seconds(pid) > 1 for pid in pids)
    except FileNotFoundError:  # it ended while it was asked for
        return False


def assert_all_is_accounted_for(daemon, before):
    after = daemon.metrics()
    after.assert_every_tick_is_accounted_for()
    assert restarts(after) == restarts(before), f"{restarts(after)}, as of {restarts(before)}"
    damaged = after["pilotlight_unwind_tables_damaged_total"]
    assert damaged == 0, f"{damaged} tables did not pass the check"
    return after


@test
def hostile_files_cost_only_their_own_stacks(daemon):
    before = daemon.metrics()
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(folder, *file) for file in hostile_elf.files()]
        load = processes.start(fixture("maps_files"), "600", "0", *paths)
        assert_others_are_named(daemon)
        due = built_count(before) + len(paths)
        wait_for(lambda: built_count(daemon.metrics()) >= due, 90, f"{due} files were read")
        query = f'{{pid="{load.pid}"}}'
        profile = daemon.past_until(query, lambda profile: profile.has("overlapping"))
        load.kill()
        processes.finish(load)
    assert profile.count() > 20, profile.summary()
    after = assert_all_is_accounted_for(daemon, before)
    outcomes = outcomes_since(before, after)
    assert outcomes["too_large"] == len(hostile_elf.TOO_LARGE), outcomes
    assert outcomes["damaged"] + outcomes["no_names"] > 0, outcomes
    assert outcomes["crashed"] + outcomes["timed_out"] == 0, outcomes


@test
def a_file_that_shrinks_while_it_is_read_harms_its_reader_only(daemon):
    before = daemon.metrics()
    content = hostile_elf.build(
        [(".eh_frame", 2, hostile_elf.eh_frame_of_many(4 << 20), None)]
    )
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, "shrinks", content)
        is_over = threading.Event()

        def shrink_and_grow():
            while not is_over.is_set():
                os.truncate(path, hostile_elf.DATA_OFF)
                pathlib.Path(path).open("r+b").write(content)

        thread = threading.Thread(target=shrink_and_grow)
        thread.start()
        try:
            processes.run_fixture(fixture("maps_files"), "1", "0", path)
            assert_others_are_named(daemon)
        finally:
            is_over.set()
            thread.join()
    assert_all_is_accounted_for(daemon, before)


@test
def who_reads_an_endless_file_is_stopped_and_delays_nobody_meanwhile():
    with tempfile.TemporaryDirectory() as folder, Daemon() as daemon:
        content = hostile_elf.endless_to_read()
        os.chmod(folder, 0o755)
        paths = [write(folder, f"endless_{i}", content + bytes(i)) for i in range(3)]
        for path in paths:
            os.chown(path, STRANGER, STRANGER)
        load = processes.start(fixture("maps_files"), "600", "0", *paths)
        wait_for(lambda: is_read_for_long(daemon), 120, "an endless file is being read")
        assert_others_have_lines(daemon)
        outcome = 'pilotlight_symbol_builds_total{outcome="timed_out"}'
        assert not daemon.metrics()[outcome], "others have waited for such a file"
        wait_for(lambda: daemon.metrics()[outcome], 180, "who reads an endless file is stopped")
        load.kill()
        processes.finish(load)
        after = daemon.metrics()
        after.assert_every_tick_is_accounted_for()
        assert restarts(after)["resolver"] == 0


@test
def thousands_of_files_and_mappings_are_waited_for_by_nobody_else(daemon):
    before = daemon.metrics()
    content = hostile_elf.build([(".eh_frame", 2, hostile_elf.eh_frame_overlapping(3), None)])
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(folder, str(i), content) for i in range(N_FILES)]
        load = processes.start(fixture("maps_files"), "600", str(N_MAPPINGS), *paths)

        def are_known():
            metrics = daemon.metrics()
            metrics.assert_every_tick_is_accounted_for()
            return metrics["pilotlight_sampler_files"] >= N_FILES

        wait_for(are_known, 30, f"{N_FILES} files are known")
        assert_others_are_named(daemon)
        load.kill()
        processes.finish(load)
    after = assert_all_is_accounted_for(daemon, before)
    assert after["pilotlight_unwind_tables_queued"] <= 4096
    assert after["pilotlight_files_over_bound_total"] == 0


if __name__ == "__main__":
    main(Daemon)
