#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Add up what the test runs of `./dev test` found, and say which tests were skipped, and why.

Reads a folder with one file per run: VARIANT.json, Meson's log of tests (one JSON object a line),
or NAME.tap, the report of Node's test runner. An empty file stands for a run that broke.
VARIANT.second.json is the log of a second try of those tests that had failed: it counts in place of
the first, and what passed only then is named.
The last line printed is 'N passed, N failed, N skipped'; the exit status is 1 if one failed.
With --live-failures, print nothing but the names of the failed tests of a live host, if a second
try of them makes sense.
"""

import argparse
import json
import pathlib
import re
import sys

MAY_SKIP = pathlib.Path(__file__).with_name("may-skip")
OUTCOMES = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}

# The suites whose tests look at a live host. When more of them fail than other things of that host
# can explain, the first answer stands.
LIVE_SUITES = ("pilotlight:system / ", "pilotlight:browser / ")
MOST_LIVE_FAILURES = 4


def last_line(test):
    """The last thing that a test said: by custom the reason why it was skipped."""
    lines = (test.get("stdout", "") + test.get("stderr", "")).strip().splitlines()
    return lines[-1] if lines else "it gives no reason"


def read_meson_tests(path):
    """The tests of a Meson log, each with its outcome."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [
        (OUTCOMES.get(test["result"], "failed"), test["name"], test)
        for test in map(json.loads, lines)
    ]


def read_meson_log(path):
    """Yield (outcome, name, reason) for each test of a Meson run, and of its second try."""
    second = path.with_suffix(".second.json")
    passed_then = set()
    if second.exists():
        passed_then = {name for outcome, name, _ in read_meson_tests(second) if outcome == "passed"}
    for outcome, name, test in read_meson_tests(path):
        reason = "" if outcome == "passed" else last_line(test)
        if outcome == "failed" and name in passed_then:
            outcome, reason = "passed", f"only at the second try; at the first: {reason}"
        yield outcome, name.split(" / ")[-1], reason


def live_failures(path):
    """The names of the tests of a Meson run that are worth a second try."""
    names = [name for outcome, name, _ in read_meson_tests(path) if outcome == "failed"]
    live = [name.split(" / ")[-1] for name in names if name.startswith(LIVE_SUITES)]
    return live if len(live) <= MOST_LIVE_FAILURES else []


def read_tap(path):
    """Yield (outcome, name, reason) for each innermost test of a Node run."""
    text = path.read_text(encoding="utf-8", errors="replace")
    totals = {key: int(count) for key, count in re.findall(r"^# (\w+) (\d+)$", text, re.M)}
    for _ in range(totals.get("pass", 0)):
        yield "passed", path.stem, ""
    for _ in range(totals.get("fail", 0) + totals.get("cancelled", 0)):
        yield "failed", path.stem, "see its report above"
    for name, reason in re.findall(r"^ *ok \d+ - (.*?) # SKIP ?(.*)$", text, re.M):
        yield "skipped", name, reason


def read_results(folder):
    """Yield (run, outcome, name, reason) for every test of every run."""
    for path in sorted(folder.iterdir()):
        if path.name.endswith(".second.json"):
            continue
        if not path.stat().st_size:
            yield path.stem, "failed", "the build or the run itself", "see above"
            continue
        read = read_tap if path.suffix == ".tap" else read_meson_log
        for result in read(path):
            yield path.stem, *result


def read_may_skip():
    lines = MAY_SKIP.read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strict", action="store_true", help="only tests in may-skip may skip")
    parser.add_argument("--live-failures", type=pathlib.Path, metavar="LOG")
    parser.add_argument("folder", type=pathlib.Path, nargs="?")
    options = parser.parse_args()
    if options.live_failures:
        for name in live_failures(options.live_failures):
            print(name)
        return 0

    may_skip = read_may_skip()
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for run, outcome, name, reason in read_results(options.folder):
        if outcome == "skipped" and options.strict and name not in may_skip:
            outcome, reason = "failed", f"was skipped, but tests/may-skip does not name it: {reason}"
        counts[outcome] += 1
        if outcome != "passed" or reason:
            print(f"{outcome}: {run}: {name}: {reason}")
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
