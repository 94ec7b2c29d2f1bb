#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser, in front of a live daemon and programs whose answer is known."""

import contextlib
import json
import shutil
import subprocess
import time

import processes
from daemon import Daemon
from harness import RESULTS, SOURCES, Skip, fixture, main, test, wait_for

BROWSER = SOURCES / "browser"
# Of each test: all of them, and the daemon's start, fit into what meson.build gives the file.
PATIENCE_S = 270
# The CPU time of the fixture's first thread, and of another program; and a step of a timeline of ten
# minutes.
PLAN_S = 3
OTHER_S = 2
STEP_S = 5


def run_in_browser(daemon, name, *arguments):
    """Run a test of tests/browser on the daemon's page."""
    for program in ("node", "chromium"):
        if not shutil.which(program):
            raise Skip(f"{program} is not installed")
    if not (BROWSER / name).exists() or not (BROWSER / "node_modules").is_dir():
        raise Skip("the page's test is not installed: run npm ci in tests/browser")
    run = subprocess.run(
        ["node", BROWSER / name, daemon.url, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    print(run.stdout, end="")
    assert run.returncode == 0, run.stdout + run.stderr


@contextlib.contextmanager
def at_work(daemon):
    """A fixture is at work, and has been seen."""
    load = processes.start(fixture("three_to_one"), str(PATIENCE_S))
    try:
        daemon.past_until('{comm="three_to_one"}', lambda p: p.has("spend_three_parts"))
        yield
    finally:
        load.kill()
        processes.finish(load)


@contextlib.contextmanager
def worked_to_plan(daemon):
    """A fixture that has worked to a plan; what tests/browser/plan_answers.mjs wants to know."""
    program = (*processes.FIRST, fixture("works_to_plan"))
    # Its names and unwind tables come with its first samples.
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    processes.run_fixture(*program, "0.1", **quiet)
    daemon.past_until('{comm="works_to_plan"}', lambda p: p.has("stoke") and p.has("__clone3"))
    before = time.time()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    load = processes.start(*program, str(PLAN_S), text=True, **pipes)
    phases = [line.split() for line in load.stdout]
    # Another service: it begins when all threads of the first are done.
    other = processes.run_fixture(*processes.FIRST, fixture("three_to_one"), str(OTHER_S))
    # Whole steps of the timeline, all of which are over.
    start = before // STEP_S * STEP_S
    end = (time.time() // STEP_S + 1) * STEP_S
    wait_for(lambda: time.time() > end, STEP_S + 5, "the step is over")
    query = f'{{pid="{load.pid}"}}'
    daemon.past_until(f'{{pid="{other.pid}"}}', lambda p: p.has("spend_three_parts"))
    daemon.past_settled(f'{{pid=~"{load.pid}|{other.pid}"}}')
    profile = daemon.profile("/api/v1/profile", query=query, **{"from": start, "to": end})
    yield {
        "pid": str(load.pid),
        "from": start,
        "to": end,
        "phases": [{"name": n, "start": float(s), "end": float(e)} for n, s, e in phases],
        "samples": profile.count(),
        "ns": sum(sample.values["cpu"] for sample in profile.samples),
        "services": {
            "works_to_plan": {"pid": load.pid, "seconds": processes.cpu_seconds(load.pid)},
            "three_to_one": {"pid": other.pid, "seconds": other.cpu_seconds},
        },
    }
    load.stdin.close()
    assert processes.finish(load).status == 0


@test
def the_page_shows_the_function_where_time_goes(daemon):
    RESULTS.mkdir(parents=True, exist_ok=True)
    with at_work(daemon):
        run_in_browser(daemon, "page.test.mjs", "spend_three_parts", RESULTS)
    pictures = list(RESULTS.glob("*.png"))
    assert pictures and all(picture.stat().st_size > 5000 for picture in pictures), pictures


@test
def the_page_shows_the_flame_graph_of_each_cell(daemon):
    with at_work(daemon):
        run_in_browser(daemon, "time.test.mjs")


@test
def each_view_has_the_numbers_of_what_was_planned(daemon):
    with worked_to_plan(daemon) as plan:
        run_in_browser(daemon, "live_views.test.mjs", json.dumps(plan))


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", "499", "--memory", "256M", "--source-dir", str(SOURCES)))
