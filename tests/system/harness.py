# SPDX-License-Identifier: Apache-2.0
"""System tests: how they are declared and run, and how they wait.

A test is a function whose name is a sentence. If it takes an argument, that is a daemon which all
such tests of its file share. A file runs all of its tests, or those that are named:

    test_names.py [NAME …]

Where things are, the environment says: PILOTLIGHT is the program, FIXTURES the folder of the built
fixtures, and RESULTS a folder for what a test leaves to people. Exits with 1 if a test failed,
else with 77 if one was skipped, after a last line that tells why.
"""

import inspect
import os
import pathlib
import sys
import time
import traceback

SOURCES = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("BUILD", SOURCES.parent / "build"))
PILOTLIGHT = pathlib.Path(os.environ.get("PILOTLIGHT", BUILD / "pilotlight"))
FIXTURES = pathlib.Path(os.environ.get("FIXTURES", BUILD / "tests/fixtures"))
RESULTS = pathlib.Path(os.environ.get("RESULTS", BUILD / "screenshots"))

EXIT_SKIPPED = 77

tests = {}


class Skip(Exception):
    """The test cannot run here; the text tells why."""


def test(function):
    """Declare a test."""
    tests[function.__name__] = function
    return function


def fixture(name):
    """The path of a built fixture."""
    path = FIXTURES / name
    if not path.exists():
        raise Skip(f"{path} was not built")
    return str(path)


def wait_for(condition, seconds, what):
    """Ask again and again until the answer is true, and return it; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited for {seconds} s in vain: {what}")
        time.sleep(0.05)  # between two questions, not in place of one


def require_root():
    """Skip unless this process may load BPF programs."""
    if os.geteuid() != 0:
        raise Skip("it must be run as root")
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        raise Skip("the kernel has no BTF")


def _run(name, arguments):
    """Run one test; return (outcome, what there is to say)."""
    try:
        tests[name](*arguments())
    except Skip as skip:
        return "skipped", str(skip)
    except Exception:  # whatever it is, the other tests still run
        return "FAILED", traceback.format_exc()
    return "ok", ""


def _run_all(names, share_daemon):
    """Run tests, and last the end of the daemon that they shared. Yield (name, outcome, text)."""
    shared = []

    def arguments_of(name):
        if not inspect.signature(tests[name]).parameters:
            return []
        if not shared:
            shared.append(share_daemon())
        return shared

    for name in names:
        start = time.monotonic()
        outcome, text = _run(name, lambda name=name: arguments_of(name))
        yield f"{name} ({time.monotonic() - start:.1f} s)", outcome, text
    if shared:
        tests["the_shared_daemon_ends_cleanly"] = shared[0].stop
        outcome, text = _run("the_shared_daemon_ends_cleanly", list)
        yield "the_shared_daemon_ends_cleanly", outcome, text
        if outcome == "FAILED" or os.environ.get("SHOW_LOG"):
            print(shared[0].log(), end="")


def main(share_daemon=None):
    """Run the tests of the file that calls this; `share_daemon` starts the one they share."""
    names = sys.argv[1:] or list(tests)
    unknown = [name for name in names if name not in tests]
    if unknown:
        sys.exit(f"{sys.argv[0]}: there is no test {unknown[0]}")
    failed, skipped = [], []
    for name, outcome, text in _run_all(names, share_daemon):
        print(f"{outcome}: {name}{': ' + text if text else ''}", flush=True)
        if outcome == "FAILED":
            failed.append(name)
        elif outcome == "skipped":
            skipped.append(text)
    if failed:
        print(f"{len(failed)} failed: {', '.join(failed)}")
        sys.exit(1)
    if skipped:
        print("; ".join(dict.fromkeys(skipped)))
        sys.exit(EXIT_SKIPPED)
