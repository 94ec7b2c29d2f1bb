#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that were made to harm us, mapped for execution: they cost no more than their own stacks."""

import contextlib
import functools
import os
import pathlib
import signal
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


TABLES = "pilotlight_unwind_table_builds_total"
NAMES = "pilotlight_symbol_builds_total"


def outcomes_since(before, after, family):
    """How files read meanwhile ended: {outcome: count}."""
    counts = before.family(family)
    return {name: count - counts[name] for name, count in after.family(family).items()}


def harm(metrics):
    """Files that were not read as others are, of which few are met by chance."""
    counts = metrics.family(NAMES)
    return {name: count for name, count in counts.items() if name not in ("ok", "no_names")}


def restarts(metrics):
    return {role: metrics.restarts(role) for role in ROLES}


def assert_others_are_named(daemon):
    """A program of good will has its names and whole stacks, whatever runs beside it."""
    finished = processes.run_fixture(fixture("three_to_one"), "0.5")
    query = f'{{pid="{finished.pid}"}}'
    profile = daemon.past_until(query, lambda profile: profile.has("spend_three_parts"), 60)
    assert profile.has("spend_three_parts"), profile.summary()


def assert_others_have_lines(daemon):
    """As above, with its lines, which are read after all functions."""
    finished = processes.run_fixture(fixture("three_to_one"), "0.5")

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


def run_all(daemon, paths):
    """Have a process run all of these files until each was read; return what was seen of it."""
    load = processes.start(fixture("maps_files"), "600", "0", *paths)

    def are_met(profile):
        seen = {frame.mapping.path for sample in profile.samples for frame in sample.frames}
        return seen.issuperset(paths)

    profile = daemon.past_until(f'{{pid="{load.pid}"}}', are_met, 60)
    assert are_met(profile), profile.summary()
    load.kill()
    processes.finish(load)
    wait_for(lambda: not queued_count(daemon.metrics()), 60, "all files are read")
    return daemon.past(f'{{pid="{load.pid}"}}')


def queued_count(metrics):
    return metrics["pilotlight_symbol_builds_queued"] + metrics["pilotlight_unwind_tables_queued"]


@test
def hostile_files_cost_only_their_own_stacks_and_names(daemon):
    before = daemon.metrics()
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(folder, *file) for file in hostile_elf.files()]
        profile = run_all(daemon, paths)
        assert_others_are_named(daemon)
        assert profile.has("named_by_a_symbol"), profile.summary()
        assert any(name.startswith("overlapping+0x") for name in all_names(profile))
        once = assert_all_is_accounted_for(daemon, before)
        run_all(daemon, paths)
        twice = assert_all_is_accounted_for(daemon, before)
    tables = outcomes_since(before, once, TABLES)
    assert tables["too_large"] == len(hostile_elf.TOO_LARGE), tables
    assert tables["damaged"] + tables["no_names"] > 0, tables
    assert tables["crashed"] + tables["timed_out"] == 0, tables
    names = outcomes_since(before, once, NAMES)
    assert names["too_large"] == len(hostile_elf.TOO_LARGE_TO_NAME), names
    assert names["no_names"] >= len(paths) - len(hostile_elf.TOO_LARGE_TO_NAME) - 1, names
    assert names["crashed"] + names["timed_out"] + names["no_memory"] == 0, names
    assert harm(twice) == harm(once), f"{harm(twice)}, after {harm(once)}: they were read again"


def all_names(profile):
    return {name for sample in profile.samples for name in sample.names}


def run_beside(daemon, paths):
    """Run hostile files, and what is read after them."""
    processes.run_fixture(fixture("maps_files"), "0.5", "0", *paths)
    assert_others_have_lines(daemon)


def child_of_resolver(daemon, niceness):
    """A child of that niceness that has run for some time, stopped; or None."""
    for pid in processes.children(daemon.role("resolver")):
        with contextlib.suppress(OSError):
            if processes.cpu_seconds(pid) > 0.1 and processes.niceness(pid) == niceness:
                os.kill(pid, signal.SIGSTOP)
                return pid
    return None


def assert_is_shut_in(pid):
    """Whatever the file that it reads makes of it, it can take little of the host."""
    limits = processes.limits(pid)
    assert limits["Max data size"] == str(700 << 20), limits
    assert 5 <= int(limits["Max cpu time"]) <= 120, limits
    status = processes.status(pid)
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1", status
    assert int(status["CapPrm"], 16) == 0 and "0" not in status["Uid"].split(), status


def kill_who_reads(daemon, path):
    """Look at the children that read the names of that file, and its lines, and kill the latter."""
    load = processes.start(fixture("maps_files"), "600", "0", path)
    for niceness, last_signal in ((5, signal.SIGCONT), (10, signal.SIGSEGV)):
        pid = wait_for(functools.partial(child_of_resolver, daemon, niceness), 60, "it is read")
        assert_is_shut_in(pid)
        os.kill(pid, last_signal)
        os.kill(pid, signal.SIGCONT)
    load.kill()
    processes.finish(load)


def is_kept(cache, path):
    """Whether what is known of the names of that file is on disk."""
    status = os.stat(path)
    return any(pathlib.Path(cache).glob(f"*-{status.st_size:x}-{status.st_mtime_ns:x}-*.gsym"))


@test
def what_harms_its_reader_harms_one_child_a_day():
    sections = hostile_elf.many_symbols(2 << 20) + hostile_elf.endless_sections()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        hungry = write(folder, "hungry", hostile_elf.hungry_to_read())
        endless = write(folder, "endless", hostile_elf.build(sections))
        with Daemon("--cache", cache) as daemon:
            before = daemon.metrics()
            processes.run_fixture(fixture("maps_files"), "0.3", "0", hungry)
            wait_for(lambda: harm(daemon.metrics())["no_memory"] == 1, 60, "it is counted")
            kill_who_reads(daemon, endless)
            wait_for(lambda: harm(daemon.metrics())["crashed"] == 1, 60, "it is counted")
            run_beside(daemon, [hungry, endless])
            counts = harm(assert_all_is_accounted_for(daemon, before))
            assert counts["no_memory"] == counts["crashed"] == 1, f"{counts}: read again"
            for path in (hungry, endless):
                wait_for(functools.partial(is_kept, cache, path), 60, "what came of it is on disk")
        with Daemon("--cache", cache) as daemon:
            run_beside(daemon, [hungry, endless])
            counts = harm(daemon.metrics())
            assert not counts["no_memory"] + counts["crashed"], f"{counts}: read again"


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
    main(lambda: Daemon("--frequency", "999"))
