#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How stacks are walked: by tables, which the kernel half is tried for, or by frame pointers."""

import processes
from daemon import Daemon, finding
from harness import fixture, main, require_root, test

FREQUENCY_HZ = 499
SECONDS = 1.5


@test
def the_kernel_half_finds_mappings_where_they_are():
    require_root()
    line = finding("unwinding")
    assert line.startswith("ok "), line
    assert "by tables" in line and "of our mappings were found, through the" in line, line


@test
def frame_pointers_are_walked_where_they_are_asked_for(daemon):
    finished = processes.run_fixture(fixture("three_to_one"), str(SECONDS))
    due = finished.cpu_seconds * FREQUENCY_HZ

    def is_complete(profile):
        return profile.count() > due * 0.95 and profile.has("spend_three_parts")

    profile = daemon.past_until(f'{{pid="{finished.pid}"}}', is_complete)
    heaviest = max(profile.samples, key=lambda sample: sample.count)
    assert heaviest.names[:2] == ["spend_three_parts", "main"], profile.summary()
    assert profile.share("main") > 95, profile.summary()
    assert abs(profile.share("spend_three_parts") - 75) < 5, profile.summary()


@test
def kernel_functions_are_beneath_the_callers_by_frame_pointer(daemon):
    finished = processes.run_fixture(fixture("reads_zeros"), str(SECONDS))

    def is_complete(profile):
        return profile.has("vfs_read") and profile.has("main")

    profile = daemon.past_until(f'{{pid="{finished.pid}"}}', is_complete)
    names = [sample.names for sample in profile.samples if "vfs_read" in sample.names]
    assert any("main" in sample[sample.index("vfs_read") :] for sample in names), names


@test
def the_metrics_tell_how_stacks_are_walked(daemon):
    metrics = daemon.metrics()
    assert metrics.family("pilotlight_unwinder") == {"tables": 0, "frame_pointers": 1}
    outcomes = metrics.family("pilotlight_stacks_total")
    assert outcomes["frame_pointers"] > 0 and outcomes["whole"] == 0, outcomes
    assert metrics["pilotlight_unwind_files_found_total"] == 0
    metrics.assert_every_tick_is_accounted_for()


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ), "--unwind", "frame-pointers"))
