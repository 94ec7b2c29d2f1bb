#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Prometheus thinks of /metrics."""

import os
import shutil
import subprocess

import processes
from daemon import Daemon
from harness import Skip, fixture, main, test

TOOLS = os.path.join(os.path.dirname(os.environ.get("PILOTLIGHT", "")), "tools")


@test
def promtool_has_nothing_to_say(daemon):
    promtool = shutil.which("promtool") or shutil.which("promtool", path=TOOLS)
    if not promtool:
        raise Skip("promtool is not installed")
    processes.run_fixture(fixture("three_to_one"), "0.5")
    answer = daemon.get("/metrics")
    kind = answer.headers["content-type"]
    assert kind == "text/plain; version=0.0.4; charset=utf-8", kind
    run = subprocess.run(
        [promtool, "check", "metrics"], input=answer.body, capture_output=True, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    assert not run.stdout + run.stderr, (run.stdout + run.stderr).decode()


@test
def the_metrics_that_scripts_rely_on_are_there(daemon):
    metrics = daemon.metrics()
    for name in (
        "pilotlight_ticks_total",
        "pilotlight_ticks_idle_total",
        "pilotlight_samples_stored_total",
        "pilotlight_samples_in_flight",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    ):
        assert name in metrics, name
    for family in ("samples_dropped", "stacks", "frames", "role_restarts"):
        assert metrics.family(f"pilotlight_{family}_total"), family


if __name__ == "__main__":
    main(Daemon)
