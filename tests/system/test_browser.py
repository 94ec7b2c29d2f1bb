#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser, in front of a live daemon and a program whose answer is known."""

import shutil
import subprocess

import processes
from daemon import Daemon
from harness import RESULTS, SOURCES, Skip, fixture, main, test

PAGE_TEST = SOURCES / "browser/page.test.mjs"


@test
def the_page_shows_the_function_where_time_goes(daemon):
    for program in ("node", "chromium"):
        if not shutil.which(program):
            raise Skip(f"{program} is not installed")
    if not PAGE_TEST.exists() or not (PAGE_TEST.parent / "node_modules").is_dir():
        raise Skip("the page's test is not installed: run npm ci in tests/browser")
    RESULTS.mkdir(parents=True, exist_ok=True)
    load = processes.start(fixture("three_to_one"), "120")
    try:
        daemon.past_until('{comm="three_to_one"}', lambda p: p.has("spend_three_parts"))
        run = subprocess.run(
            ["node", PAGE_TEST, daemon.url, "spend_three_parts", RESULTS],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    finally:
        load.kill()
        processes.finish(load)
    print(run.stdout, end="")
    assert run.returncode == 0, run.stdout + run.stderr
    pictures = list(RESULTS.glob("*.png"))
    assert pictures and all(picture.stat().st_size > 5000 for picture in pictures), pictures


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", "499"))
