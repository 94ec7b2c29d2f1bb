#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The least memory that the option accepts, and more code than it has room for tables of."""

import pathlib
import tempfile

import hostile_elf
import processes
from daemon import Daemon
from harness import fixture, main, test, wait_for

MEMORY_BYTES = 8 << 20
TABLES_BYTES = MEMORY_BYTES // 2
STORE_BYTES = MEMORY_BYTES // 8 * 3
N_FILES = 20
N_ROWS = 200000  # of each, three bytes a row: six of them fit, beside nothing else


def write_files(folder):
    """Files with code that can be called, each with a table of its own."""
    content = hostile_elf.with_large_table(N_ROWS)
    paths = [pathlib.Path(folder, f"file_{i}") for i in range(N_FILES)]
    for path in paths:
        path.write_bytes(content)
    return paths


def run(path):
    """Call the code of a file from a program; its process. All of them take longer than a table
    stays in any case after it was hit."""
    return processes.run_fixture(fixture("maps_files"), "0.7", "0", str(path))


def profile_of(daemon, finished):
    return daemon.past_until(
        f'{{pid="{finished.pid}"}}', lambda profile: profile.count() > 20 and profile.has("main")
    )


def is_whole(sample):
    return "_start" in sample.names


def says_why_it_is_cut(sample):
    """That of a process which has no stack yet, or no more, is but the kernel's."""
    return any(name.startswith("[truncated") for name in sample.names) or "main" not in sample.names


def assert_is_within_bounds(metrics, before):
    metrics.assert_every_tick_is_accounted_for()
    table_bytes = metrics["pilotlight_unwind_table_bytes"]
    assert table_bytes <= TABLES_BYTES, f"tables take {table_bytes}"
    others = metrics["pilotlight_bpf_map_bytes"] - table_bytes
    others_before = before["pilotlight_bpf_map_bytes"] - before["pilotlight_unwind_table_bytes"]
    assert others == others_before, f"other maps take {others}, after {others_before}"
    store_bytes = metrics["pilotlight_store_bytes"]
    assert store_bytes <= STORE_BYTES, f"the store takes {store_bytes}"


@test
def tables_leave_for_others_and_come_back(daemon):
    before = daemon.metrics()
    with tempfile.TemporaryDirectory() as folder:
        paths = write_files(folder)
        for path in paths:
            profile = profile_of(daemon, run(path))
            silent = [s for s in profile.samples if not is_whole(s) and not says_why_it_is_cut(s)]
            assert not silent, silent[0].names
            assert_is_within_bounds(daemon.metrics(), before)
        full = daemon.metrics()
        assert full["pilotlight_unwind_tables_evicted_total"] > 0
        resident_bytes = processes.resident_bytes(daemon.pid)

        def is_back():
            profile = profile_of(daemon, run(paths[0]))
            return profile.has("main") and all(map(is_whole, profile.samples))

        wait_for(is_back, 80, "the stacks through the first file are whole again")
    after = daemon.metrics()
    assert_is_within_bounds(after, before)
    grown = processes.resident_bytes(daemon.pid) - resident_bytes
    # A forgotten table each time would be more; other programs of the host take their share.
    assert grown < 2 << 20, f"the sampler has grown by {grown} bytes"


@test
def every_stack_has_an_outcome(daemon):
    metrics = daemon.metrics()
    outcomes = metrics.family("pilotlight_stacks_total")
    assert sum(outcomes.values()) == metrics.stored, f"{metrics.stored}, but {outcomes}"


if __name__ == "__main__":
    main(lambda: Daemon("--memory", str(MEMORY_BYTES), "--frequency", "199"))
