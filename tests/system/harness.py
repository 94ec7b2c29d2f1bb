# SPDX-License-Identifier: Apache-2.0
"""System tests: how they are declared and run, and how they wait.

A test is a function whose name is a sentence. If it takes an argument, that is a daemon which all
such tests of its file share. A file runs all of its tests, or those that are named:

    test_names.py [NAME …]

Where things are, the environment says: PILOTLIGHT is the program, FIXTURES the folder of the built
fixtures, and RESULTS a folder for what a test leaves to people. Exits with 1 if a test failed,
else with 77 if one was skipped, after a last line that tells why.
"""

import functools
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

# What one recording has compiled shall not be there already for the next.
os.environ["PILOTLIGHT_CACHE"] = "none"
os.environ.pop("DEBUGINFOD_URLS", None)

# How often a test of shares is tried: the host does other things too, and now and then much of it
# falls into one test. What is lost by a fault of ours is lost each time.
TRIES = 3

tests = {}
_seen = []


class Skip(Exception):
    """The test cannot run here; the text tells why."""


def test(function):
    """Declare a test."""
    tests[function.__name__] = function
    return function


def seen_once_a_try(function):
    """A cache of what several tests of shares judge, emptied when one of them is tried again."""
    _seen.append(functools.cache(function))
    return _seen[-1]


def test_of_shares(function):
    """Declare a test that judges how many of its samples are as they should be."""

    def try_again_and_again(*arguments):
        for number in range(1, TRIES):
            try:
                return function(*arguments)
            except AssertionError as error:
                print(f"again: {function.__name__} (try {number}): {error}", flush=True)
                for cache in _seen:
                    cache.cache_clear()
        return function(*arguments)

    tests[function.__name__] = functools.wraps(function)(try_again_and_again)
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


def _explain(error):
    """What went wrong, and which line of the test's file found it."""
    places = traceback.extract_tb(error.__traceback__)
    own = [place for place in places if place.filename == os.path.abspath(sys.argv[0])]
    where = "".join(f"\n    line {place.lineno}: {place.line}" for place in own[-2:])
    kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
    return f"{kind}{error}{where}"


def _run(function, *arguments):
    """Run one test; return (outcome, what there is to say)."""
    try:
        function(*arguments)
    except Skip as skip:
        return "skipped", str(skip)
    except Exception as error:  # whatever it is, the other tests still run
        return "FAILED", _explain(error)
    return "ok", ""


class _Shared:
    """The daemon that the tests of a file share: started for the first that wants it."""

    def __init__(self, start_daemon):
        self._start = start_daemon
        self._failure = None
        self.daemon = None

    def get(self):
        if self._failure:
            raise self._failure
        try:
            self.daemon = self.daemon or self._start()
        except Exception as error:
            self._failure = error
            raise
        return self.daemon


def _run_all(names, shared):
    """Run tests, and last the end of the daemon that they shared. Yield (name, outcome, text)."""
    for name in names:
        function = tests[name]
        if inspect.signature(function).parameters:
            yield name, *_run(lambda function=function: function(shared.get()))
        else:
            yield name, *_run(function)
    if shared.daemon:
        outcome, text = _run(shared.daemon.stop)
        yield "the_shared_daemon_ends_cleanly", outcome, text


def main(share_daemon=None):
    """Run the tests of the file that calls this; `share_daemon` starts the one they share."""
    names = sys.argv[1:] or list(tests)
    unknown = [name for name in names if name not in tests]
    if unknown:
        sys.exit(f"{sys.argv[0]}: there is no test {unknown[0]}")
    failed, skipped = [], []
    start = time.monotonic()
    shared = _Shared(share_daemon)
    for name, outcome, text in _run_all(names, shared):
        seconds, start = time.monotonic() - start, time.monotonic()
        print(f"{outcome}: {name} ({seconds:.1f} s){': ' + text if text else ''}", flush=True)
        if outcome == "FAILED":
            failed.append(name)
        elif outcome == "skipped":
            skipped.append(text)
    if failed and shared.daemon:
        print(shared.daemon.log(), end="")
    if failed:
        print(f"{len(failed)} failed: {', '.join(failed)}")
        sys.exit(1)
    if skipped:
        print("; ".join(dict.fromkeys(skipped)))
        sys.exit(EXIT_SKIPPED)
