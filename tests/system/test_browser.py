#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser, in front of a live daemon and a program whose answer is known."""

import shutil
import subprocess

import processes
from daemon import Daemon
from harness import RESULTS, SOURCES, Skip, fixture, main, test

BROWSER = SOURCES / "browser"
# Of each test: all of them, and the daemon's start, fit into what meson.build gives the file.
PATIENCE_S = 270


def run_in_browser(daemon, name, *arguments):
    """Run a test of tests/browser on the daemon's page, in which a fixture is at work."""
    for program in ("node", "chromium"):
        if not shutil.which(program):
            raise Skip(f"{program} is not installed")
    if not (BROWSER / name).exists() or not (BROWSER / "node_modules").is_dir():
        raise Skip("the page's test is not installed: run npm ci in tests/browser")
    load = processes.start(fixture("three_to_one"), str(PATIENCE_S))
    try:
        daemon.past_until('{comm="three_to_one"}', lambda p: p.has("spend_three_parts"))
        run = subprocess.run(
            ["node", BROWSER / name, daemon.url, *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    finally:
        load.kill()
        processes.finish(load)
    print(run.stdout, end="")
    assert run.returncode == 0, run.stdout + run.stderr


@test
def the_page_shows_the_function_where_time_goes(daemon):
    RESULTS.mkdir(parents=True, exist_ok=True)
    run_in_browser(daemon, "page.test.mjs", "spend_three_parts", RESULTS)
    pictures = list(RESULTS.glob("*.png"))
    assert pictures and all(picture.stat().st_size > 5000 for picture in pictures), pictures


@test
def the_page_shows_the_flame_graph_of_each_cell(daemon):
    run_in_browser(daemon, "time.test.mjs")


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", "499"))
